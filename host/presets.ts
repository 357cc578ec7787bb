/** The preset graphs that come with Patchbay: one JSON document each. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { documentExtension, type GraphDocument } from '#engine/contract/document.ts';
import { fail, type Outcome } from '#engine/contract/outcome.ts';
import { presetSummarySchema, type PresetSummary } from '#engine/contract/preset-summary.ts';
import { error } from '#engine/contract/problem.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph, type CheckedNode } from '#engine/graph/check.ts';
import { publishedModel } from '#engine/node/published-models.ts';
import { portWithRole } from '#engine/node/node-definition.ts';
import { tokensInAll } from '#engine/node/wire.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { orNearest } from './nearest-names.ts';
import { presetsFolder, summariesFile } from './system/package-root.ts';

export async function presetIds(): Promise<readonly string[]> {
  const names = await readdir(presetsFolder);
  return names
    .filter((name) => name.endsWith(documentExtension))
    .map((name) => name.slice(0, -documentExtension.length))
    .toSorted();
}

export async function readPreset(id: string): Promise<Outcome<GraphDocument>> {
  const ids = await presetIds();
  if (!ids.includes(id)) {
    const meant = orNearest(id, ids);
    return fail(
      error(
        'preset-unknown',
        `There is no preset "${id}"${meant}; choose one of the gallery, or of patchbay presets.`,
      ),
    );
  }
  return readListed(id);
}

async function readListed(id: string): Promise<Outcome<GraphDocument>> {
  return readDocument(
    await readFile(join(presetsFolder, id + documentExtension), 'utf8'),
    catalogue,
  );
}

/** As the build reckoned them, or else reckoned now, which takes seconds. */
export async function publishedSummaries(): Promise<readonly PresetSummary[]> {
  if (!existsSync(summariesFile)) return presetSummaries();
  const published: unknown = JSON.parse(await readFile(summariesFile, 'utf8'));
  return z.array(presetSummarySchema).parse(published);
}

export async function presetSummaries(): Promise<readonly PresetSummary[]> {
  const summaries: PresetSummary[] = [];
  for (const id of await presetIds()) {
    const document = await readListed(id);
    if (document.ok) summaries.push(summarise(id, document.value));
  }
  return summaries;
}

export function summarise(id: string, document: GraphDocument): PresetSummary {
  const checked = checkGraph(document, catalogue);
  const estimate = estimateGraph(checked);
  if (!estimate.ok)
    throw new Error(`The preset "${id}" has problems: ${JSON.stringify(estimate.problems)}`);
  const { totals, stages } = estimate.value;
  const visual = Object.values(checked.nodes).flatMap(({ definition, inputs }) =>
    (inputs[portWithRole(definition, 'inputs', 'visual') ?? ''] ?? []).flatMap((wire) =>
      wire.kind === 'tokens' ? [tokensInAll(wire)] : [],
    ),
  )[0];
  const random = Object.values(checked.nodes).some(
    ({ params }) => (params['weights'] as { kind?: string } | undefined)?.kind === 'random',
  );
  const modelsOf = (nodes: readonly CheckedNode[]): readonly string[] =>
    nodes.flatMap(
      ({ definition, params }) => (definition && publishedModel(definition, params)) ?? [],
    );
  const nodes = Object.values(checked.nodes);
  return {
    id,
    title: document.title,
    about: document.about,
    publication: document.publication ?? null,
    nodeTypes: [...new Set(Object.values(document.nodes).map(({ type }) => type))],
    models: modelsOf(nodes),
    languageModel:
      modelsOf(nodes.filter(({ definition }) => definition?.family === 'language'))[0] ?? null,
    parameters: totals.parameters,
    activeParameters: totals.activeParameters,
    otherParameters: stages
      .filter(({ language }) => !language)
      .reduce((sum, stage) => sum + stage.parameters, 0),
    visualTokens:
      stages.find(({ language }) => language)?.language?.keptVisualTokens ?? visual?.tokens ?? 0,
    visualTokensKnown: visual?.known ?? true,
    weightBytes: totals.weightBytes,
    peakBytes: totals.peakBytes,
    random,
  };
}
