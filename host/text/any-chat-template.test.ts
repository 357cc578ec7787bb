/** What holds for every chat template, however odd: it renders or is refused, and fills no memory. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { openChatTemplate } from './chat-template.ts';

const folder = await mkdtemp(join(tmpdir(), 'patchbay-any-chat-'));
afterAll(() => rm(folder, { recursive: true }));

/** Pieces of published templates, whole and broken; none of them loops for long by itself. */
const pieces = `
{% for message in messages %} ¦ {% endfor %} ¦ {% if message.role == "user" %} ¦ {% else %} ¦ {% endif %} ¦
{{ message.content }} ¦ {{ message["content"] | trim }} ¦ {{ bos_token }} ¦ {% set x = messages[0] %} ¦
{{ x | tojson }} ¦ {{ x.role | upper }} ¦ {{- "<image>" -}} ¦ {{ messages | length }} ¦ {{ range(3) | join }} ¦
{{ range(-1) }} ¦ {{ range(10**9) }} ¦ {{ messages[99].role }} ¦ {{ none.x }} ¦ {% macro m(a) %} ¦ {% endmacro %} ¦
{{ m(1) }} ¦ {{ loop.index }} ¦ {{ "a" ~ 7 }} ¦ {{ 7 // 0 }} ¦ {{ raise_exception("no") }} ¦ {% generation %} ¦
{# ¦ #} ¦ {{ ¦ }} ¦ {% ¦ %} ¦ {{ messages.constructor }} ¦ {{ "x".__proto__ }} ¦ {{ strftime_now("%Y") }} ¦
{% set ns = namespace(x=[1]) %} ¦ {% set ns.x = ns.x + ns.x %} ¦ {{ "a" | indent(9) }}
`
  .split('¦')
  .map((piece) => piece.trim());
const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 12 }));

it('renders to a bounded text, or says why not', async () => {
  let rendered = 0;
  const rendersOrRefuses = async (drawn: readonly string[], words: string): Promise<void> => {
    await writeFile(join(folder, 'chat_template.jinja'), drawn.join(''));
    const template = await openChatTemplate(folder);
    if (!template.ok) throw new Error('There is a template.');
    const text = template.value.render([{ role: 'user', content: words }]);
    if (text.ok) {
      rendered += 1;
      expect(text.value.length).toBeLessThanOrEqual(4_000_000);
      return;
    }
    const [problem] = text.problems;
    expect(problem?.code).toBe('checkpoint-unreadable');
    expect(problem?.message).toMatch(
      /^The chat template in .* cannot be used \([^]+\): write a prompt/,
    );
  };
  const property = fc.asyncProperty(
    fc.array(piece, { maxLength: 12 }),
    fc.string(),
    rendersOrRefuses,
  );
  await fc.assert(property, { numRuns: 300 });
  expect(rendered).toBeGreaterThan(0);
});
