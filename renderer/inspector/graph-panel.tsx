/** The graph itself, while no node is selected. */
import { hasErrors } from '#engine/contract/problem.ts';
import { runLimits } from '#engine/contract/run-request.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { useEstimate, useEstimateLack } from '#renderer/analysis/estimate.ts';
import { Field } from '#renderer/parts/field.tsx';
import { Switch } from '#renderer/parts/switch.tsx';
import { TextField } from '#renderer/parts/text-field.tsx';
import { useView, view } from '#renderer/view/view-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { edit, sealStep } from '#renderer/workspace/workspace-store.ts';
import { takeBackTyping } from '#renderer/inspector/fields/change-param.ts';
import { countFamilies } from '#renderer/inspector/sections/count-families.ts';
import { Explanation } from '#renderer/inspector/sections/explanation.tsx';
import { FamilyList } from '#renderer/inspector/sections/family-list.tsx';
import { Figures } from '#renderer/inspector/sections/figures.tsx';
import { Published, publishedReferences } from '#renderer/inspector/sections/published.tsx';
import { totalFigures } from '#renderer/inspector/sections/node-measures.ts';
import { TitleField } from '#renderer/inspector/fields/title-field.tsx';
import {
  parseNumber,
  stepped,
  writeNumber,
  type ParamOf,
} from '#renderer/inspector/fields/typed-number.ts';
import { useTyped } from '#renderer/inspector/fields/use-typed.ts';
import styles from '#renderer/inspector/sections/panel.module.css';

export function GraphPanel({ open }: { readonly open: OpenDocument }) {
  const { title, about, publication } = open.document;
  const references = publishedReferences(publication);
  const mergeKey = 'set-graph-title';
  return (
    <div className={styles['panel']}>
      <TitleField
        label="Title of the graph"
        title={title}
        placeholder="Untitled"
        onChange={(next) => edit('Rename', [{ type: 'set-graph-title', title: next }], mergeKey)}
        onSettle={sealStep}
        onTakeBack={() => takeBackTyping(open.id, mergeKey)}
      />
      {(about !== '' || references.length > 0) && <Explanation {...{ about, references }} />}
      <RunSetting name="passes" param={passesParam} />
      <RunSetting name="threads" param={threadsParam} />
      <PriorityField />
      <ReuseField />
      <Totals open={open} />
      <Published publication={publication} />
      <FamilyCounts open={open} />
    </div>
  );
}

const passesParam: ParamOf<'optional-integer'> = {
  kind: 'optional-integer',
  label: 'Timed passes of a run',
  help: 'A run first warms up, then is timed so many times; figures are medians over the passes. Left empty, it is timed until its medians are steady or two seconds have gone by.',
  default: null,
  whenEmpty: 'until figures are steady',
  min: 1,
  max: runLimits.runs,
};

const threadsParam: ParamOf<'optional-integer'> = {
  kind: 'optional-integer',
  label: 'Threads',
  help: 'How many ONNX Runtime may use inside an operator. Two on one core only wait for each other.',
  default: null,
  whenEmpty: 'one a core',
  min: 1,
  max: runLimits.threads,
};

interface RunSettingProps {
  readonly name: 'passes' | 'threads';
  readonly param: ParamOf<'optional-integer'>;
}

/** A number that belongs to this window and to no graph. */
function RunSetting({ name, param }: RunSettingProps) {
  const value = useView((state) => state[name]);
  const take = (next: number | null): void => view.setState({ [name]: next });
  const typed = useTyped({
    key: `view.${name}`,
    value,
    written: writeNumber(value),
    parse: (text) => parseNumber(param, text),
    take,
    settle: () => undefined,
    takeBack: () => undefined,
    step: (steps) => stepped(param, value ?? 0, steps),
  });
  return (
    <Field
      label={param.label}
      help={param.help}
      reason={typed.reason}
      onReset={value === null ? null : () => take(null)}
    >
      {(ids) => (
        <TextField
          {...typed.input}
          ids={ids}
          isFigure
          placeholder={param.whenEmpty}
          inputMode="numeric"
          isWrong={typed.reason !== null}
        />
      )}
    </Field>
  );
}

function PriorityField() {
  const isFirst = useView((state) => state.priority === 'high');
  return (
    <RunSwitch
      label="Run before other programs"
      help="Other programs wait while a run needs the processor, which makes its figures steadier. Many systems allow this to administrators only; a run that is refused says so and goes on as any other."
      isOn={isFirst}
      take={(next) => view.setState({ priority: next ? 'high' : 'normal' })}
    />
  );
}

function ReuseField() {
  const reuses = useView((state) => state.reuses);
  return (
    <RunSwitch
      label="Reuse what the last run read"
      help="A picture and a start of the prompt that are as in the last run are not read again, as with a second question about the same picture. What is reused is told beside the figures."
      noteWhenOn="A run is timed once, as a second pass would find everything read."
      isOn={reuses}
      take={(next) => view.setState({ reuses: next })}
    />
  );
}

interface RunSwitchProps {
  readonly label: string;
  readonly help: string;
  readonly noteWhenOn?: string;
  readonly isOn: boolean;
  readonly take: (next: boolean) => void;
}

/** A choice that belongs to this window and to no graph; off where nothing is chosen. */
function RunSwitch({ label, help, noteWhenOn, isOn, take }: RunSwitchProps) {
  return (
    <Field
      label={label}
      help={help}
      isRow
      note={isOn ? noteWhenOn : undefined}
      onReset={isOn ? () => take(false) : null}
      aside={(ids) => <Switch ids={ids} checked={isOn} onChange={take} />}
    />
  );
}

const lackSentences = {
  reckoning: 'Reckoning…',
  refused: 'The estimate comes back once the errors of the graph are mended.',
  'given-up': 'The estimate took too long and was ended; make the graph smaller.',
} as const;

function Totals({ open }: { readonly open: OpenDocument }) {
  const estimate = useEstimate();
  const lack = useEstimateLack();
  const { problems } = checkedGraph(open.document);
  if (Object.keys(open.document.nodes).length === 0) return null;
  return (
    <section className={styles['section']} aria-label="Estimate">
      <h3 className={styles['heading']}>Estimate</h3>
      {estimate ? (
        <Figures figures={totalFigures(estimate)} />
      ) : (
        <p className={styles['quiet']}>{lackSentences[hasErrors(problems) ? 'refused' : lack]}</p>
      )}
    </section>
  );
}

function FamilyCounts({ open }: { readonly open: OpenDocument }) {
  const counts = countFamilies(checkedGraph(open.document));
  const total = Object.keys(open.document.nodes).length;
  return (
    <section className={styles['section']} aria-label="Nodes">
      <h3 className={styles['heading']}>{total === 1 ? '1 node' : `${total} nodes`}</h3>
      {total === 0 && (
        <p className={styles['quiet']}>
          Drag a node from the palette onto the canvas, or choose one there and press Enter.
        </p>
      )}
      <FamilyList counts={counts} />
    </section>
  );
}
