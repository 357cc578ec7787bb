/** What a node did to what it was given to see: its views in their places, and the counts in words. */
import type { ReactNode } from 'react';
import type { Showing, ShownView } from '#engine/contract/showing.ts';
import { hasLinks, legendWords, showingWords, viewWords } from './showing-words.ts';
import { ExpertBars } from './expert-bars.tsx';
import { ShownViewPicture } from './shown-view.tsx';
import { viewGroups, type ViewGroup } from './view-groups.ts';
import styles from './shown-picture.module.css';

interface ShownPictureProps {
  readonly showing: Showing;
  readonly isSmall?: boolean;
}

export function ShownPicture({ showing, isSmall = false }: ShownPictureProps) {
  const words = showingWords(showing);
  const legend = legendWords(showing);
  const draw = (view: ShownView) => (
    <ShownViewPicture
      view={view}
      kind={showing.kind}
      words={showing.views.length === 1 ? words : viewWords(showing, view)}
      isSmall={isSmall}
      isDense={!hasLinks(showing)}
    />
  );
  return (
    <figure className={styles['shown']} data-small={isSmall || undefined}>
      {showing.loads && <ExpertBars loads={showing.loads} />}
      <div className={styles['groups']}>
        {viewGroups(showing).map((group, index) => (
          <Group key={index} group={group} draw={draw} />
        ))}
      </div>
      <figcaption className={styles['words']}>
        {isSmall && <span className={styles['title']}>{showing.title}</span>}
        {sentence(words)}
        {!isSmall && legend !== null && <span className={styles['legend']}>{legend}</span>}
      </figcaption>
    </figure>
  );
}

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;

interface GroupProps {
  readonly group: ViewGroup;
  readonly draw: (view: ShownView) => ReactNode;
}

function Group({ group: { wholes, tiles, columns, rows }, draw }: GroupProps) {
  return (
    <div className={styles['group']} data-count={wholes.length > 1 ? 'several' : 'one'}>
      {tiles.length > 0 && (
        <ul
          className={styles['tiles']}
          style={{ gridTemplateColumns: `repeat(${columns ?? 1}, minmax(0, 1fr))` }}
          aria-label={`${rows} × ${columns} ${tiles[0]?.role ?? 'tile'}s`}
        >
          {tiles.map((view) => (
            <li
              key={`${view.row} ${view.column}`}
              style={{ gridRow: view.row + 1, gridColumn: view.column + 1 }}
            >
              {draw(view)}
            </li>
          ))}
        </ul>
      )}
      {wholes.length > 0 && (
        <ul className={styles['wholes']}>
          {wholes.map((view, index) => (
            <li key={index}>{draw(view)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
