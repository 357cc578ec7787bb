import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openChatTemplate } from './chat-template.ts';
import { buildPrompt, type Prompt, type PromptRequest } from './prompt.ts';
import { standInTokenizer } from './stand-in-tokenizer.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

const root = await mkdtemp(join(tmpdir(), 'patchbay-prompt-'));
afterAll(() => rm(root, { recursive: true }));

const presets = join(import.meta.dirname, '../../presets');
const shapes = join(presets, 'checkpoints/shapes-llava');
const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded');
const template = 'USER: <image>\n{prompt} ASSISTANT:';

async function open(folder: string): Promise<Tokenizer> {
  const opened = await openTokenizer(folder);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

function built(request: PromptRequest): Prompt {
  const prompt = buildPrompt(request);
  if (!prompt.ok) throw new Error(prompt.problems[0]?.message);
  return prompt.value;
}

function refusalOf(request: PromptRequest): string {
  const prompt = buildPrompt(request);
  if (prompt.ok) throw new Error('built');
  expect(prompt.problems[0]).toMatchObject({ param: 'template' });
  return prompt.problems[0]?.message ?? '';
}

async function chatOf(source: string): Promise<PromptRequest['chat']> {
  const folder = await mkdtemp(join(root, 'chat-'));
  await writeFile(join(folder, 'chat_template.jinja'), source);
  return openChatTemplate(folder);
}

describe('the prompt of a checkpoint', () => {
  it('has the tokens that shapes-llava was evaluated with, by template and by chat template', async () => {
    const tokenizer = await open(shapes);
    const chat = await openChatTemplate(shapes);
    const lines = (await readFile(join(presets, 'shapes-eval/dev.jsonl'), 'utf8'))
      .trim()
      .split('\n');
    const expected: unknown[] = [];
    const ours: unknown[] = [];
    for (const line of lines) {
      const scene = JSON.parse(line) as {
        question: string;
        prompt: string;
        prompt_tokens: readonly number[];
      };
      for (const written of [template, null]) {
        const request = {
          tokenizer,
          template: written,
          chat,
          prompt: scene.question,
          hasImage: true,
        };
        const { text, before, after } = built(request);
        ours.push({ text, ids: [...before, 3, ...after] });
        expected.push({ text: scene.prompt, ids: scene.prompt_tokens });
      }
    }
    expect(lines).toHaveLength(1000);
    expect(ours).toEqual(expected);
  });

  it.each(['llava-clip-llama', 'llava-siglip-phi'])(
    'has the tokens that the processor of %s makes',
    async (name) => {
      const folder = join(recorded, 'pipeline', name);
      const tokenizer = await open(folder);
      const recordedCase = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')) as {
        prompt: string;
        prompt_tokens: readonly string[];
      };
      const first = recordedCase.prompt_tokens.indexOf('<image>');
      const last = recordedCase.prompt_tokens.lastIndexOf('<image>');
      const ids = recordedCase.prompt_tokens.map((token) => tokenizer.idOf(token));
      const chat = await openChatTemplate(folder);
      for (const written of [template, null]) {
        const prompt = 'What is in the picture?';
        expect(built({ tokenizer, template: written, chat, prompt, hasImage: true })).toEqual({
          text: recordedCase.prompt,
          before: ids.slice(0, first),
          after: ids.slice(last + 1),
          hasImage: true,
        });
      }
    },
  );
});

describe('a question', () => {
  it('is plain text, whatever it spells', async () => {
    const tokenizer = await open(shapes);
    const special = new Set([0, 1, 2, 3]);
    const prompt = 'is <image> a {prompt}? </s><s>';
    for (const chat of [
      await openChatTemplate(shapes),
      await chatOf('{{ messages[0].content | trim }}<{{ "/s>" }}'),
    ]) {
      for (const written of [template, '<image>{prompt}', null]) {
        const { before, after } = built({
          tokenizer,
          template: written,
          chat,
          prompt,
          hasImage: true,
        });
        expect(tokenizer.decode(after, { skipSpecialTokens: false })).toContain(prompt);
        expect(before.slice(1).filter((id) => special.has(id))).toEqual([]);
        expect(after.slice(0, -1).filter((id) => special.has(id))).toEqual([]);
      }
    }
  });

  it('does not become a special token together with the template', async () => {
    const tokenizer = await open(shapes);
    const request = { tokenizer, template: '<image>\n<{prompt}', chat: null, hasImage: true };
    const { after } = built({ ...request, prompt: 'image>' });
    expect(tokenizer.decode(after, { skipSpecialTokens: true })).toBe('\n<image>');
  });

  it('may be trimmed by the chat template', async () => {
    const tokenizer = await open(shapes);
    const chat = await chatOf('{% for m in messages %}[{{ m.content | trim }}]{% endfor %}');
    const { text } = built({ tokenizer, template: null, chat, prompt: ' why? ', hasImage: false });
    expect(text).toBe('[why?]');
  });
});

