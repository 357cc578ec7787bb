/** One parameter, drawn by its kind. */
import { assertNever } from '#engine/contract/outcome.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { Field } from '#renderer/parts/field.tsx';
import { Segmented } from '#renderer/parts/segmented.tsx';
import { Select } from '#renderer/parts/select.tsx';
import { Switch } from '#renderer/parts/switch.tsx';
import type { BoundParam } from './bound-param.ts';
import { chooseParam, resetToDefault } from './change-param.ts';
import { fitsSegments } from './form-layout.ts';
import { ClipField } from './clip-field.tsx';
import { ImageField } from './image-field.tsx';
import { NumberField } from './number-field.tsx';
import { ProblemLines } from './problem-lines.tsx';
import { ProseField } from './prose-field.tsx';
import type { ParamOf } from './typed-number.ts';
import { WeightsField } from './weights-field.tsx';

interface ParamFieldProps {
  readonly bound: BoundParam;
  readonly document: GraphDocument;
  readonly inferred: number | null;
}

export function ParamField({ bound, document, inferred }: ParamFieldProps) {
  const { param } = bound;
  switch (param.kind) {
    case 'integer':
    case 'number':
    case 'optional-integer':
      return <NumberField bound={{ ...bound, param }} inferred={inferred} />;
    case 'choice':
      return <ChoiceField bound={{ ...bound, param }} />;
    case 'flag':
      return <FlagField bound={bound} />;
    case 'text':
      return <ProseField bound={{ ...bound, param }} />;
    case 'image':
      return <ImageField bound={bound} />;
    case 'clip':
      return <ClipField bound={bound} />;
    case 'weights':
      return <WeightsField bound={{ ...bound, param }} document={document} />;
    default:
      return assertNever(param);
  }
}

function ChoiceField({ bound }: { readonly bound: BoundParam<ParamOf<'choice'>> }) {
  const { param, value, isChanged, problems } = bound;
  const { options } = param;
  const isSegmented = fitsSegments(options);
  const chosen = typeof value === 'string' ? value : null;
  const onChange = (next: string): void => chooseParam(bound, next);
  return (
    <Field
      label={param.label}
      help={param.help}
      isGroup={isSegmented}
      note={noteOf(bound)}
      problems={<ProblemLines problems={problems} />}
      onReset={isChanged ? () => resetToDefault(bound) : null}
    >
      {(ids) =>
        isSegmented ? (
          <Segmented ids={ids} options={options} value={chosen} onChange={onChange} />
        ) : (
          <Select
            ids={ids}
            options={options}
            value={chosen}
            placeholder={value === undefined ? 'mixed' : JSON.stringify(value)}
            onChange={onChange}
            isWrong={problems.length > 0}
          />
        )
      }
    </Field>
  );
}

/** What the choice means, or that there are several. */
function noteOf({ param, value }: BoundParam<ParamOf<'choice'>>): string | undefined {
  if (value === undefined) return 'The selected nodes differ.';
  return param.options.find((option) => option.value === value)?.about;
}

function FlagField({ bound }: { readonly bound: BoundParam }) {
  const { param, value, isChanged, problems } = bound;
  return (
    <Field
      label={param.label}
      help={param.help}
      isRow
      note={value === undefined ? 'The selected nodes differ.' : undefined}
      problems={<ProblemLines problems={problems} />}
      onReset={isChanged ? () => resetToDefault(bound) : null}
      aside={(ids) => (
        <Switch
          ids={ids}
          checked={typeof value === 'boolean' ? value : null}
          onChange={(next) => chooseParam(bound, next)}
        />
      )}
    />
  );
}
