import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { maxTemplateCharacters, openChatTemplate, type ChatMessage } from './chat-template.ts';

const root = await mkdtemp(join(tmpdir(), 'patchbay-chat-'));
afterAll(() => rm(root, { recursive: true }));

const shapes = join(import.meta.dirname, '../../presets/checkpoints/shapes-llava');
const messages: readonly ChatMessage[] = [
  { role: 'user', content: [{ type: 'image' }, { type: 'text', text: 'What is it?' }] },
];

async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(root, 'folder-'));
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** The rendered text, or the sentence that says why there is none. */
async function rendered(folder: string): Promise<string> {
  const template = await openChatTemplate(folder);
  const text = template.ok ? template.value.render(messages) : template;
  if (text.ok) return text.value;
  expect(text.problems[0]).toMatchObject({ code: 'checkpoint-unreadable', param: 'template' });
  return text.problems[0]?.message.replaceAll(folder, 'FOLDER') ?? '';
}

describe('a chat template', () => {
  it('renders messages in the multimodal form, up to where the answer begins', async () => {
    expect(await rendered(shapes)).toBe('USER: <image>\nWhat is it? ASSISTANT:');
  });

  it('is looked for where transformers looks, one file before the other', async () => {
    const files = {
      'tokenizer_config.json': {
        chat_template: [
          { name: 'tool_use', template: 'tools' },
          { name: 'default', template: 'from the tokenizer' },
        ],
      },
      'processor_config.json': { chat_template: 'from the processor' },
      'chat_template.json': { chat_template: 'from json' },
      'chat_template.jinja': 'from jinja',
    };
    const names = Object.keys(files) as (keyof typeof files)[];
    const found: string[] = [];
    for (const count of [1, 2, 3, 4]) {
      const some = names.slice(0, count).map((name) => [name, files[name]] as const);
      found.push(await rendered(await folderWith(Object.fromEntries(some))));
    }
    expect(found).toEqual(['from the tokenizer', 'from the processor', 'from json', 'from jinja']);
  });

  it('knows the special tokens of the folder, and that there are no tools', async () => {
    const folder = await folderWith({
      'chat_template.jinja':
        '{{ bos_token }}{% if tools is none %}{{ messages[0].role }}{% endif %}{{ eos_token }}{{ sep_token }}\n',
      'tokenizer_config.json': {
        bos_token: { content: '<s>' },
        eos_token: '</s>',
        pad_token: null,
      },
      'special_tokens_map.json': { bos_token: '<other>', sep_token: '<sep>' },
    });
    expect(await rendered(folder)).toBe('<s>user</s><sep>');
  });

  it('that cannot be used says why and what to do', async () => {
    const sentences: string[] = [];
    for (const template of [
      '{% if %}',
      "{{ raise_exception('Only text is supported') }}",
      'x'.repeat(maxTemplateCharacters + 1),
      '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}',
      "{{ messages[0].constructor.constructor('return process')() }}",
    ]) {
      sentences.push(await rendered(await folderWith({ 'chat_template.jinja': template })));
    }
    sentences.push(await rendered(await folderWith({ 'tokenizer_config.json': {} })));
    const unusable = (reason: string): string =>
      `The chat template in FOLDER/chat_template.jinja cannot be used (${reason}): write a prompt template instead.`;
    expect(sentences).toEqual([
      unusable('Unexpected token: CloseStatement'),
      unusable('Only text is supported'),
      unusable('it has more than 200000 characters'),
      unusable('it takes over 1000 ms'),
      unusable('Cannot call something that is not a function: got UndefinedValue'),
      'FOLDER has no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
    ]);
  });

  it('that would fill memory is refused before it does', async () => {
    const grown = (start: string): string =>
      `{% set ns = namespace(x=${start}) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}`;
    const reasons = {
      '{% for i in range(10**9) %}{% endfor %}': 'it counts further than 100000 with range()',
      '{% for i in range(0, -1000000000, -1) %}{% endfor %}':
        'it counts further than 100000 with range()',
      '{% set count = range %}{{ count(100001) }}': 'it counts further than 100000 with range()',
      [grown('range(99999)')]: 'it makes a list of more than 1000000 items',
      [grown("'ab'")]: 'it makes a text of more than 4000000 characters',
    };
    for (const [template, reason] of Object.entries(reasons)) {
      expect(await rendered(await folderWith({ 'chat_template.jinja': template }))).toBe(
        `The chat template in FOLDER/chat_template.jinja cannot be used (${reason}): write a prompt template instead.`,
      );
    }
  });

  it('has the globals of transformers', async () => {
    const template =
      '{{ range(3) | join }}{{ range(1, 8, 3) | join }}{{ range(3, 0, -2) | join }}{{ True and true }}{{ none is none and None is none }}{{ strftime_now("%%") }}{% if False or false %}no{% endif %}';
    const folder = await folderWith({ 'chat_template.jinja': template });
    expect(await rendered(folder)).toBe('01214731truetrue%');
  });

  it.skipIf(process.platform === 'win32')('is not waited for in a pipe', async () => {
    const folder = await folderWith({});
    execFileSync('mkfifo', [join(folder, 'chat_template.jinja')]);
    const opened = await openChatTemplate(folder);
    expect(opened).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('is no regular file') as string }],
    });
  });
});
