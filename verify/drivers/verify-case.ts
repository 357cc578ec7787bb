/** Checks one recorded case with the nodes that its row names. */
import { assertNever } from '#engine/contract/outcome.ts';
import type { Checked } from './case-check.ts';
import type { CaseResult } from '../cases/case-result.ts';
import type { CaseRow } from '../cases/rows/case-row.ts';
import { caseRows, rowFor } from '../cases/cases.ts';
import { attentionDriver } from './attention.ts';
import { attentionHeadsDriver } from './attention-heads.ts';
import { deformableLayerDriver } from './deformable-layer.ts';
import { feedForwardDriver } from './feed-forward.ts';
import { funnelDriver } from './funnel.ts';
import { clipsDriver } from './clips.ts';
import { chainAsGraph, graphDriver } from './graph.ts';
import { languageDriver } from './language.ts';
import { mergingDriver } from './merging.ts';
import { gridDriver } from './grid.ts';
import { packingDriver } from './packing.ts';
import { dualityDriver } from './duality.ts';
import { mixerDriver } from './mixer.ts';
import { picturesDriver } from './pictures.ts';
import { pipelineDriver } from './pipeline.ts';
import { prunedBlockDriver } from './pruned-block.ts';
import { preprocessDriver } from './preprocess.ts';
import { recurrentBlocksDriver } from './recurrent-blocks.ts';
import { tokenizerDriver } from './tokenizer.ts';
import { exemptions, exemptOf } from '../cases/exemptions.ts';
import { recordedNames, type RecordedCase } from '../cases/recorded-case.ts';
import { verdictOf } from '../cases/verdict.ts';
import type { Workbench } from '../workbench.ts';

export async function verifyCase(
  recorded: RecordedCase,
  workbench: Workbench,
): Promise<CaseResult> {
  const { family, name, atol, config } = recorded;
  const names = recordedNames(recorded);
  const exempt = exemptOf(exemptions, `${family}/${name}`, names);
  const facts = { family, name, atol, maxAbsError: null, compared: [], recorded: names, exempt };
  const row = rowFor(caseRows, { family, name, modelType: config['model_type'] });
  if (!row) return { ...facts, status: 'unsupported', message: 'No node for this mechanism yet.' };
  const checked = await check(row, recorded, workbench);
  await workbench.clear();
  if ('unsupported' in checked)
    return { ...facts, status: 'unsupported', message: checked.unsupported };
  if (!checked.ok) {
    const message = checked.problems.map((problem) => problem.message).join(' ');
    return { ...facts, status: 'fail', message };
  }
  return { ...facts, ...verdictOf(names, checked.value, exempt) };
}

function check(row: CaseRow, recorded: RecordedCase, workbench: Workbench): Promise<Checked> {
  switch (row.kind) {
    case 'nodes':
      return graphDriver(chainAsGraph(row), recorded, workbench);
    case 'graph':
      return graphDriver(row, recorded, workbench);
    case 'pictures':
      return picturesDriver(row, recorded, workbench);
    case 'feed-forward':
      return feedForwardDriver(row, recorded, workbench);
    case 'attention':
      return attentionDriver(row, recorded, workbench);
    case 'attention-heads':
      return attentionHeadsDriver(row, recorded, workbench);
    case 'funnel':
      return funnelDriver(row, recorded, workbench);
    case 'merging':
      return mergingDriver(row, recorded, workbench);
    case 'deformable-layer':
      return deformableLayerDriver(row, recorded, workbench);
    case 'pruned-block':
      return prunedBlockDriver(row, recorded, workbench);
    case 'mixer':
      return mixerDriver(row, recorded, workbench);
    case 'recurrent-blocks':
      return recurrentBlocksDriver(row, recorded, workbench);
    case 'duality':
      return dualityDriver(row, recorded, workbench);
    case 'language':
      return languageDriver(row, recorded, workbench);
    case 'preprocess':
      return preprocessDriver(row, recorded, workbench);
    case 'grid':
      return gridDriver(row, recorded);
    case 'packing':
      return packingDriver(row, recorded, workbench);
    case 'clips':
      return clipsDriver(row, recorded, workbench);
    case 'tokenizer':
      return tokenizerDriver(row, recorded, workbench);
    case 'pipeline':
      return pipelineDriver(row, recorded, workbench);
    default:
      return assertNever(row);
  }
}
