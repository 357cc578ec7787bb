import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encoded } from './encoded.testing.ts';
import { openChatTemplate } from './chat-template.ts';
import { buildPrompt, wordIds, type Prompt, type PromptRequest } from './prompt.ts';
import { standInTokenizer } from './stand-in-tokenizer.ts';
import { openTokenizer } from './open-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

const root = await mkdtemp(join(tmpdir(), 'patchbay-prompt-'));
afterAll(() => rm(root, { recursive: true }));

const presets = join(import.meta.dirname, '../../presets');
const shapes = join(presets, 'checkpoints/shapes-llava');
const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded');
const template = 'USER: <image>\n{prompt} ASSISTANT:';
const onePicture = ['image'] as const;
const twoPictures = ['image', 'image'] as const;
const noPicture = [] as const;

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

/** Ids of the words, and the runs of visual tokens between them by number. */
const order = ({ segments }: Prompt): (number | readonly number[])[] =>
  segments.map((segment) => (segment.kind === 'words' ? segment.ids : segment.run));

/** The words on both sides of one picture. */
function sidesOf({ segments }: Prompt): { before: readonly number[]; after: readonly number[] } {
  const at = segments.findIndex(({ kind }) => kind === 'visual');
  return {
    before: wordIds({ segments: segments.slice(0, at) }),
    after: wordIds({ segments: segments.slice(at + 1) }),
  };
}

function refusalOf(request: PromptRequest): string {
  const prompt = buildPrompt(request);
  if (prompt.ok) throw new Error('built');
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
          runs: onePicture,
        };
        const prompt = built(request);
        const { before, after } = sidesOf(prompt);
        ours.push({ text: prompt.text, ids: [...before, 3, ...after] });
        expected.push({ text: scene.prompt, ids: scene.prompt_tokens });
      }
    }
    expect(lines).toHaveLength(1000);
    expect(ours).toEqual(expected);
  });

  it.each(['llava-clip-llama', 'llava-siglip-phi', 'llava-next'])(
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
        expect(built({ tokenizer, template: written, chat, prompt, runs: onePicture })).toEqual({
          text: recordedCase.prompt,
          segments: [
            { kind: 'words', ids: ids.slice(0, first) },
            { kind: 'visual', run: 0 },
            { kind: 'words', ids: ids.slice(last + 1) },
          ],
        });
      }
    },
  );
});

describe('a question', () => {
  it('is plain text, whatever it spells where no picture is wired', async () => {
    const tokenizer = await open(shapes);
    const special = new Set([0, 1, 2, 3]);
    const prompt = 'is <image> a {prompt}? </s><s>';
    for (const chat of [
      await openChatTemplate(shapes),
      await chatOf('{{ messages[0].content | trim }}<{{ "/s>" }}'),
    ]) {
      for (const written of [template, '<image>{prompt}', null]) {
        const request = { tokenizer, template: written, chat, prompt, runs: noPicture };
        const ids = wordIds(built(request));
        expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toContain(prompt);
        expect(ids.slice(1, -1).filter((id) => special.has(id))).toEqual([]);
      }
    }
  });

  it('does not become a special token together with the template', async () => {
    const tokenizer = await open(shapes);
    const request = { tokenizer, template: '<image>\n<{prompt}', chat: null, runs: onePicture };
    const { after } = sidesOf(built({ ...request, prompt: 'image>' }));
    expect(tokenizer.decode(after, { skipSpecialTokens: true })).toBe('\n<image>');
  });

  it('may be trimmed by the chat template', async () => {
    const tokenizer = await open(shapes);
    const chat = await chatOf('{% for m in messages %}[{{ m.content | trim }}]{% endfor %}');
    const { text } = built({ tokenizer, template: null, chat, prompt: ' why? ', runs: noPicture });
    expect(text).toBe('[why?]');
  });
});

