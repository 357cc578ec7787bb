/** Writes the JSON Schema of the graph document, for editors and other tools. Part of the build. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { documentSchema, documentVersion } from '#engine/contract/document.ts';
import { packageRoot } from '../system/package-root.ts';

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
