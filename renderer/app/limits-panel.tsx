/** For which machine the graph is estimated, what it takes there, and the limits that its user sets. */
import type { ReactNode } from 'react';
import type { LimitName } from '#engine/contract/budget.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { factorText, limits, type Breach, type Estimates } from '#engine/estimate/budget.ts';
import { describedMachines } from '#engine/estimate/described-machines.ts';
import { fitText, memoryFit } from '#engine/estimate/memory-fit.ts';
import { heaviestText } from '#engine/profile/heaviest-text.ts';
import type { Target } from '#renderer/analysis/target-machine.ts';
import { Field } from '#renderer/parts/field.tsx';
import { Select } from '#renderer/parts/select.tsx';
import { Measuring } from '#renderer/results/roofline/calibration-panel.tsx';
import { useView, view } from '#renderer/view/view-store.ts';
import { LimitField, limitFields } from './limit-field.tsx';
import { MachineSources } from './machine-sources.tsx';
import { MemoryChanges } from './memory-changes.tsx';
import styles from './limits-panel.module.css';

interface LimitsPanelProps {
  readonly document: GraphDocument;
  readonly estimates: Estimates;
  readonly target: Target;
  /** Null as long as it is not known. */
  readonly memoryBytes: number | null;
  readonly breaches: readonly Breach[];
}

export function LimitsPanel(props: LimitsPanelProps) {
  const { document, estimates, target, memoryBytes, breaches } = props;
  const fit = memoryBytes === null ? null : memoryFit(estimates.graph, memoryBytes);
  return (
    <div className={styles['panel']}>
      <MachineField target={target} />
      <table className={styles['limits']}>
        <thead>
          <tr>
            <td />
            <th scope="col">estimate</th>
            <th scope="col">limit</th>
          </tr>
        </thead>
        <tbody>
          {limitFields.map((name) => (
            <LimitRow
              key={name}
              name={name}
              estimates={estimates}
              breach={breaches.find(({ limit }) => limit === name)}
            />
          ))}
        </tbody>
      </table>
      {target.rates === null && <Unmeasured />}
      {fit && (
        <section className={styles['section']} aria-label="Memory of the machine">
          <p className={fit.fits ? styles['quiet'] : styles['wrong']}>{fitText(fit)}</p>
          {!fit.fits && <MemoryChanges document={document} memoryBytes={fit.memoryBytes} />}
        </section>
      )}
      {target.described && <MachineSources machine={target.described} />}
    </div>
  );
}

/** Stands for this machine, as the value of a list has to be a text. */
const here = 'here';

function MachineField({ target: { described } }: { readonly target: Target }) {
  const id = useView(({ machine }) => machine);
  return (
    <Field
      label="Estimate for"
      note={
        described
          ? `Estimate for ${described.title}, from what is published of it, as if ONNX Runtime were as efficient there as here.`
          : undefined
      }
    >
      {(ids) => (
        <Select
          ids={ids}
          placeholder="This machine"
          value={described ? id : here}
          options={machineOptions}
          onChange={(value) => view.setState({ machine: value === here ? null : value })}
        />
      )}
    </Field>
  );
}

const machineOptions = [
  { value: here, label: 'This machine' },
  ...Object.entries(describedMachines).map(([value, machine]) => ({
    value,
    label: machine.title,
    about: `described · reads up to ${formatBytes(machine.memoryBytesPerSecond)}/s`,
  })),
];

interface LimitRowProps {
  readonly name: LimitName;
  readonly estimates: Estimates;
  readonly breach: Breach | undefined;
}

function LimitRow({ name, estimates, breach }: LimitRowProps) {
  const { title, format, estimate } = limits[name];
  const estimated = estimate(estimates);
  return (
    <>
      <tr data-broken={breach !== undefined || undefined}>
        <th scope="row">{title}</th>
        <td className="numbers">{estimated === null ? '–' : format(estimated)}</td>
        <td>
          <LimitField name={name} isBroken={breach !== undefined} />
        </td>
      </tr>
      {breach && (
        <tr className={styles['breach']}>
          <td colSpan={3}>
            <BreachSentence breach={breach} />
          </td>
        </tr>
      )}
    </>
  );
}

/** What is estimated and what is allowed stand above it. */
function BreachSentence({ breach }: { readonly breach: Breach }): ReactNode {
  const { limit, by } = breach;
  const { isLeast, format } = limits[limit];
  return `${format(by)} ${isLeast ? 'under' : 'over'} (${factorText(breach)})${heaviestText(breach)}.`;
}

function Unmeasured() {
  return (
    <section className={styles['section']} aria-label="Speed of this machine">
      <p className={styles['quiet']}>
        How fast this machine is has not been measured, so times are not estimated yet.
      </p>
      <Measuring title="Measure this machine (about a minute)" isQuiet />
    </section>
  );
}
