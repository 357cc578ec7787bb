/** Outputs of a graph that are there only to be shown, and are computed only in a run of which somebody looks at them. */
import type { AnyContext } from '../node/any-node-definition.ts';
import { isToldOfPrompt } from '../node/shows.ts';
import type { GraphBuilder } from '../onnx/graph-builder.ts';
import { cast } from '../onnx/operators.ts';
import { slice, unsqueeze } from '../onnx/shape-operators.ts';
import type { Dim, DimBindings, Value } from '../onnx/value.ts';

export const shownPrefix = 'shown.';
/** An input [] bool of graphs that can show what they do: true where nobody looks. */
export const unseenInput = 'unseen';

/** Graphs that give out what they do to a prompt: so little that it is always told. */
export const tellingOfPrompt = (context: AnyContext): AnyContext => ({
  ...context,
  newGraph: (emit, format) =>
    context.newGraph((g) => {
      emit(g);
      for (const name of g.tapNames.filter(isToldOfPrompt))
        g.output(shownPrefix + name, g.tapped(name));
    }, format),
});

/** Patch marks as outputs [views · patches], or [0] where nobody looks; a tap that the node lacks shows nothing. */
export function outputShown(g: GraphBuilder, shown: readonly string[]): void {
  const taps = shown.filter((name) => g.tapNames.includes(name));
  if (taps.length === 0) return;
  const isUnseen = g.input(unseenInput, 'bool', []);
  for (const name of taps) {
    const type = { type: 'int64', shape: [shownSize(name)] } as const;
    const marks = g.choose(
      isUnseen,
      () => noMarks(g, isUnseen, type.shape[0]),
      () => g.op('Reshape', [g.tapped(name), g.list(-1)], type),
    );
    g.output(shownPrefix + name, marks);
  }
}

/** Cut off a value of the run: a constant of a branch is saved twice, which ONNX Runtime 1.30 refuses to load. → [0] */
function noMarks(g: GraphBuilder, isUnseen: Value, size: Dim): Value {
  const one = unsqueeze(g, cast(g, isUnseen, 'int64'), 0);
  return slice(g, one, 0, g.list(0), g.list(0), size);
}

const shownSize = (tap: string): string => `${shownPrefix}${tap}`;

/** Sizes of these outputs in a run where nobody looks. */
export const unseenDims = (shown: readonly string[]): DimBindings =>
  Object.fromEntries(shown.map((tap) => [shownSize(tap), 0]));
