/** What single operators of the shown run cost: a flame chart of one row, and its operators put together. */
import { useState } from 'react';
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { groupOperators, type Grouping } from '#engine/profile/group-operators.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Select } from '#renderer/parts/select.tsx';
import { TextField } from '#renderer/parts/text-field.tsx';
import { Unlabelled } from '#renderer/parts/unlabelled.tsx';
import { isOver } from '#renderer/runs/live-run.ts';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import { startRun } from '#renderer/runs/start-run.ts';
import { formatPercent } from '#engine/profile/format-ratio.ts';
import table from '#renderer/results/figures/figures-table.module.css';
import { NoRun } from '#renderer/results/status/no-run.tsx';
import noRun from '#renderer/results/status/no-run.module.css';
import { RunFailure } from '#renderer/results/status/run-failure.tsx';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { FlameChart } from './flame-chart.tsx';
import { GroupingChoice } from './grouping-choice.tsx';
import { operatorClasses } from './operator-classes.ts';
import { costliest, profiledRows, type OperatorRow } from './profiled-rows.ts';
import { useChosenRow } from './use-chosen-row.ts';
import styles from './operators-tab.module.css';

interface OperatorsTabProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun | null;
}

export function OperatorsTab({ open, run }: OperatorsTabProps) {
  if (!run) return <NoRun open={open} />;
  const { operators } = run.report;
  return (
    <>
      <RunFailure open={open} run={run} />
      {operators.length > 0 ? <Profile open={open} run={run} /> : <NotProfiled run={run} />}
    </>
  );
}

function NotProfiled({ run }: { readonly run: FollowedRun }) {
  return (
    <div className={noRun['none']}>
      <h3>Operators have not been looked into</h3>
      <p>
        A profiled run times its passes as always, then makes some more under ONNX Runtime’s
        profiler and shows what every operator of every stage costs.
      </p>
      <Button disabled={!isOver(run.live)} onClick={() => void startRun(run.until, true)}>
        Run with the profiler
      </Button>
    </div>
  );
}

function Profile({ open, run }: { readonly open: OpenDocument; readonly run: FollowedRun }) {
  const rows = profiledRows(run.report);
  const [chosen, setChosen] = useChosenRow(
    rows,
    run.documentId === open.id ? open.selection : null,
  );
  const [by, setBy] = useState<Grouping>('kind');
  const [searched, setSearched] = useState('');
  const row = rows.find(({ stage }) => stage.id === chosen) ?? costliest(rows);
  if (!row) return null;
  const { stage, operators } = row;
  return (
    <div className={styles['profile']}>
      <div className={styles['controls']}>
        <div className={styles['row']}>
          <Unlabelled name="Stage">
            {(ids) => (
              <Select
                ids={ids}
                placeholder="Stage"
                value={stage.id}
                options={rows.map((each) => ({
                  value: each.stage.id,
                  label: rowTitle(each.stage),
                  about: formatMilliseconds(each.stage.latencyMs.median),
                }))}
                onChange={setChosen}
              />
            )}
          </Unlabelled>
        </div>
        <div className={styles['search']}>
          <Unlabelled name="Find operators">
            {(ids) => (
              <TextField
                ids={ids}
                placeholder="Find: layers.3, MatMul"
                value={searched}
                onChange={({ target }) => setSearched(target.value)}
              />
            )}
          </Unlabelled>
        </div>
        <Legend />
      </div>
      <FlameChart
        key={stage.id}
        title={rowTitle(stage)}
        operators={operators}
        latencyMs={stage.latencyMs.median}
        searched={searched}
      />
      <GroupingChoice by={by} onChange={setBy} />
      <OperatorTable row={row} by={by} />
    </div>
  );
}

function Legend() {
  return (
    <span className={styles['legend']} aria-hidden>
      {Object.values(operatorClasses).map(({ title, hue }) => (
        <span key={title} className={styles['class']}>
          <span className={styles['swatch']} style={{ background: hue }} />
          {title}
        </span>
      ))}
    </span>
  );
}

function OperatorTable({
  row: { stage, operators },
  by,
}: {
  readonly row: OperatorRow;
  readonly by: Grouping;
}) {
  const number = `${table['number']} ${styles['number']}`;
  return (
    <table className={table['table']}>
      <caption className="visually-hidden">Operators of {rowTitle(stage)}</caption>
      <thead>
        <tr>
          <th scope="col">{by}</th>
          {['calls', 'time', 'share', 'in, out'].map((title) => (
            <th key={title} scope="col" className={number}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {groupOperators(operators, by, stage.latencyMs.median).map(
          ({ title, calls, latencyMs, share, bytes }) => (
            <tr key={title}>
              <th scope="row" className={styles['title']} title={title}>
                {title}
              </th>
              <td className={table['number']}>{calls}</td>
              <td className={table['number']}>{formatMilliseconds(latencyMs)}</td>
              <td className={table['number']}>{formatPercent(share)}</td>
              <td className={table['number']}>{formatBytes(bytes)}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
