/** What runs measured: stages, memory, past runs, the answer; and the problems that stand in the way. */
import { Tabs } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';
import { useProblems } from '#renderer/analysis/problems.ts';
import { Problems } from '#renderer/problems/problems.tsx';
import { shownRun, useRuns } from '#renderer/runs/run-store.ts';
import { showResults, useView, type ResultsTab } from '#renderer/view/view-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { AnswerSide } from '#renderer/results/answer/answer-side.tsx';
import { ExportMenu } from '#renderer/results/export/export-menu.tsx';
import { MemoryTab } from '#renderer/results/memory/memory-tab.tsx';
import { OperatorsTab } from '#renderer/results/operators/operators-tab.tsx';
import { RooflineTab } from '#renderer/results/roofline/roofline-tab.tsx';
import { RunsTab } from '#renderer/results/runs/runs-tab.tsx';
import { ShownElsewhere } from '#renderer/results/status/shown-elsewhere.tsx';
import { StagesTab } from '#renderer/results/stages/stages-tab.tsx';
import { RunStatusLine } from './run-status-line.tsx';
import styles from './results.module.css';

export function Results({ open }: { readonly open: OpenDocument }) {
  const tab = useView((view) => view.resultsTab);
  const run = useRuns((runs) => shownRun(runs, open.id));
  const latest = useRuns(({ runs }) => shownRun({ runs, shownId: null, comparedIds: [] }, open.id));
  const isElsewhere = run !== latest;
  const problemCount = useProblems(open.document).length;
  return (
    <div className={styles['results']}>
      <Tabs.Root
        className={styles['figures']}
        value={tab}
        onValueChange={(value: ResultsTab) => showResults(value)}
      >
        <div className={styles['head']} data-long={isElsewhere || undefined}>
          <Tabs.List className={styles['tabs']} aria-label="Results" activateOnFocus>
            <Tab value="stages">Stages</Tab>
            <Tab value="operators">Operators</Tab>
            <Tab value="roofline">Roofline</Tab>
            <Tab value="memory">Memory</Tab>
            <Tab value="runs">Runs</Tab>
            <Tab value="problems">
              Problems
              {problemCount > 0 && (
                <span className={`numbers ${styles['count']}`}>{problemCount}</span>
              )}
            </Tab>
          </Tabs.List>
          <div className={styles['status']}>
            {run && isElsewhere && (
              <ShownElsewhere open={open} run={run} hasLatest={latest !== null} />
            )}
            {run && tab !== 'runs' && tab !== 'problems' && (
              <RunStatusLine run={run} saysMachine={!isElsewhere} />
            )}
          </div>
          <div className={styles['export']}>
            {run && run.report.stages.length > 0 && <ExportMenu run={run} />}
          </div>
        </div>
        <Pane value="stages">
          <StagesTab open={open} run={run} />
        </Pane>
        <Pane value="operators">
          <OperatorsTab open={open} run={run} />
        </Pane>
        <Pane value="roofline">
          <RooflineTab open={open} run={run} />
        </Pane>
        <Pane value="memory">
          <MemoryTab open={open} run={run} />
        </Pane>
        <Pane value="runs">
          <RunsTab open={open} shown={run} />
        </Pane>
        <Pane value="problems">
          <Problems open={open} />
        </Pane>
      </Tabs.Root>
      <AnswerSide run={run} />
    </div>
  );
}

interface TabProps {
  readonly value: ResultsTab;
  readonly children: ReactNode;
}

function Tab({ value, children }: TabProps) {
  return (
    <Tabs.Tab value={value} className={styles['tab']}>
      {children}
    </Tabs.Tab>
  );
}

function Pane({ value, children }: TabProps) {
  return (
    <Tabs.Panel value={value} className={styles['pane']}>
      {children}
    </Tabs.Panel>
  );
}