describe('the place of the picture', () => {
  it('is where a tokenizer without image token would read <image>, encoded on both sides apart', () => {
    const tokenizer = standInTokenizer(1000);
    const request = { tokenizer, template, chat: null, prompt: 'Is it <video>?', runs: onePicture };
    expect(built(request)).toEqual({
      text: 'USER: <image>\nIs it <video>? ASSISTANT:',
      segments: [
        { kind: 'words', ids: encoded(tokenizer.encode('USER: ', { addSpecialTokens: true })) },
        { kind: 'visual', run: 0 },
        {
          kind: 'words',
          ids: encoded(
            tokenizer.encode('\nIs it <video>? ASSISTANT:', { addSpecialTokens: false }),
          ),
        },
      ],
    });
  });

  it('is before the question in the chat template of a plain language model', async () => {
    const tokenizer = standInTokenizer(1000);
    const chat = await chatOf(
      "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '</s>\n' }}{% endfor %}<|assistant|>",
    );
    const request = { tokenizer, template: null, chat, prompt: 'Why?' };
    expect(built({ ...request, runs: onePicture }).text).toBe(
      '<|user|>\n<image>\nWhy?</s>\n<|assistant|>',
    );
    expect(built({ ...request, runs: noPicture }).text).toBe('<|user|>\nWhy?</s>\n<|assistant|>');
  });

  it('is dropped with the newline after it where no picture is wired', async () => {
    const tokenizer = await open(shapes);
    const request = { tokenizer, template, chat: null, prompt: 'Why?', runs: noPicture };
    const text = 'USER: Why? ASSISTANT:';
    expect(built(request)).toEqual({
      text,
      segments: [
        { kind: 'words', ids: encoded(tokenizer.encode(text, { addSpecialTokens: true })) },
      ],
    });
  });

  it('may be named by the image token of the checkpoint', async () => {
    const path = await mkdtemp(join(root, 'pad-'));
    const qwen2 = join(recorded, 'tokenizer/bytelevel-bpe-qwen2/tokenizer.json');
    const file = await readFile(qwen2, 'utf8');
    await writeFile(join(path, 'tokenizer.json'), file.replaceAll('<image>', '<|image_pad|>'));
    await writeFile(join(path, 'config.json'), '{"image_token_id": 515}');
    const tokenizer = await open(path);
    const request = { tokenizer, chat: null, prompt: 'Why?', runs: onePicture };
    const named = built({ ...request, template: '<|im_start|><|image_pad|>{prompt}' });
    expect(named).toEqual(built({ ...request, template: '<|im_start|><image>{prompt}' }));
    expect(sidesOf(named).before).toEqual([513]);
  });
});

