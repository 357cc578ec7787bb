/** A parameter that is a number: typed, stepped by arrow keys, and dragged where its range is small. */
import { Field, type FieldIds } from '#renderer/parts/field.tsx';
import { Slider } from '#renderer/parts/slider.tsx';
import { TextField } from '#renderer/parts/text-field.tsx';
import { sealStep } from '#renderer/workspace/workspace-store.ts';
import { mergeKeyOf, type BoundParam } from './bound-param.ts';
import { resetToDefault, takeBackTyping, typeParam } from './change-param.ts';
import { ProblemLines } from './problem-lines.tsx';
import {
  fromSlider,
  parseNumber,
  sliderScale,
  stepped,
  writeNumber,
  type NumberParam,
} from './typed-number.ts';
import { useTyped, type TypedText } from './use-typed.ts';

interface NumberFieldProps {
  readonly bound: BoundParam<NumberParam>;
  /** What an empty field stands for; null where that is not known. */
  readonly inferred: number | null;
}

export function NumberField({ bound, inferred }: NumberFieldProps) {
  const { param, value, isChanged, problems } = bound;
  const typed = useTypedNumber(bound, inferred);
  const scale = sliderScale(param);
  const placeholder = value === undefined ? 'mixed' : emptyText(param, inferred);
  const input = (ids: FieldIds) => (
    <TextField
      {...typed.input}
      ids={ids}
      unit={param.unit}
      placeholder={placeholder}
      isFigure
      isCompact={scale !== null}
      isWrong={typed.reason !== null || problems.length > 0}
      inputMode="decimal"
    />
  );
  const shared = {
    label: param.label,
    help: `${param.help} ${rangeText(param)}`,
    reason: typed.reason,
    problems: <ProblemLines problems={problems} />,
    onReset: isChanged ? () => resetToDefault(bound) : null,
  };
  if (!scale) return <Field {...shared}>{input}</Field>;
  return (
    <Field {...shared} aside={input}>
      {(ids) => (
        <Slider
          {...scale}
          ids={ids}
          name={param.label}
          value={typeof value === 'number' ? value : null}
          onChange={(at) => typeParam(bound, fromSlider(param, scale, at))}
          onSettle={sealStep}
        />
      )}
    </Field>
  );
}

function useTypedNumber(bound: BoundParam<NumberParam>, inferred: number | null): TypedText {
  const { documentId, param, value } = bound;
  const from = typeof value === 'number' ? value : inferred;
  return useTyped({
    key: `${documentId}/${mergeKeyOf(bound)}`,
    value,
    written: writeNumber(value),
    parse: (text) => parseNumber(param, text),
    take: (next) => typeParam(bound, next),
    settle: sealStep,
    takeBack: () => takeBackTyping(documentId, mergeKeyOf(bound)),
    step: (steps) => (from === null ? null : stepped(param, from, steps)),
  });
}

/** Limits that are there for the machine's sake only are not worth reading. */
const mostToSay = 1_000_000;

const rangeText = ({ min, max }: NumberParam): string =>
  max < mostToSay ? `From ${min} to ${max}.` : `From ${min} upwards.`;

/** "2048, from the language model" */
function emptyText(param: NumberParam, inferred: number | null): string {
  if (param.kind !== 'optional-integer') return '';
  return inferred === null ? param.whenEmpty : `${inferred}, ${param.whenEmpty}`;
}
