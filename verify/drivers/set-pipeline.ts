/** The nodes of a whole model, each as the configuration has it. */
import type { Media } from '#engine/node/wire.ts';
import type { NodeSetting } from '../cases/rows/node-setting.ts';
import type { PipelineRow, PipelineWay } from '../cases/rows/pipeline-row.ts';
import type { RecordedCase } from '../cases/recorded-case.ts';
import { setNode, type SetNode } from './node-params.ts';
import type { RawSource } from './raw-sources.ts';

export interface PipelineNodes extends Pick<
  PipelineRow,
  'template' | 'spellings' | 'places' | 'positions'
> {
  readonly ways: readonly SetWay[];
  readonly language: SetNode;
}

export interface SetWay {
  readonly way: PipelineWay;
  readonly sources: readonly RawSource[];
  readonly preprocess: SetNode;
  readonly vision: readonly SetNode[];
}

/** Or what of them is not built. */
export function setPipeline(
  row: PipelineRow,
  recorded: RecordedCase,
  sources: Readonly<Record<Media, readonly RawSource[]>>,
): PipelineNodes | string {
  const set = (settings: readonly NodeSetting[]): SetNode | string => {
    const nodes = settings.map((setting) => setNode(setting, recorded, recorded.files));
    return nodes.find((node) => typeof node !== 'string') ?? (nodes[0] as string);
  };
  const ways: SetWay[] = [];
  for (const way of row.ways) {
    const preprocess = set([way.preprocess]);
    if (typeof preprocess === 'string') return preprocess;
    const vision: SetNode[] = [];
    for (const settings of way.vision) {
      const node = set(settings);
      if (typeof node === 'string') return node;
      vision.push(node);
    }
    ways.push({ way, sources: sources[way.media], preprocess, vision });
  }
  const language = set([row.language]);
  return typeof language === 'string' ? language : { ...row, ways, language };
}
