/** The form of one node, or of what several nodes have in common, drawn from the declaration. */
import type { Problem } from '#engine/contract/problem.ts';
import type { Param } from '#engine/node/param.ts';
import { Fold } from '#renderer/parts/fold.tsx';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { bindParam, type BoundParam } from '#renderer/inspector/fields/bound-param.ts';
import { formGroups, formLayout, type GroupName } from '#renderer/inspector/fields/form-layout.ts';
import { ParamField } from '#renderer/inspector/fields/param-field.tsx';
import { useFold } from './fold-state.ts';
import styles from './param-form.module.css';

interface ParamFormProps {
  readonly open: OpenDocument;
  readonly nodes: readonly string[];
  readonly declared: readonly (readonly [string, Param])[];
  readonly problems: readonly Problem[];
  /** What an empty number stands for. */
  readonly inferredOf: (param: string) => number | null;
}

export function ParamForm({ open, nodes, declared, problems, inferredOf }: ParamFormProps) {
  const place = { documentId: open.id, baseFolder: open.file?.folder, problems };
  const bounds = new Map(
    declared.map(([name, param]) => [name, bindParam(open.document, nodes, [name, param], place)]),
  );
  const values = Object.fromEntries([...bounds].map(([name, { value }]) => [name, value ?? null]));
  const fields = (names: readonly string[]) =>
    names.flatMap((name) => {
      const bound = bounds.get(name);
      return bound ? [{ bound, inferred: inferredOf(name) }] : [];
    });
  return (
    <div className={styles['form']}>
      {formLayout(Object.fromEntries(declared), values).map(({ name, params }) => {
        const group = { document: open.document, fields: fields(params) };
        return name === 'main' || name === 'weights' ? (
          <Fields key={name} {...group} />
        ) : (
          <FoldedGroup key={name} name={name} {...group} />
        );
      })}
    </div>
  );
}

interface FieldsProps {
  readonly document: OpenDocument['document'];
  readonly fields: readonly { readonly bound: BoundParam; readonly inferred: number | null }[];
}

function Fields({ document, fields }: FieldsProps) {
  return (
    <div className={styles['fields']}>
      {fields.map(({ bound, inferred }) => (
        <ParamField
          key={`${bound.nodes.join()}:${bound.name}`}
          bound={bound}
          document={document}
          inferred={inferred}
        />
      ))}
    </div>
  );
}

/** A group in which something is wrong stays open. */
function FoldedGroup({
  name,
  ...group
}: FieldsProps & { readonly name: Exclude<GroupName, 'main' | 'weights'> }) {
  const [isOpen, setOpen] = useFold(name);
  const changed = group.fields.filter(({ bound }) => bound.isChanged).length;
  const isWrong = group.fields.some(({ bound }) => bound.problems.length > 0);
  return (
    <Fold
      title={formGroups[name].title}
      aside={changed > 0 ? `${changed} changed` : undefined}
      isOpen={isOpen || isWrong}
      onOpenChange={setOpen}
    >
      <Fields {...group} />
    </Fold>
  );
}
