/** A graph as a small drawing. */
import { useMemo } from 'react';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Family } from '#engine/node/node-definition.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { cardWidthPx } from '#renderer/canvas/card/card-geometry.ts';
import { projectModels } from '#renderer/canvas/flow/projection.ts';
import { thumbnailOf } from './thumbnail.ts';
import styles from './graph-picture.module.css';

export function GraphPicture({ document }: { readonly document: GraphDocument }) {
  const { viewBox, cards, wires } = useMemo(() => {
    const checked = checkedGraph(document);
    return thumbnailOf(projectModels({ checked, problems: [], estimate: null }), document.layout);
  }, [document]);
  return (
    <svg className={styles['picture']} viewBox={viewBox} aria-hidden>
      {wires.map(({ id, path, family, look }) => (
        <path key={id} d={path} className={styles['wire']} data-look={look} stroke={hue(family)} />
      ))}
      {cards.map(({ id, x, y, height, family }) => (
        <g key={id} style={{ color: hue(family) }}>
          <rect
            className={styles['card']}
            x={x}
            y={y}
            width={cardWidthPx}
            height={height}
            rx={14}
          />
          <rect className={styles['title']} x={x + 22} y={y + 24} width={84} height={14} rx={7} />
        </g>
      ))}
    </svg>
  );
}

const hue = (family: Family | null): string => `var(--${family ?? 'third-ink'})`;
