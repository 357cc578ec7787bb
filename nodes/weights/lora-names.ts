/** Where adapters in the PEFT layout keep the two matrices of a module, after the names of the model that they change. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

const prefix = 'base_model.model.';

/** Since some version the adapter's own name stands before the ending. */
const spellings = [
  ['PEFT', '.weight'],
  ['PEFT, named default', '.default.weight'],
] as const;

const ours = /^(.*)\.lora_([AB])\.weight$/;

/** The adapter's names for each layout of the model. */
export function loraLayouts(host: readonly KeyLayout[]): readonly KeyLayout[] {
  return spellings.flatMap(([title, suffix]) =>
    host.map((layout): KeyLayout => {
      const parts = (name: string) => {
        const [, module = '', letter = ''] = ours.exec(name) ?? [];
        return { module: `${module}.weight`, letter };
      };
      return {
        title: `${title}, ${layout.title}`,
        key: (name) => {
          const { module, letter } = parts(name);
          const published = layout.key(module).replace(/\.weight$/, '');
          return `${prefix}${published}.lora_${letter}${suffix}`;
        },
        // A matrix that is a run of rows of a larger one has the same A, and those rows of B.
        cut: (name) => {
          const { module, letter } = parts(name);
          return letter === 'B' ? (layout.cut?.(module) ?? null) : null;
        },
        owns: (key) => {
          const [, module] = /^base_model\.model\.(.*)\.lora_[AB]\./.exec(key) ?? [];
          return module !== undefined && layout.owns(`${module}.weight`);
        },
      };
    }),
  );
}
