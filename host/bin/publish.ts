/**
 * Writes what is the same for everybody: the JSON Schema of the graph document, for editors and other tools, and what
 * the gallery says of the presets. Part of the build.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { documentSchema, documentVersion } from '#engine/contract/document.ts';
import { presetSummaries } from '../presets.ts';
import { packageRoot, summariesFile } from '../system/package-root.ts';

const schema = {
  $id: `patchbay-document-v${documentVersion}`,
  title: `Patchbay graph, format ${documentVersion}`,
  ...z.toJSONSchema(documentSchema, { io: 'input' }),
};
const folder = join(packageRoot, 'dist');
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, `patchbay-document-v${documentVersion}.schema.json`),
  `${JSON.stringify(schema, null, 2)}\n`,
);
writeFileSync(summariesFile, JSON.stringify(await presetSummaries()));
