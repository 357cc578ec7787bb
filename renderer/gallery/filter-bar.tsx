/** What narrows the presets and puts them in order: fields of one line above them. */
import { useId, useMemo } from 'react';
import { formatBytes } from '#engine/contract/format.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { presetGroups, type PresetGroup } from '#engine/contract/publication.ts';
import { byFamily } from '#engine/node/by-family.ts';
import { families } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { Select, type Option } from '#renderer/parts/select.tsx';
import { presetOrders, type PresetOrder, type PresetQuery } from './preset-query.ts';
import { useMachineMemory } from './presets.ts';
import styles from './filter-bar.module.css';

interface FilterBarProps {
  readonly presets: readonly PresetSummary[];
  readonly query: PresetQuery;
  readonly onChange: (change: Partial<PresetQuery>) => void;
}

/** Stands for no narrowing, as the value of a list has to be a text. */
const any = 'any';

export function FilterBar({ presets, query, onChange }: FilterBarProps) {
  const parts = useMemo(() => partOptions(presets), [presets]);
  const machineBytes = useMachineMemory();
  return (
    <div className={styles['bar']} role="group" aria-label="Narrow the presets">
      <Filter
        label="Field"
        narrows={query.group !== null}
        value={query.group ?? any}
        options={[
          { value: any, label: 'Whole field' },
          ...Object.entries(presetGroups).map(([value, label]) => ({ value, label })),
        ]}
        onChange={(group) => onChange({ group: group === any ? null : (group as PresetGroup) })}
      />
      <Filter
        label="Part"
        narrows={query.part !== null}
        value={query.part ?? any}
        options={[{ value: any, label: 'Any part' }, ...parts]}
        onChange={(part) => onChange({ part: part === any ? null : part })}
      />
      <Filter
        label="Memory"
        narrows={query.memoryBytes !== null}
        value={query.memoryBytes === null ? any : String(query.memoryBytes)}
        options={[{ value: any, label: 'Any memory' }, ...memoryOptions(machineBytes)]}
        onChange={(bytes) => onChange({ memoryBytes: bytes === any ? null : Number(bytes) })}
      />
      <Filter
        label="Order"
        value={query.order}
        options={Object.entries(presetOrders).map(([value, label]) => ({ value, label }))}
        onChange={(order) => onChange({ order: order as PresetOrder })}
      />
    </div>
  );
}

interface FilterProps {
  readonly label: string;
  /** Does it leave any out? */
  readonly narrows?: boolean;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
}

/** The list says what it holds; its name is for those who hear the page. */
function Filter({ label, narrows = false, ...select }: FilterProps) {
  const id = useId();
  const ids = { labelId: `${id}-label`, controlId: `${id}-control`, describedBy: '' };
  return (
    <div className={styles['filter']} data-narrows={narrows || undefined}>
      <label className="visually-hidden" id={ids.labelId} htmlFor={ids.controlId}>
        {label}
      </label>
      <Select ids={ids} placeholder={label} {...select} />
    </div>
  );
}

/** What the presets are made of, as the palette orders it; what every preset has says nothing. */
function partOptions(presets: readonly PresetSummary[]): readonly Option[] {
  const used = new Set(presets.flatMap(({ nodeTypes }) => nodeTypes));
  const definitions = Object.values(catalogue).filter(
    ({ type, family }) => used.has(type) && family !== 'input' && family !== 'output',
  );
  return byFamily(definitions).flatMap(({ family, definitions: inFamily }) =>
    inFamily.map(({ type, title }) => ({
      value: type,
      label: title,
      about: families[family].title,
    })),
  );
}

const memorySizes = [1, 2, 4, 8, 16, 32].map((gigabytes) => gigabytes * 1e9);

function memoryOptions(machineBytes: number | null): readonly Option[] {
  const sizes = memorySizes.map((bytes) => ({
    value: String(bytes),
    label: `Fits ${formatBytes(bytes)}`,
  }));
  if (machineBytes === null) return sizes;
  const here = { value: String(machineBytes), label: `Fits here: ${formatBytes(machineBytes)}` };
  return [here, ...sizes];
}
