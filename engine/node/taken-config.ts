/** What a node found in the configuration of a published model. */
import type { ConfigFileName, JsonObject } from '../contract/config-files.ts';

export interface TakenConfig {
  /** The parameters that the configuration settles; all others stay as they are. */
  readonly params: JsonObject;
  /** What they come to, for a person: "Qwen2", "24 layers × 896". */
  readonly took: readonly string[];
  readonly file: ConfigFileName;
}
