/** The built page, read whole into memory at start: what is not among these files is not served. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Its name changes with its content, so that a browser may keep it for good. */
  readonly isHashed: boolean;
}

/** By the path in the address, "/assets/index-Bx2Q.js"; the page itself is "/". */
export type PageFiles = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Written last and before old files go, so that it tells whether the page was being replaced meanwhile. */
export const pageStampName = 'build-stamp';

/** Fails with `page-missing` where there is no page in the folder. */
export async function readPage(folder: string): Promise<Outcome<PageFiles>> {
  try {
    for (let attempts = 5; ; attempts--) {
      const before = await stampOf(folder);
      const page = await readPageOnce(folder);
      if ((await stampOf(folder)) === before || attempts === 1) return ok(page);
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    return fail(
      error(
        'page-missing',
        `The page cannot be read from ${folder} (${code}); install Patchbay again.`,
      ),
    );
  }
}

/** The page first: what it names was there before it. */
async function readPageOnce(folder: string): Promise<PageFiles> {
  const page = new Map<string, PageFile>();
  const index = await pageFile(folder, 'index.html');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === pageStampName) continue;
    const path = join(entry.parentPath, entry.name)
      .slice(join(folder, '/').length)
      .replaceAll('\\', '/');
    if (path !== 'index.html') page.set(`/${path}`, await pageFile(folder, path));
  }
  return page.set('/', index);
}

async function pageFile(folder: string, path: string): Promise<PageFile> {
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    bytes: await readFile(join(folder, path)),
    isHashed: path.startsWith('assets/'),
  };
}

async function stampOf(folder: string): Promise<string | null> {
  return readFile(join(folder, pageStampName), 'utf8').catch(() => null);
}
