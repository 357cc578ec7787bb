/** The operators of one stage in two runs, put together alike, the largest difference first. */
import { useState } from 'react';
import { formatMilliseconds } from '#engine/contract/format.ts';
import type { Report } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import {
  compareOperators,
  type OperatorDifference,
  type RowOperators,
} from '#engine/profile/compare-operators.ts';
import type { Grouping } from '#engine/profile/group-operators.ts';
import { Select } from '#renderer/parts/select.tsx';
import { Unlabelled } from '#renderer/parts/unlabelled.tsx';
import { formatDifference, formatTimes } from '#engine/profile/format-ratio.ts';
import table from '#renderer/results/figures/figures-table.module.css';
import { GroupingChoice } from '#renderer/results/operators/grouping-choice.tsx';
import { costliest, type OperatorRow } from '#renderer/results/operators/profiled-rows.ts';
import { operatorPairs, unpairedSentence, type OperatorPair } from './operator-pairs.ts';
import styles from './operator-comparison.module.css';

interface OperatorComparisonProps {
  readonly a: Report;
  readonly b: Report;
}

export function OperatorComparison({ a, b }: OperatorComparisonProps) {
  const pairs = operatorPairs(a, b);
  return (
    <section className={styles['operators']} aria-label="Operators of both runs">
      <h3 className={styles['title']}>Operators</h3>
      {pairs.length > 0 ? (
        <Pairs pairs={pairs} />
      ) : (
        <p className={styles['none']}>{unpairedSentence(a, b)}</p>
      )}
    </section>
  );
}

function Pairs({ pairs }: { readonly pairs: readonly OperatorPair[] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [by, setBy] = useState<Grouping>('kind');
  const first = costliest(pairs.map(({ a }) => a));
  const pair = pairs.find(({ a }) => a.stage.id === chosen) ?? pairs.find(({ a }) => a === first);
  if (!pair) return null;
  return (
    <>
      <div className={styles['controls']}>
        <div className={styles['stage']}>
          <Unlabelled name="Stage">
            {(ids) => (
              <Select
                ids={ids}
                placeholder="Stage"
                value={pair.a.stage.id}
                options={pairs.map((each) => ({
                  value: each.a.stage.id,
                  label: pairTitle(each),
                  about: `A ${passTime(each.a)}, B ${passTime(each.b)}`,
                }))}
                onChange={setChosen}
              />
            )}
          </Unlabelled>
        </div>
        <GroupingChoice by={by} onChange={setBy} />
      </div>
      <DifferenceTable pair={pair} by={by} />
    </>
  );
}

const passTime = ({ stage }: OperatorRow): string => formatMilliseconds(stage.latencyMs.median);

function pairTitle({ a, b }: OperatorPair): string {
  const titles = new Set([rowTitle(a.stage), rowTitle(b.stage)]);
  return [...titles].join(' → ');
}

function DifferenceTable({ pair, by }: { readonly pair: OperatorPair; readonly by: Grouping }) {
  const number = `${table['number']} ${styles['number']}`;
  return (
    <table className={table['table']}>
      <caption className="visually-hidden">
        Operators of {pairTitle(pair)} in A beside those in B
      </caption>
      <thead>
        <tr>
          <th scope="col">{by}</th>
          {['A', 'B', 'B by A', 'B − A'].map((title) => (
            <th key={title} scope="col" className={number}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {compareOperators(ofPass(pair.a), ofPass(pair.b), by).map((difference) => (
          <DifferenceRow key={difference.title} difference={difference} />
        ))}
      </tbody>
    </table>
  );
}

const ofPass = ({ stage, operators }: OperatorRow): RowOperators => ({
  operators,
  latencyMs: stage.latencyMs.median,
});

function DifferenceRow({
  difference: { title, aMs, bMs, ratio, differenceMs },
}: {
  readonly difference: OperatorDifference;
}) {
  return (
    <tr>
      <th scope="row" className={styles['name']} title={title}>
        {title}
      </th>
      <td className={table['number']}>{aMs === null ? '' : formatMilliseconds(aMs)}</td>
      <td className={table['number']}>{bMs === null ? '' : formatMilliseconds(bMs)}</td>
      <td className={table['number']}>{againstText({ aMs, bMs, ratio })}</td>
      <td className={table['number']}>{formatDifference(differenceMs, formatMilliseconds)}</td>
    </tr>
  );
}

function againstText({
  aMs,
  bMs,
  ratio,
}: Pick<OperatorDifference, 'aMs' | 'bMs' | 'ratio'>): string {
  if (aMs === null) return 'only in B';
  if (bMs === null) return 'only in A';
  return ratio === null ? '–' : formatTimes(ratio);
}
