/** What the stages of the shown run reach of what this machine gives, and what bounds each. */
import { useEffect, useMemo, useState } from 'react';
import type { Calibration } from '#engine/contract/calibration.ts';
import { formatBytes, formatOperations, formatRate } from '#engine/contract/format.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { boundSentence } from '#engine/profile/bound-sentence.ts';
import { operatorPoints, stagePoints, type StagePoint } from '#engine/profile/roofline.ts';
import { fileDate } from '#renderer/files/file-date.ts';
import { Select } from '#renderer/parts/select.tsx';
import { Unlabelled } from '#renderer/parts/unlabelled.tsx';
import { StageName, hueOf } from '#renderer/results/figures/stage-name.tsx';
import { costliest } from '#renderer/results/operators/profiled-rows.ts';
import { NoRun } from '#renderer/results/status/no-run.tsx';
import { RunFailure } from '#renderer/results/status/run-failure.tsx';
import { isOver } from '#renderer/runs/live-run.ts';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { CalibrationPanel, Measuring } from './calibration-panel.tsx';
import { lookForCalibration, useCalibration } from '#renderer/analysis/calibration-store.ts';
import { operatorPointWords, pointWords } from './point-words.ts';
import { RooflineChart, type DrawnPoint } from './roofline-chart.tsx';
import styles from './roofline-tab.module.css';

interface RooflineTabProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun | null;
}

export function RooflineTab({ open, run }: RooflineTabProps) {
  const { calibration } = useCalibration();
  useEffect(() => void lookForCalibration(), []);
  if (!run) return <NoRun open={open} />;
  return (
    <>
      <RunFailure open={open} run={run} />
      {calibration === null && <CalibrationPanel />}
      {calibration && <Roofline open={open} run={run} calibration={calibration} />}
    </>
  );
}

interface RooflineProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun;
  readonly calibration: Calibration;
}

function Roofline({ open, run, calibration }: RooflineProps) {
  const { report } = run;
  const [chosen, setChosen] = useState<string | null>(null);
  const stages = useMemo(() => stagePoints(report, calibration), [report, calibration]);
  const profiled = stages.filter((point) => point.costliest !== null);
  const looked = profiled.find(({ id }) => id === chosen) ?? costliest(profiled);
  const drawn = useMemo(
    () => drawnPoints(stages, looked, report, calibration),
    [stages, looked, report, calibration],
  );
  return (
    <div className={styles['roofline']}>
      {profiled.length > 0 && (
        <div className={styles['controls']}>
          <span>Small points are operators of</span>
          <div className={styles['row']}>
            <Unlabelled name="Stage whose operators are shown">
              {(ids) => (
                <Select
                  ids={ids}
                  placeholder="Stage"
                  value={looked?.id ?? ''}
                  options={profiled.map(({ id, stage }) => ({ value: id, label: rowTitle(stage) }))}
                  onChange={setChosen}
                />
              )}
            </Unlabelled>
          </div>
        </div>
      )}
      {stages.length === 0 ? (
        <p className={styles['none']}>
          {isOver(run.live)
            ? 'No stage of this run multiplies anything by weights, so none has a place under a roof.'
            : 'No stage of this run has been timed yet.'}
        </p>
      ) : (
        <div className={styles['both']}>
          <RooflineChart title={run.graph} points={drawn} rates={calibration} />
          <BoundList open={open} run={run} stages={stages} calibration={calibration} />
        </div>
      )}
      <Rates calibration={calibration} />
    </div>
  );
}

function drawnPoints(
  stages: readonly StagePoint[],
  looked: StagePoint | undefined,
  report: FollowedRun['report'],
  calibration: Calibration,
): readonly DrawnPoint[] {
  const ofStages = stages.map((point): DrawnPoint => {
    const hue = hueOf(point.stage.type);
    return { key: `stage ${point.id}`, point, kind: 'stage', hue, words: pointWords(point) };
  });
  if (!looked) return ofStages;
  const hue = hueOf(looked.stage.type);
  const ofOperators = operatorPoints(looked, report, calibration).map((point): DrawnPoint => {
    const words = operatorPointWords(point);
    return { key: `operator ${point.id}`, point, kind: 'operator', hue, words };
  });
  return [...ofStages, ...ofOperators];
}

function BoundList({
  open,
  run,
  stages,
  calibration,
}: RooflineProps & { readonly stages: readonly StagePoint[] }) {
  const nodes = run.documentId === open.id ? open.document.nodes : {};
  return (
    <ul className={styles['list']} aria-label="What bounds the stages">
      {stages.map((point) => {
        const { node, type, title, phase } = point.stage;
        const isThere = Object.hasOwn(nodes, node);
        return (
          <li key={point.id}>
            <StageName node={node} type={type} title={title} phase={phase} isThere={isThere} />
            <p>{boundSentence(point, calibration)}</p>
          </li>
        );
      })}
    </ul>
  );
}

/** What the roofs are made of, and the way to measure them again. */
function Rates({ calibration }: { readonly calibration: Calibration }) {
  const { matrixFlopsPerSecond, memoryBytesPerSecond, launchMicroseconds, measuredAt } =
    calibration;
  const facts = [
    ...Object.entries(matrixFlopsPerSecond).map(
      ([precision, rate]) => `${precision} ${formatOperations(rate)}/s`,
    ),
    `memory ${formatBytes(memoryBytesPerSecond)}/s`,
    `an operator ${formatRate(launchMicroseconds)}\u2009µs`,
  ];
  return (
    <div className={styles['rates']}>
      <p>
        This machine, measured <time dateTime={measuredAt}>{fileDate(measuredAt)}</time>:{' '}
        <span className="numbers">{facts.join(' · ')}</span>
      </p>
      <Measuring title="Measure again" isQuiet />
    </div>
  );
}
