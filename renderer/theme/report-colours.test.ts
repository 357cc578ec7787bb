import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportColours } from '#engine/profile/html/page-style.ts';

test('saved reports have the colours of the app, light and dark', async () => {
  const css = await readFile(join(import.meta.dirname, 'tokens.css'), 'utf8');
  const [light = '', dark = ''] = css.split("[data-theme='dark']");
  for (const [text, colours] of [
    [light, reportColours.light],
    [dark, reportColours.dark],
  ] as const) {
    const tokens = Object.fromEntries(
      [...text.matchAll(/--([a-z-]+): ([^;]+);/g)].map(([, name = '', value]) => [name, value]),
    );
    expect(tokens).toMatchObject(colours);
  }
});
