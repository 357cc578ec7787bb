/** How the window looks: theme, what is folded, the tab of the results. Kept between launches, never in a graph. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { z } from 'zod';
import { budgetSchema, noBudget } from '#engine/contract/budget.ts';
import { priorities, runLimits } from '#engine/contract/run-request.ts';
import { askPlain, host } from '#renderer/connection/host-client.ts';

/** The part that is kept; a field that does not fit falls back on its own. */
const keptSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  folded: z
    .object({ palette: z.boolean(), inspector: z.boolean(), results: z.boolean() })
    .catch({ palette: false, inspector: false, results: false }),
  panelPx: z
    .object({ palette: z.number(), inspector: z.number(), results: z.number() })
    .catch({ palette: 232, inspector: 304, results: 264 }),
  /** Families of the palette that are folded, whether this version knows them or not. */
  foldedFamilies: z.array(z.string()).catch([]),
  /** Timed passes of a run; null for as many as make its figures steady. */
  passes: z.int().min(1).max(runLimits.runs).nullable().catch(null),
  /** Threads of ONNX Runtime; null for one a core. */
  threads: z.int().min(1).max(runLimits.threads).nullable().catch(null),
  /** Of a run, among the programs of the machine. */
  priority: z.enum(priorities).catch('normal'),
  /** Does a run reuse what the run before has read? */
  reuses: z.boolean().catch(false),
  /** The described machine that estimates are made for; null for this one. */
  machine: z.string().max(100).nullable().catch(null),
  /** What a graph may take at most, and how fast it has to be. */
  budget: budgetSchema.catch(noBudget),
});

export type Kept = z.infer<typeof keptSchema>;
export type PanelName = keyof Kept['folded'];
export type ResultsTab = 'stages' | 'operators' | 'roofline' | 'memory' | 'runs' | 'problems';

export interface View extends Kept {
  readonly resultsTab: ResultsTab;
}

export const view = createStore<View>(() => ({
  ...keptSchema.parse({}),
  resultsTab: 'stages',
}));

export function useView<Value>(pick: (view: View) => Value): Value {
  return useStore(view, pick);
}

export function showResults(resultsTab: ResultsTab): void {
  view.setState(({ folded }) => ({ resultsTab, folded: { ...folded, results: false } }));
}

export function toggleFolded(panel: PanelName): void {
  view.setState(({ folded }) => ({ folded: { ...folded, [panel]: !folded[panel] } }));
}

export function foldFamilies(families: readonly string[], isFolded: boolean): void {
  view.setState(({ foldedFamilies }) => {
    const others = foldedFamilies.filter((family) => !families.includes(family));
    return { foldedFamilies: isFolded ? [...others, ...families] : others };
  });
}

export function resizePanel(panel: PanelName, px: number): void {
  view.setState(({ panelPx }) => ({ panelPx: { ...panelPx, [panel]: Math.round(px) } }));
}

/** Takes what was kept, and from then on keeps what changes. */
export async function restoreView(): Promise<void> {
  const kept = keptSchema.safeParse(await askPlain(host.files.preferences.query(), null));
  if (kept.success) view.setState(kept.data);
  let timer: ReturnType<typeof setTimeout> | undefined;
  view.subscribe((now, before) => {
    if (keptNames.every((name) => now[name] === before[name])) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      void askPlain(host.files.keepPreferences.mutate(keptSchema.parse(now)), null);
    }, 300);
  });
}

const keptNames = Object.keys(keptSchema.shape) as readonly (keyof Kept)[];
