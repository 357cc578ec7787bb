/** What narrows the presets: fields of one line above them. */
import { useMemo } from 'react';
import { formatBytes } from '#engine/contract/format.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { presetGroups, type PresetGroup } from '#engine/contract/publication.ts';
import { describedMachines } from '#engine/estimate/described-machines.ts';
import { byFamily } from '#engine/node/by-family.ts';
import { families } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import type { Option } from '#renderer/parts/select.tsx';
import { Filter } from './filter.tsx';
import { languageFamilyOf, type PresetQuery } from './preset-query.ts';
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
  const languageFamilies = useMemo(() => languageOptions(presets), [presets]);
  const machineBytes = useMachineMemory();
  const memories = useMemo(() => memoriesBeside(machineBytes), [machineBytes]);
  const { group, part, languageFamily, mostParameters, mostTokens, memory } = query;
  return (
    <div className={styles['bar']} role="group" aria-label="Narrow the presets">
      <Narrowing
        label="Field"
        every="Whole field"
        chosen={group}
        options={groupOptions}
        onChoose={(value) => onChange({ group: value as PresetGroup | null })}
      />
      <Narrowing
        label="Part"
        every="Any part"
        chosen={part}
        options={parts}
        onChoose={(value) => onChange({ part: value })}
      />
      <Narrowing
        label="Language model"
        every="Any model"
        chosen={languageFamily}
        options={languageFamilies}
        onChoose={(value) => onChange({ languageFamily: value })}
      />
      <Narrowing
        label="Parameters"
        every="Any size"
        chosen={mostParameters}
        options={parameterLimits}
        onChoose={(value) => onChange({ mostParameters: limitOf(value) })}
      />
      <Narrowing
        label="Visual tokens"
        every="Any tokens"
        chosen={mostTokens}
        options={tokenLimits}
        onChoose={(value) => onChange({ mostTokens: limitOf(value) })}
      />
      <Narrowing
        label="Memory"
        every="Any memory"
        chosen={memory?.value ?? null}
        options={memories}
        onChoose={(value) =>
          onChange({ memory: memories.find((each) => each.value === value) ?? null })
        }
      />
    </div>
  );
}

const limitOf = (value: string | null): number | null => (value === null ? null : Number(value));

interface NarrowingProps {
  readonly label: string;
  /** The entry that leaves none out. */
  readonly every: string;
  readonly chosen: string | number | null;
  readonly options: readonly Option[];
  readonly onChoose: (value: string | null) => void;
}

function Narrowing({ label, every, chosen, options, onChoose }: NarrowingProps) {
  return (
    <Filter
      label={label}
      narrows={chosen !== null}
      value={chosen === null ? any : String(chosen)}
      options={[{ value: any, label: every }, ...options]}
      onChange={(value) => onChoose(value === any ? null : value)}
    />
  );
}

const groupOptions = Object.entries(presetGroups).map(([value, label]) => ({ value, label }));

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

function languageOptions(presets: readonly PresetSummary[]): readonly Option[] {
  const named = presets.flatMap((preset) => languageFamilyOf(preset) ?? []);
  return [...new Set(named)].toSorted().map((family) => ({ value: family, label: family }));
}

const parameterLimits: readonly Option[] = [0.5, 1, 2, 3, 4, 8, 16].map((billions) => ({
  value: String(billions * 1e9),
  label: `Up to ${billions} B`,
}));

const tokenLimits: readonly Option[] = [64, 144, 256, 576, 1024].map((tokens) => ({
  value: String(tokens),
  label: `Up to ${tokens} tokens`,
}));

/** A memory that may be chosen, as an entry of the list. */
interface Memory extends Option {
  readonly bytes: number;
}

const memoryOf = (value: string, bytes: number, label: string): Memory => ({ value, bytes, label });

/** This machine's where it is known, sizes, and machines that are not here. */
function memoriesBeside(machineBytes: number | null): readonly Memory[] {
  const here =
    machineBytes === null
      ? []
      : [memoryOf('here', machineBytes, `Fits here: ${formatBytes(machineBytes)}`)];
  const sizes = [1, 2, 4, 8, 16, 32].map((gigabytes) => {
    const bytes = gigabytes * 1e9;
    return memoryOf(`${gigabytes} GB`, bytes, `Fits ${formatBytes(bytes)}`);
  });
  const described = Object.entries(describedMachines).map(([id, { title, memoryBytes }]) =>
    memoryOf(id, memoryBytes, `Fits ${title}`),
  );
  return [...here, ...sizes, ...described];
}
