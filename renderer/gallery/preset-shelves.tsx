/** The presets that are meant: by the groups of the field, or in one line. */
import { useState } from 'react';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { presetGroups, type PresetGroup } from '#engine/contract/publication.ts';
import { catalogue } from '#nodes/index.ts';
import { showOverlay } from '#renderer/overlay/overlay.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Filter } from './filter.tsx';
import { FilterBar } from './filter-bar.tsx';
import { PresetCard } from './preset-card.tsx';
import {
  everyPreset,
  groupOf,
  presetOrders,
  queryPresets,
  type PresetOrder,
  type PresetQuery,
} from './preset-query.ts';
import styles from './gallery.module.css';

interface PresetShelvesProps {
  readonly presets: readonly PresetSummary[];
  readonly query: PresetQuery;
  readonly onChange: (change: Partial<PresetQuery>) => void;
}

export function PresetShelves({ presets, query, onChange }: PresetShelvesProps) {
  const found = queryPresets(presets, query, catalogue);
  const [compared, setCompared] = useState<string | null>(null);
  const comparing: Comparing = {
    compared,
    onCompare(id) {
      if (compared === null) return setCompared(id);
      setCompared(null);
      if (compared !== id) showOverlay({ kind: 'compare-presets', ids: [compared, id] });
    },
  };
  const held = presets.find(({ id }) => id === compared);
  return (
    <>
      <FilterBar {...{ presets, query, onChange }} />
      <div className={styles['line']}>
        <p className={styles['count']} role="status">
          {held
            ? `Choose another preset to hold against ${held.title}.`
            : countText(found.length, presets.length)}
        </p>
        <Filter
          label="Order"
          value={query.order}
          options={orderOptions}
          onChange={(order) => onChange({ order: order as PresetOrder })}
        />
      </div>
      {found.length === 0 ? (
        <div className={styles['noneFound']}>
          <p>{noneText(query)}</p>
          <Button onClick={() => onChange({ ...everyPreset, order: query.order })}>
            Show all presets
          </Button>
        </div>
      ) : query.order === 'group' ? (
        Object.entries(presetGroups).map(([group, title]) => (
          <Shelf
            key={group}
            group={group as PresetGroup}
            title={title}
            presets={found.filter((preset) => groupOf(preset) === group)}
            {...comparing}
          />
        ))
      ) : (
        <Cards presets={found} {...comparing} />
      )}
    </>
  );
}

const orderOptions = Object.entries(presetOrders).map(([value, label]) => ({ value, label }));

const countText = (found: number, all: number): string =>
  found === all ? `${all} presets` : `${found} of ${all} presets`;

function noneText({ typed }: PresetQuery): string {
  const words = typed.trim();
  return words === ''
    ? 'No preset is like what is chosen above.'
    : `No preset speaks of “${words}” and is like what is chosen above.`;
}

/** Which preset another is to be held against, and what is done where one is chosen for it. */
interface Comparing {
  readonly compared: string | null;
  readonly onCompare: (id: string) => void;
}

interface CardsProps extends Comparing {
  readonly presets: readonly PresetSummary[];
}

interface ShelfProps extends CardsProps {
  readonly group: PresetGroup;
  readonly title: string;
}

function Shelf({ group, title, ...cards }: ShelfProps) {
  if (cards.presets.length === 0) return null;
  return (
    <section className={styles['shelf']} aria-labelledby={`group-${group}`}>
      <h2 className={styles['shelfTitle']} id={`group-${group}`}>
        {title}
        <span className={styles['shelfCount']}>{cards.presets.length}</span>
      </h2>
      <Cards {...cards} />
    </section>
  );
}

function Cards({ presets, compared, onCompare }: CardsProps) {
  return (
    <ul className={styles['grid']}>
      {presets.map((preset) => (
        <li key={preset.id}>
          <PresetCard
            preset={preset}
            isCompared={compared === preset.id}
            onCompare={() => onCompare(preset.id)}
          />
        </li>
      ))}
    </ul>
  );
}
