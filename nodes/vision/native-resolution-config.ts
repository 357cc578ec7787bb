/** Published image processors of models that see pictures of any size, as parameters. */
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ResizeFilter, SizeRule } from '#engine/node/host-step.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import { filterOf, lackingIn, readImageProcessor, type Processor } from './image-processor.ts';
import { isMiniCpm, wholeFromMiniCpm } from './uhd-slices-config.ts';

type RuleParams = JsonObject & { readonly rule: SizeRule['rule']; readonly patch: number };

interface ProcessorKind {
  /** By which kernel it resizes where it does not say. */
  readonly filter: ResizeFilter;
  readonly rule: (processor: Processor) => Outcome<RuleParams>;
}

const pixels: ProcessorKind = {
  filter: 'bicubic',
  rule(processor) {
    const { patch_size: patch = 14, merge_size: merged = 2, size } = processor;
    if (typeof patch !== 'number') return unsupported('Patches that are no squares');
    // Budgets of pixels under the names of edges, or, before transformers 5, under their own.
    const edges = typeof size === 'object' ? size : {};
    return ok({
      rule: 'pixels',
      patch: patch * merged,
      leastPixels: processor.min_pixels ?? edges.shortest_edge ?? 3136,
      mostPixels: processor.max_pixels ?? edges.longest_edge ?? 1_003_520,
    });
  },
};

/** By the name without the ending of its variants. */
const processors: Readonly<Record<string, ProcessorKind>> = {
  Qwen2VL: pixels,
  Pixtral: {
    filter: 'bicubic',
    rule({ patch_size: patch = 16, size }) {
      const side = typeof patch === 'number' ? patch : patch.height;
      if (typeof patch === 'object' && patch.height !== patch.width)
        return unsupported('Patches that are no squares');
      const longestEdge = typeof size === 'object' ? size.longest_edge : size;
      return ok({ rule: 'longest-edge', patch: side, longestEdge: longestEdge ?? 1024 });
    },
  },
  Idefics2: {
    filter: 'bilinear',
    rule({ do_image_splitting: splits, size }) {
      if (splits === true) return unsupported('Cutting a picture into four beside the whole');
      const { longest_edge: longestEdge = 980, shortest_edge: shortestEdge = 378 } =
        typeof size === 'object' ? size : {};
      // What is left over beside whole patches stays, and no patch looks at it.
      return ok({ rule: 'edges', patch: 1, longestEdge, shortestEdge });
    },
  },
  Siglip2: {
    filter: 'bilinear',
    rule({ patch_size: patch = 16, max_num_patches: mostPatches = 256 }) {
      if (typeof patch !== 'number') return unsupported('Patches that are no squares');
      return ok({ rule: 'patches', patch, mostPatches });
    },
  },
};

export function nativeResolutionFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  // Its processor has names of its own for everything.
  if (isMiniCpm(files)) return wholeFromMiniCpm(files);
  const read = readImageProcessor(files);
  if (!read.ok) return read;
  const { processor, type, name, file, normalisation } = read.value;
  const kind = Object.hasOwn(processors, name) ? processors[name] : undefined;
  if (!kind) return foreign(`${file} describes no sizes of their own; its processor is "${type}".`);
  const filter = filterOf(processor, kind.filter);
  const lacking = lackingIn(processor, filter);
  if (lacking !== null) return unsupported(lacking);
  const rule = kind.rule(processor);
  if (!rule.ok) return rule;
  return ok({
    params: { ...rule.value, filter, normalisation },
    took: [type, `multiples of ${rule.value.patch} px`],
    file,
  });
}
