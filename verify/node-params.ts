/** A node's parameters for a recorded case: what its configuration says. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { DecoderArchitecture } from '#nodes/language/decoder-architecture.ts';
import { decoderFromConfig } from '#nodes/language/decoder-config.ts';

/** Where the configuration asks for what is not built, the reason as a string. */
export function architectureOf(config: JsonObject): DecoderArchitecture | string {
  const taken = decoderFromConfig({ 'config.json': config });
  if (!taken.ok) return taken.problems.map(({ message }) => message).join(' ');
  return taken.value.params as unknown as DecoderArchitecture;
}
