/** The rule of the rooms, as the linter tells it to whoever breaks it. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const project = join(import.meta.dirname, '..');
const linter = join(project, 'node_modules/oxlint/bin/oxlint');

const diagnosticsSchema = z.object({
  diagnostics: z.array(z.object({ message: z.string(), help: z.string(), filename: z.string() })),
});

/** What a file of a room imports, and where the rule says that this belongs. */
const broken: readonly (readonly [file: string, imported: string, belongs: string])[] = [
  ['engine/a.ts', '#nodes/index.ts', 'belongs in nodes/'],
  ['engine/b.ts', '#nodes/encoder/clip-vit.ts', 'belongs in nodes/'],
  ['engine/c.ts', '#host/machine.ts', 'what needs the machine in host/'],
  ['engine/graph/d.ts', '#host/runs/sessions.ts', 'what needs the machine in host/'],
  ['engine/graph/e.ts', '../../host/runs/sessions.ts', 'what needs the machine in host/'],
  ['engine/f.ts', '#renderer/canvas/card/card.tsx', 'engine/ imports no other room'],
  ['engine/g.ts', 'node:fs', 'belongs in host/'],
  ['engine/h.ts', 'node:fs/promises', 'belongs in host/'],
  ['engine/i.ts', 'onnxruntime-node', 'belongs in host/'],
  ['engine/j.ts', 'react', 'a view in renderer/'],
  ['nodes/a.ts', '#host/machine.ts', 'belongs in host/'],
  ['nodes/encoder/b.ts', '#host/runs/sessions.ts', 'belongs in host/'],
  ['nodes/c.ts', '#renderer/canvas/card/card.tsx', 'a view in renderer/'],
  ['nodes/d.ts', 'node:fs/promises', 'belongs in host/'],
  ['host/a.ts', '#renderer/app.ts', 'A view belongs in renderer/'],
  ['host/runs/b.ts', '#renderer/canvas/card/card.tsx', 'A view belongs in renderer/'],
  ['host/c.ts', '#electron/window.ts', 'the window and its dialogs in electron/'],
  ['host/d.ts', 'electron', 'the window and its dialogs in electron/'],
  ['engine/k.ts', '#verify/workbench.ts', 'what needs the machine in host/'],
  ['nodes/e.ts', '#verify/workbench.ts', 'belongs in host/'],
  ['host/e.ts', '#verify/workbench.ts', 'what only tests need, belongs in verify/'],
  ['host/runs/f.ts', '../../verify/workbench.ts', 'what only tests need, belongs in verify/'],
  ['verify/a.ts', '#host/bin/main.ts', 'belongs in host/bin/'],
  ['verify/b.ts', '#renderer/app.ts', 'a view in renderer/'],
  ['renderer/d.ts', '#verify/workbench.ts', 'belongs in host/'],
  ['electron/b.ts', '#verify/workbench.ts', 'belongs in verify/'],
  ['renderer/a.ts', '#host/machine.ts', 'belongs in host/'],
  ['renderer/canvas/b.ts', '#host/runs/sessions.ts', 'belongs in host/'],
  ['renderer/c.ts', 'node:fs/promises', 'belongs in host/'],
  ['electron/a.ts', '#renderer/canvas/card/card.tsx', 'A view belongs in renderer/'],
];

const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['engine/ok.ts', './graph/check.ts'],
  ['engine/ok.test.ts', '#host/runs/sessions.ts'],
  ['nodes/encoder/ok.ts', '#engine/graph/check.ts'],
  ['host/runs/ok.ts', '#nodes/encoder/clip-vit.ts'],
  ['host/ok.ts', 'node:fs/promises'],
  ['host/bin/ok.ts', '#verify/workbench.ts'],
  ['verify/ok.ts', '#host/runs/sessions.ts'],
  ['renderer/canvas/ok.ts', '#nodes/encoder/clip-vit.ts'],
  ['electron/ok.ts', '#host/machine.ts'],
];

let folder = '';
let said = new Map<string, string>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-layers-'));
  await copyFile(join(project, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  // A type is an import too.
  for (const [file, imported] of broken)
    await write(file, `import type { A } from '${imported}';\nexport type B = A;\n`);
  for (const [file, imported] of allowed)
    await write(file, `import { a } from '${imported}';\nexport const b = a;\n`);
  said = await lint();
});
afterAll(() => rm(folder, { recursive: true }));

describe('the layer rule', () => {
  it.each(broken)('tells %s, which imports %s, where that belongs', (file, imported, belongs) => {
    expect(said.get(file) ?? '').toContain(`'${imported}' import is restricted`);
    expect(said.get(file) ?? '').toContain(`${file.split('/')[0]}/ `);
    expect(said.get(file) ?? '').toContain(belongs);
  });

  it.each(allowed)('lets %s import %s', (file) => {
    expect(said.get(file)).toBeUndefined();
  });
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}

/** By file, what is wrong and what to do. */
async function lint(): Promise<Map<string, string>> {
  const output = await promisify(execFile)(process.execPath, [linter, '--format', 'json'], {
    cwd: folder,
  }).catch((refused: { stdout: string }) => refused); // it exits with 1 because there is something to say
  const { diagnostics } = diagnosticsSchema.parse(JSON.parse(output.stdout));
  return new Map(
    diagnostics.map(({ filename, message, help }) => [filename, `${message} ${help}`]),
  );
}
