/** Windows that come, crash and come back; the drafts lie on a real disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { Draft } from '#engine/contract/file-service.ts';
import type { Services } from '#engine/contract/router.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { LocalFiles } from '#host/files/local-files.ts';
import { layLine } from '#renderer/connection/page-line.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-page-drafts-'));
afterAll(async () => {
  vi.unstubAllGlobals();
  vi.resetModules();
  await rm(folder, { recursive: true });
});

let files: LocalFiles;
/** Names of the locks that living windows hold. */
let locks: Set<string>;
let stories = 0;
beforeEach(() => {
  files = new LocalFiles(join(folder, `story-${++stories}`));
  locks = new Set();
});

const graph = sketchDocument({ prompt: ['input/prompt', { text: '' }], answer: ['output/answer'] });

/** What a browser keeps for one tab, over reloads of it. */
class Tab {
  readonly items = new Map<string, string>();
  readonly held: string[] = [];

  /** The page as it is loaded anew, with modules of its own. */
  async load() {
    this.leave();
    const line = layLine({ host: {}, files } as unknown as Services);
    vi.resetModules();
    vi.stubGlobal('fetch', line.globals.fetch);
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => this.items.get(key) ?? null,
      setItem: (key: string, value: string) => this.items.set(key, value),
    });
    vi.stubGlobal('navigator', {
      platform: 'Linux',
      locks: {
        request: (name: string) => {
          this.held.push(name);
          locks.add(name);
          return new Promise(() => undefined);
        },
        query: () => Promise.resolve({ held: [...locks].map((name) => ({ name })) }),
      },
    });
    const drafts = await import('./drafts.ts');
    const { save } = await import('./save-graph.ts');
    const { isDirty } = await import('#renderer/workspace/open-document.ts');
    const { notices } = await import('#renderer/notices/notices.ts');
    const store = await import('#renderer/workspace/workspace-store.ts');
    await drafts.restoreDrafts();
    const { workspace } = store;
    return {
      ...store,
      save,
      type: (value: string) =>
        store.edit('Change prompt', [{ type: 'set-param', id: 'prompt', param: 'text', value }]),
      /** What its tabs show: the text of each graph, a dot where that is unsaved. */
      shown: () =>
        workspace.getState().documents.map((open) => {
          const text = open.document.nodes['prompt']?.params['text'];
          return `${isDirty(open) ? '• ' : ''}${typeof text === 'string' ? text : ''}`;
        }),
      told: () => notices.getState().shown.map(({ text }) => text),
    };
  }

  /** However it ends, the browser gives its locks back. */
  leave(): void {
    for (const name of this.held.splice(0)) locks.delete(name);
  }
}

/** The drafts on the disk, once they are as a test wants them. */
async function keptOnce(isThere: (drafts: readonly Draft[]) => boolean): Promise<readonly Draft[]> {
  return vi.waitFor(
    async () => {
      const kept = await files.drafts();
      if (!isThere(kept)) throw new Error(`The drafts are ${JSON.stringify(kept)}.`);
      return kept;
    },
    { timeout: 300_000 },
  );
}

const textOf = ({ document }: Draft): unknown => document.nodes['prompt']?.params['text'];

test('a graph is kept as it is edited, saved and closed', async () => {
  const path = join(folder, 'kept.patchbay.json');
  const saved = await files.saveDocument({ path, document: graph, stamp: null, overwrite: true });
  if (!saved.ok) throw new Error('The file cannot be written.');
  const page = await new Tab().load();
  const id = page.openDocument(graph, { file: saved.value });
  page.type('Why?');
  const [draft] = await keptOnce(([first]) => first?.unsaved ?? false);
  expect(draft).toMatchObject({ id, path, stamp: saved.value.stamp });
  expect(draft && textOf(draft)).toBe('Why?');

  expect(await page.save(id)).toBe(true);
  const [kept] = await keptOnce(([first]) => first !== undefined && !first.unsaved);
  expect(kept).toMatchObject({ id, path, document: draft?.document });
  expect(kept?.stamp).not.toBe(saved.value.stamp);

  page.closeDocument(id);
  await keptOnce((drafts) => drafts.length === 0);
});

test('a page that is loaded again has its tabs in their order, and the same graph at the front', async () => {
  const tab = new Tab();
  const before = await tab.load();
  const ids = ['first', 'second', 'third'].map((text) => {
    const id = before.openDocument(graph);
    before.type(text);
    return id;
  });
  before.activate(ids[1] ?? null);
  await keptOnce((drafts) => drafts.length === 3);

  const after = await tab.load();
  expect(after.shown()).toEqual(['• first', '• second', '• third']);
  expect(after.workspace.getState().activeId).toBe(ids[1]);
  expect(after.told()).toEqual([]);
});

test('after a crash the next window brings the unsaved work back, and takes none from a window that lives', async () => {
  const living = await new Tab().load();
  living.openDocument(graph);
  living.type('still being written');
  await keptOnce((drafts) => drafts.length === 1);
  const crashing = new Tab();
  const page = await crashing.load();
  page.openDocument(graph);
  page.type('lost?');
  // Nothing is lost of a graph without changes.
  page.openDocument(graph);
  await keptOnce((drafts) => drafts.length === 3);
  crashing.leave();

  const next = await new Tab().load();
  expect(next.shown()).toEqual(['• lost?']);
  expect(next.told()).toEqual(['Unsaved work is back in one graph.']);
  const kept = await keptOnce((drafts) => drafts.length === 2);
  expect(new Set(kept.map(textOf))).toEqual(new Set(['lost?', 'still being written']));
});
