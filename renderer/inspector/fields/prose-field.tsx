/** A parameter that is text of some lines, such as a prompt. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { paramSchema } from '#engine/node/param.ts';
import { Field } from '#renderer/parts/field.tsx';
import { TextArea } from '#renderer/parts/text-field.tsx';
import { sealStep } from '#renderer/workspace/workspace-store.ts';
import { mergeKeyOf, type BoundParam } from './bound-param.ts';
import { resetToDefault, takeBackTyping, typeParam } from './change-param.ts';
import { ProblemLines } from './problem-lines.tsx';
import type { ParamOf } from './typed-number.ts';
import { useTyped } from './use-typed.ts';

export function ProseField({ bound }: { readonly bound: BoundParam<ParamOf<'text'>> }) {
  const { documentId, param, value, isChanged, problems } = bound;
  const typed = useTyped({
    key: `${documentId}/${mergeKeyOf(bound)}`,
    value,
    written: typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value),
    parse: (text) => {
      const issue = paramSchema(param).safeParse(text).error?.issues[0];
      return issue ? fail(error('param-invalid', `${param.label} ${issue.message}.`)) : ok(text);
    },
    take: (next) => typeParam(bound, next),
    settle: sealStep,
    takeBack: () => takeBackTyping(documentId, mergeKeyOf(bound)),
    hasLines: true,
  });
  return (
    <Field
      label={param.label}
      help={param.help}
      reason={typed.reason}
      problems={<ProblemLines problems={problems} />}
      onReset={isChanged ? () => resetToDefault(bound) : null}
    >
      {(ids) => (
        <TextArea
          {...typed.input}
          ids={ids}
          rows={param.lines}
          placeholder={value === undefined ? 'mixed' : undefined}
          isWrong={typed.reason !== null}
        />
      )}
    </Field>
  );
}