describe('several pictures', () => {
  it('have the tokens that the processor of llava-two-images makes, by template and by chat template', async () => {
    const folder = join(recorded, 'pipeline', 'llava-two-images');
    const tokenizer = await open(folder);
    const { prompt: text, prompt_tokens: tokens } = JSON.parse(
      await readFile(join(folder, 'case.json'), 'utf8'),
    ) as { prompt: string; prompt_tokens: readonly string[] };
    const perPicture = 16;
    const chat = await openChatTemplate(folder);
    for (const written of [template, null]) {
      const prompt = 'What is in the picture?';
      const request = { tokenizer, template: written, chat, prompt, runs: twoPictures };
      const asTokens = built(request).segments.flatMap((segment) =>
        segment.kind === 'visual'
          ? Array.from({ length: perPicture }, () => '<image>')
          : segment.ids.map((id) => tokenizer.tokenOf(id)),
      );
      expect([built(request).text, asTokens]).toEqual([text, tokens]);
    }
  });

  it('go where the question says, in order, and then nowhere else', async () => {
    const tokenizer = standInTokenizer(1000);
    const prompt = 'Is <image> larger than <image>?';
    const words = (text: string, addSpecialTokens = false) =>
      encoded(tokenizer.encode(text, { addSpecialTokens }));
    const typed = built({ tokenizer, template, chat: null, prompt, runs: twoPictures });
    expect(typed.text).toBe('USER: Is <image> larger than <image>? ASSISTANT:');
    expect(order(typed)).toEqual([
      words('USER: Is ', true),
      0,
      words(' larger than '),
      1,
      words('? ASSISTANT:'),
    ]);
    const chat = await chatOf(
      "{% for part in messages[0].content %}{{ '<image>' if part.type == 'image' else part.text }}{% endfor %}!",
    );
    const chatted = built({ tokenizer, template: null, chat, prompt, runs: twoPictures });
    expect(chatted.text).toBe('Is <image> larger than <image>?!');
    const plain = await chatOf('Q: {{ messages[0].content | trim }}');
    const padded = { tokenizer, template: null, chat: plain, prompt: `${prompt} ` };
    expect(built({ ...padded, runs: twoPictures }).text).toBe(`Q: ${prompt}`);
  });

  it('are tokens of the checkpoint there, while the words around stay plain text', async () => {
    const tokenizer = await open(shapes);
    const prompt = 'is <image></s> or <image>?';
    const typed = built({ tokenizer, template, chat: null, prompt, runs: twoPictures });
    expect(typed.segments.map(({ kind }) => kind)).toEqual([
      'words',
      'visual',
      'words',
      'visual',
      'words',
    ]);
    expect(tokenizer.decode(wordIds(typed), { skipSpecialTokens: true })).toContain('</s> or');
  });

  it('all go to one place, each with the line break that follows it', () => {
    const tokenizer = standInTokenizer(1000);
    const request = { tokenizer, template, chat: null, runs: twoPictures };
    expect(built({ ...request, prompt: 'Which?' }).text).toBe(
      'USER: <image>\n<image>\nWhich? ASSISTANT:',
    );
    expect(built({ ...request, prompt: 'Here <image> which?' }).text).toBe(
      'USER: Here <image><image> which? ASSISTANT:',
    );
  });

  it('are told apart from clips, which take places of pictures where there are none of their own', () => {
    const tokenizer = standInTokenizer(1000);
    const runs = ['video', 'image'] as const;
    const request = { tokenizer, chat: null, prompt: 'Why?', runs };
    const places = (written: string) =>
      order(built({ ...request, template: written })).filter(Number.isInteger);
    expect(places('<image><video>{prompt}')).toEqual([1, 0]);
    expect(places(template)).toEqual([0, 1]);
    const clip = { tokenizer, chat: null, template: '<video>{prompt}', runs: ['video'] } as const;
    expect(built({ ...clip, prompt: 'What is <image>?' }).text).toBe('<video>What is <image>?');
  });

  it('are refused where there are more places than pictures, or fewer', () => {
    const tokenizer = standInTokenizer(1000);
    const request = { tokenizer, template, chat: null, runs: twoPictures };
    expect(buildPrompt({ ...request, prompt: '<image> <image> <image>' })).toMatchObject({
      ok: false,
      problems: [
        {
          code: 'marker-mismatch',
          port: 'prompt',
          message:
            'The prompt has 3 places <image>, but 2 pictures are wired; write <image> once for each, or once for all.',
        },
      ],
    });
  });
});

describe('a begin-of-text token', () => {
  it('is not added to a template that begins with it', async () => {
    const tokenizer = await open(join(recorded, 'tokenizer/bytelevel-bpe-llama3'));
    const chat = await chatOf('{{ "<|begin_of_text|>" }}{{ messages[0].content }}');
    const request = { tokenizer, chat, prompt: 'a', runs: noPicture };
    expect(wordIds(built({ ...request, template: null }))).toEqual([516, 64]);
    expect(wordIds(built({ ...request, template: '{prompt}' }))).toEqual([516, 64]);
    // A question cannot take its place.
    const typed = built({ ...request, template: '{prompt}', prompt: '<|begin_of_text|>' });
    expect(wordIds(typed).filter((id) => id === 516)).toHaveLength(1);
  });
});

describe('a template that cannot be used', () => {
  it('says what is missing', async () => {
    const tokenizer = await open(shapes);
    const request = { tokenizer, chat: null, prompt: 'Why?', runs: onePicture };
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
      'The template has 2 places <image>, but 1 picture is wired; write <image> once for each, or once for all.',
      'The template leaves the question out: add {prompt} where it goes.',
      'Without a checkpoint there is no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
      expect.stringMatching(
        /^The chat template in ROOT.* does not show one question and one picture: write a prompt template instead\.$/,
      ),
      'ROOT has no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
    ]);
  });
});
