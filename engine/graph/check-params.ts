/** A node's parameters against its declaration. */
import type { DocumentNode, Json } from '../contract/document.ts';
import { error, warning, type Problem } from '../contract/problem.ts';
import type { AnyNodeDefinition } from '../node/any-node-definition.ts';
import { isShown, paramSchema, type Param, type Params } from '../node/param.ts';

export interface CheckedParams {
  /** Every declared parameter: the document's value where it is used and valid, else the default. */
  readonly params: Readonly<Record<string, Json>>;
  readonly problems: readonly Problem[];
}

export function checkParams(
  id: string,
  node: DocumentNode,
  definition: AnyNodeDefinition,
): CheckedParams {
  const declared: Params = definition.params;
  const problems: Problem[] = [];
  const params: Record<string, Json> = {};
  for (const [name, param] of Object.entries(declared)) {
    params[name] = Object.hasOwn(node.params, name) ? (node.params[name] as Json) : param.default;
  }
  for (const [name, param] of Object.entries(declared)) {
    if (!isShown(param, params)) {
      params[name] = param.default;
      continue;
    }
    const parsed = paramSchema(param).safeParse(params[name]);
    if (parsed.success) continue;
    const issue = parsed.error.issues[0]?.message ?? 'is invalid';
    const shown = JSON.stringify(params[name])?.slice(0, 60);
    const message = `${param.label} ${issue}, not ${shown}.`;
    problems.push(
      error('param-invalid', message, {
        node: id,
        param: name,
        ...mendOf(id, name, param, params[name]),
      }),
    );
    params[name] = param.default;
  }
  for (const name of Object.keys(node.params)) {
    if (Object.hasOwn(declared, name)) continue;
    const message = `${definition.title} has no parameter "${name}"; it is kept but does nothing.`;
    const edit = { type: 'set-param' as const, id, param: name, value: null, remove: true };
    const mend = { title: `Remove "${name}"`, edits: [edit] };
    problems.push(warning('param-unknown', message, { node: id, param: name, mend }));
  }
  return { params, problems };
}

/** A number outside its range has one nearest number inside. */
function mendOf(
  id: string,
  name: string,
  param: Param,
  value: Json | undefined,
): Pick<Problem, 'mend'> {
  const bounded =
    param.kind === 'integer' || param.kind === 'number' || param.kind === 'optional-integer';
  if (!bounded || typeof value !== 'number' || !Number.isFinite(value)) return {};
  const whole = param.kind === 'number' ? value : Math.round(value);
  const nearest = Math.min(Math.max(whole, param.min), param.max);
  return {
    mend: {
      title: `Set ${param.label.toLowerCase()} to ${nearest}`,
      edits: [{ type: 'set-param', id, param: name, value: nearest }],
    },
  };
}
