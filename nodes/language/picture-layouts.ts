/** How published models lay out the views of a picture in a prompt, one row a way. */
import type { AroundView, PictureLayout } from '#engine/node/picture-layout.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { modelTypeOf, partOf } from '../config/published-config.ts';
import { languageParts } from './decoder-config.ts';

interface PublishedLayout {
  readonly label: string;
  readonly about: string;
  /** `model_type` of the configurations of whole models, or of the tower in one. */
  readonly modelTypes: readonly string[];
  /** Texts that are not empty. */
  readonly texts: Partial<PictureLayout>;
}

const around = (before: string, behind = ''): AroundView => ({ before, behind });

/** Stands before every view of Idefics, and behind the last. */
const fake = '<fake_token_around_image>';
const gemmaPicture = around('\n\n<start_of_image>', '<end_of_image>\n\n');

const layouts = {
  plain: {
    label: 'None',
    about: 'Nothing but the visual tokens, as in LLaVA, PaliGemma and DeepSeek-VL.',
    modelTypes: [],
    texts: {},
  },
  internvl: {
    label: 'InternVL',
    about: '<img> and </img> around the tokens of all tiles.',
    modelTypes: ['internvl', 'internvl_chat'],
    texts: {
      opens: '<img>',
      closes: '</img>',
    },
  },
  janus: {
    label: 'Janus',
    about: 'A token where the picture begins, and one where it ends.',
    modelTypes: ['janus'],
    texts: {
      opens: '<begin_of_image>',
      closes: '<end_of_image>',
    },
  },
  'qwen2-vl': {
    label: 'Qwen2-VL',
    about: 'A token where vision begins, and one where it ends.',
    modelTypes: ['qwen2_vl', 'qwen2_5_vl'],
    texts: {
      opens: '<|vision_start|>',
      closes: '<|vision_end|>',
    },
  },
  idefics2: {
    label: 'Idefics2',
    about: 'The same token before every view and behind the last, and a space before a word.',
    modelTypes: ['idefics2'],
    texts: {
      alone: around(fake),
      whole: around(fake),
      tile: around(fake),
      closes: fake,
      beforeWord: ' ',
    },
  },
  idefics3: {
    label: 'Idefics3, SmolVLM',
    about:
      'Row and column before every tile, a line a row of tiles, and the whole on a line apart.',
    modelTypes: ['idefics3', 'smolvlm'],
    texts: {
      alone: around(`${fake}<global-img>`),
      whole: around(`\n\n${fake}<global-img>`),
      tile: around(`${fake}<row_{row}_col_{column}>`),
      betweenTileRows: '\n',
      closes: fake,
    },
  },
  gemma3: {
    label: 'Gemma 3',
    about: 'Every view between two tokens; a sentence tells the whole from the crops.',
    modelTypes: ['gemma3'],
    texts: {
      marker: '<start_of_image>',
      alone: gemmaPicture,
      whole: around(
        `Here is the original image ${gemmaPicture.before}`,
        `${gemmaPicture.behind} and here are some crops to help you see better `,
      ),
      tile: gemmaPicture,
      betweenTiles: ' ',
      betweenTileRows: ' ',
    },
  },
  pixtral: {
    label: 'Pixtral',
    about: 'A token between the rows of visual tokens, and another behind the last row.',
    modelTypes: ['pixtral', 'mistral3'],
    texts: {
      betweenTokenRows: '[IMG_BREAK]',
      closes: '[IMG_END]',
    },
  },
  'llava-uhd': {
    label: 'LLaVA-UHD',
    about: 'A comma between the slices of a row, and a line a row.',
    modelTypes: [],
    texts: {
      betweenTiles: ',',
      betweenTileRows: '\n',
    },
  },
} as const satisfies Readonly<Record<string, PublishedLayout>>;

export type PictureLayoutName = keyof typeof layouts;

const nothing: PictureLayout = {
  marker: '',
  opens: '',
  closes: '',
  beforeWord: '',
  alone: around(''),
  whole: around(''),
  tile: around(''),
  betweenTiles: '',
  betweenTileRows: '',
  betweenTokenRows: '',
};

const names = Object.keys(layouts) as PictureLayoutName[];

export const pictureLayoutParam = {
  kind: 'choice',
  label: 'Picture layout',
  help: 'What the prompt says around a picture and between its tiles, as the model was taught to see it.',
  default: 'plain',
  options: names.map((value) => ({
    value,
    label: layouts[value].label,
    about: layouts[value].about,
  })),
} as const;

export const pictureLayout = (name: PictureLayoutName): PictureLayout => ({
  ...nothing,
  ...layouts[name].texts,
});

/** What a configuration says of a language model, and the layout where it is that of a whole model. */
export const withPictureLayout =
  (fromConfig: (files: ConfigFiles) => Outcome<TakenConfig>) =>
  (files: ConfigFiles): Outcome<TakenConfig> => {
    const taken = fromConfig(files);
    const whole = files['config.json'];
    // Of a whole model: some describe their language model beside the tower, with no part of its own.
    if (!taken.ok || !whole || !partOf(whole, [...languageParts, 'vision_config'])) return taken;
    const { params, ...rest } = taken.value;
    return ok({ ...rest, params: { ...params, pictureLayout: pictureLayoutOf(whole) } });
  };

/** As the configuration of a whole model names itself, or what sees in it. */
function pictureLayoutOf(whole: JsonObject): PictureLayoutName {
  const tower = partOf(whole, ['vision_config']);
  const types = [modelTypeOf(whole), ...(tower ? [modelTypeOf(tower)] : [])];
  const rows = names.map((name) => ({
    name,
    types: layouts[name].modelTypes as readonly string[],
  }));
  const row = types.flatMap((type) => rows.find((each) => each.types.includes(type)) ?? [])[0];
  return row?.name ?? 'plain';
}

/** Why visual tokens cannot be laid out so; null where they can. */
export function layoutProblem(
  visual: readonly WireOf<'tokens'>[],
  name: PictureLayoutName,
): Problem | null {
  if (pictureLayout(name).betweenTokenRows === '') return null;
  if (visual.every(({ grid, prefixTokens }) => grid !== null && prefixTokens === 0)) return null;
  const message = `The picture layout "${layouts[name].label}" sets a token between the rows of visual tokens, and these lie on no grid; choose another layout, or a projector that keeps the grid.`;
  return error('arrangement-unsupported', message, { param: 'pictureLayout' });
}
