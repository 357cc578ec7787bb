/** Which limits of its user the graph at the front breaks, and the node that weighs most in each. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { breaches, type Breach } from '#engine/estimate/budget.ts';
import { useView } from '#renderer/view/view-store.ts';
import { useEstimates } from './estimate.ts';

interface Broken {
  /** What is the most times too much first. */
  readonly breaches: readonly Breach[];
  readonly byNode: ReadonlyMap<string, readonly Breach[]>;
}

const none: Broken = { breaches: [], byNode: new Map() };
const broken = createStore<Broken>(() => none);
const noBreaches: readonly Breach[] = [];

export const useBreaches = (): readonly Breach[] => useStore(broken, (now) => now.breaches);

/** Those in which this node weighs most. */
export const useBreachesBy = (node: string): readonly Breach[] =>
  useStore(broken, ({ byNode }) => byNode.get(node) ?? noBreaches);

/** Keeps `useBreaches` up to date; once in the window. */
export function useHoldingLimits(): void {
  const estimates = useEstimates();
  const budget = useView((view) => view.budget);
  useEffect(() => {
    const found = estimates ? breaches(estimates, budget) : [];
    if (found.length === 0) return broken.setState(none);
    const ordered = found.toSorted((a, b) => b.factor - a.factor);
    const byNode = new Map<string, readonly Breach[]>();
    for (const breach of ordered) {
      const { node } = breach.heaviest ?? {};
      if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), breach]);
    }
    broken.setState({ breaches: ordered, byNode });
  }, [estimates, budget]);
}
