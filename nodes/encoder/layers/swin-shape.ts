/** The figures of a Swin: stages, each with half the grid and twice the channels of the one before. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { Grid, WireOf } from '#engine/node/wire.ts';
import type { Activation } from '#engine/onnx/blocks/feed-forward.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { readCounts } from '../../tokens/count-list.ts';

/** By the names of its parameters. */
export interface SwinFigures {
  /** Side of the square picture it was trained on. */
  readonly imageSize: number;
  readonly patchSize: number;
  /** Channels of the first stage. */
  readonly hiddenSize: number;
  /** Layers of each stage, and heads, as lists of numbers. */
  readonly depths: string;
  readonly headCounts: string;
  /** Places along a side of a window. */
  readonly windowSize: number;
  /** Channels inside a feed-forward, in those outside. */
  readonly feedForwardRatio: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

export interface SwinStage {
  readonly layerCount: number;
  readonly headCount: number;
  readonly hiddenSize: number;
  readonly grid: Grid;
}

/**
 * The stages that pixels go through. Fails with `param-invalid` for what is no list, `arrangement-unsupported` for
 * figures that do not go together, `dimension-mismatch` for pixels that do not suit them.
 */
export function swinStages(
  figures: SwinFigures,
  pixels: WireOf<'pixels'>,
): Outcome<readonly SwinStage[]> {
  const depths = readCounts(figures.depths);
  const heads = readCounts(figures.headCounts);
  if (!depths) return fail(listProblem('depths', figures.depths, 'layers'));
  if (!heads) return fail(listProblem('headCounts', figures.headCounts, 'heads'));
  if (depths.length !== heads.length) {
    const message = `${depths.length} stages have layers, ${heads.length} have heads; give as many numbers of heads as of layers.`;
    return fail(error('arrangement-unsupported', message, { param: 'headCounts' }));
  }
  const { width, height } = pixels;
  if (width % figures.patchSize !== 0 || height % figures.patchSize !== 0) {
    const message = `A picture of ${width} × ${height} pixels does not divide into patches of ${figures.patchSize} px; set the preprocessing's size to ${figures.imageSize}.`;
    return fail(error('dimension-mismatch', message, { port: 'pixels' }));
  }
  let grid = patchGrid(pixels, figures);
  const stages = depths.map((layerCount, index): SwinStage => {
    const stage = { layerCount, headCount: heads[index] as number, grid };
    grid = halved(grid);
    return { ...stage, hiddenSize: figures.hiddenSize * 2 ** index };
  });
  const problem = stages.map((stage, index) => stageProblem(figures, stage, index)).find(Boolean);
  return problem ? fail(problem) : ok(stages);
}

/** A side that is odd is filled up to an even one. */
export const halved = ({ rows, columns }: Grid): Grid => ({
  rows: Math.ceil(rows / 2),
  columns: Math.ceil(columns / 2),
});

function listProblem(param: string, said: string, what: string): Problem {
  const message = `"${said}" is no list of ${what}; give one whole number a stage, such as 2, 2, 6, 2.`;
  return error('param-invalid', message, { param });
}

function stageProblem(
  { windowSize, feedForwardRatio }: SwinFigures,
  { hiddenSize, headCount, grid }: SwinStage,
  index: number,
): Problem | null {
  if (hiddenSize % headCount !== 0) {
    const message = `The ${hiddenSize} channels of stage ${index + 1} do not divide into ${headCount} heads; choose a number of heads that divides them.`;
    return error('arrangement-unsupported', message, { param: 'headCounts' });
  }
  if (hiddenSize * feedForwardRatio < 1) {
    const message = `A feed-forward of ${feedForwardRatio} times ${hiddenSize} channels has none; choose a larger ratio.`;
    return error('arrangement-unsupported', message, { param: 'feedForwardRatio' });
  }
  if (Math.min(grid.rows, grid.columns) >= windowSize) return null;
  const message = `Stage ${index + 1} has a grid of ${grid.rows} × ${grid.columns}, which is smaller than a window of ${windowSize} × ${windowSize}; give it a larger picture, or choose a smaller window.`;
  return error('dimension-mismatch', message, { port: 'pixels' });
}