describe('the place of the picture', () => {
  it('is where a tokenizer without image token would read <image>, encoded on both sides apart', () => {
    const tokenizer = standInTokenizer(1000);
    const request = { tokenizer, template, chat: null, prompt: 'Is it <image>?', hasImage: true };
    const { text, before, after } = built(request);
    expect(text).toBe('USER: <image>\nIs it <image>? ASSISTANT:');
    expect(before).toEqual(tokenizer.encode('USER: ', { addSpecialTokens: true }));
    expect(after).toEqual(
      tokenizer.encode('\nIs it <image>? ASSISTANT:', { addSpecialTokens: false }),
    );
  });

  it('is before the question in the chat template of a plain language model', async () => {
    const tokenizer = standInTokenizer(1000);
    const chat = await chatOf(
      "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '</s>\n' }}{% endfor %}<|assistant|>",
    );
    const request = { tokenizer, template: null, chat, prompt: 'Why?' };
    expect(built({ ...request, hasImage: true }).text).toBe(
      '<|user|>\n<image>\nWhy?</s>\n<|assistant|>',
    );
    expect(built({ ...request, hasImage: false }).text).toBe('<|user|>\nWhy?</s>\n<|assistant|>');
  });

  it('is dropped with the newline after it where no picture is wired', async () => {
    const tokenizer = await open(shapes);
    const request = { tokenizer, template, chat: null, prompt: 'Why?', hasImage: false };
    const text = 'USER: Why? ASSISTANT:';
    expect(built(request)).toEqual({
      text,
      before: tokenizer.encode(text, { addSpecialTokens: true }),
      after: [],
      hasImage: false,
    });
  });

  it('may be named by the image token of the checkpoint', async () => {
    const path = await mkdtemp(join(root, 'pad-'));
    const qwen2 = join(recorded, 'tokenizer/bytelevel-bpe-qwen2/tokenizer.json');
    const file = await readFile(qwen2, 'utf8');
    await writeFile(join(path, 'tokenizer.json'), file.replaceAll('<image>', '<|image_pad|>'));
    await writeFile(join(path, 'config.json'), '{"image_token_id": 515}');
    const tokenizer = await open(path);
    const request = { tokenizer, chat: null, prompt: 'Why?', hasImage: true };
    const named = built({ ...request, template: '<|im_start|><|image_pad|>{prompt}' });
    expect(named).toEqual(built({ ...request, template: '<|im_start|><image>{prompt}' }));
    expect(named.before).toEqual([513]);
  });
});

describe('a begin-of-text token', () => {
  it('is not added to a template that begins with it', async () => {
    const tokenizer = await open(join(recorded, 'tokenizer/bytelevel-bpe-llama3'));
    const chat = await chatOf('{{ "<|begin_of_text|>" }}{{ messages[0].content }}');
    const request = { tokenizer, chat, prompt: 'a', hasImage: false };
    expect(built({ ...request, template: null }).before).toEqual([516, 64]);
    expect(built({ ...request, template: '{prompt}' }).before).toEqual([516, 64]);
    // A question cannot take its place.
    const typed = built({ ...request, template: '{prompt}', prompt: '<|begin_of_text|>' }).before;
    expect(typed.filter((id) => id === 516)).toHaveLength(1);
  });
});

describe('a template that cannot be used', () => {
  it('says what is missing', async () => {
    const tokenizer = await open(shapes);
    const request = { tokenizer, chat: null, prompt: 'Why?', hasImage: true };
    const textOnly = await chatOf('{{ messages[0].content[0].text }}');
    expect([
      refusalOf({ ...request, template: 'USER: {prompt}' }),
      refusalOf({ ...request, template: '<image><image>{prompt}' }),
      refusalOf({ ...request, template: '<image>' }),
      refusalOf({ ...request, template: null }),
      refusalOf({ ...request, template: null, chat: textOnly }).replace(root, 'ROOT'),
      refusalOf({ ...request, template: null, chat: await openChatTemplate(root) }).replace(
        root,
        'ROOT',
      ),
    ]).toEqual([
      'The template has no place for the picture: add <image> where the visual tokens go.',
      'The template has more than one <image>: keep the one that is meant.',
      'The template leaves the question out: add {prompt} where it goes.',
      'Without a checkpoint there is no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
      expect.stringMatching(
        /^The chat template in ROOT.* does not show one question and one picture: write a prompt template instead\.$/,
      ),
      'ROOT has no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
    ]);
  });
});
