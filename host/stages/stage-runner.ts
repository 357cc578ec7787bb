/** How the executor treats every stage alike, whatever is inside. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { StageFacts } from '#engine/contract/run-event.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { ModelLoader } from '../sessions/load-model.ts';
import type { MemorySamples } from './memory-samples.ts';
import type { Emit, Pass } from './pass.ts';
import type { CancelSwitch } from '../sessions/progress.ts';
import type { StageInputs, StageOutputs } from './stage-value.ts';

export interface StageRunner {
  /** The rows of the report that this stage fills. */
  readonly facts: readonly StageFacts[];
  /**
   * Finds out what would fail later, before anything large is built; gets what inputs there are so far.
   * Gives the keys of the models that it will load; none for work of the host.
   */
  preflight(inputs: StageInputs): Promise<Outcome<readonly string[]>>;
  /** Loads what the stage needs, and says whether it has to be warmed up. */
  load(): Promise<Outcome<LoadedStage>>;
  /** Runs with the values of its input ports, by port. In pass 0 it may run less than all. */
  run(inputs: StageInputs, pass: Pass): Promise<Outcome<StageOutputs>>;
  /**
   * What it did to the patches of every view, by the name of the tap, for which it runs once more, untimed; or in the last
   * pass to the tokens of the prompt. None where there is nothing.
   */
  marks?(
    inputs: StageInputs,
  ): Promise<Outcome<ReadonlyMap<string, readonly (readonly number[])[]>>>;
  /** Ends what it holds from pass to pass; called once, when the run is over, whatever its outcome. */
  close?(): Promise<void>;
}

export interface LoadedStage {
  readonly cold: boolean;
}

export interface StageContext {
  readonly loader: ModelLoader;
  readonly emit: Emit;
  readonly cancel: CancelSwitch;
  /** Samples what the process holds; absent where nobody asks. */
  readonly memory?: MemorySamples;
  /** Relative paths of the graph are taken from here. */
  readonly baseFolder: string;
  /** That ONNX Runtime may use inside an operator. */
  readonly threads: number;
}

/** The one row of a stage that is not a language model. */
export function stageFacts({ id, type, title, precision, weights }: Stage): StageFacts {
  return { id, node: id, type, title, phase: null, precision, weights };
}
