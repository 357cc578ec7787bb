/** One limit of the user: a number, or nothing. It belongs to this window and to no graph. */
import type { LimitName } from '#engine/contract/budget.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { limits } from '#engine/estimate/budget.ts';
import { parseNumber, writeNumber, type ParamOf } from '#renderer/inspector/fields/typed-number.ts';
import { useTyped } from '#renderer/inspector/fields/use-typed.ts';
import { TextField } from '#renderer/parts/text-field.tsx';
import { Unlabelled } from '#renderer/parts/unlabelled.tsx';
import { useView, view } from '#renderer/view/view-store.ts';
import styles from './limit-field.module.css';

/** What is typed, and how much of the limit's own unit one of it is. */
const units: Readonly<Record<LimitName, { readonly unit: string; readonly size: number }>> = {
  timeToFirstTokenMs: { unit: 'ms', size: 1 },
  decodeTokensPerSecond: { unit: 'tok/s', size: 1 },
  peakBytes: { unit: 'MB', size: 1e6 },
  parameters: { unit: 'M', size: 1e6 },
};

export const limitFields = Object.keys(units) as readonly LimitName[];

interface LimitFieldProps {
  readonly name: LimitName;
  readonly isBroken: boolean;
}

export function LimitField({ name, isBroken }: LimitFieldProps) {
  const { unit, size } = units[name];
  const { title, isLeast } = limits[name];
  const value = useView(({ budget }) => budget[name]);
  const shown = value === null ? null : value / size;
  const take = (next: number | null): void =>
    view.setState(({ budget }) => ({
      budget: { ...budget, [name]: next === null ? null : next * size },
    }));
  const typed = useTyped({
    key: `view.budget.${name}`,
    value: shown,
    written: writeNumber(shown),
    parse: (text) => parseLimit(title, text),
    take,
    settle: () => undefined,
    takeBack: () => undefined,
  });
  return (
    <Unlabelled name={`${isLeast ? 'Least' : 'Most'} ${title.toLowerCase()}, in ${unit}`}>
      {(ids) => (
        <>
          <TextField
            {...typed.input}
            ids={{ ...ids, describedBy: `${ids.controlId}-wrong` }}
            unit={unit}
            isFigure
            placeholder={isLeast ? 'at least' : 'at most'}
            inputMode="decimal"
            isWrong={isBroken || typed.reason !== null}
          />
          <span id={`${ids.controlId}-wrong`} className={styles['wrong']} aria-live="polite">
            {typed.reason}
          </span>
        </>
      )}
    </Unlabelled>
  );
}

function parseLimit(title: string, text: string): Outcome<number | null> {
  if (text.trim() === '') return ok(null);
  const param: ParamOf<'number'> = {
    kind: 'number',
    label: title,
    help: '',
    default: 1,
    min: 0.001,
    max: 1e9,
  };
  return parseNumber(param, text);
}
