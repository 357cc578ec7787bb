/** Everything wrong with the graph at the front: what the page sees at once, and what the host finds in its files. */
import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { useChosenCount } from '#renderer/connection/chosen-places.ts';
import { askPlain, host } from '#renderer/connection/host-client.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { checkedGraph } from './checked-graph.ts';

interface HostCheck {
  /**
   * Only what the page cannot see by itself; until the next check, that of the state before stands. Null while the
   * host has not looked at this graph.
   */
  readonly problems: readonly Problem[] | null;
}

const hostCheck = createStore<HostCheck>(() => ({ problems: null }));

const none: readonly Problem[] = [];

/** Errors first, then warnings, each in the order of the graph. */
export function useProblems(document: GraphDocument | null): readonly Problem[] {
  const found = useStore(hostCheck, ({ problems }) => problems);
  return useMemo(() => {
    if (!document) return none;
    const still = (found ?? none).filter(
      ({ node }) => node === undefined || Object.hasOwn(document.nodes, node),
    );
    const problems = [...checkedGraph(document).problems, ...still];
    return problems.toSorted(
      (a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'),
    );
  }, [document, found]);
}

/** Has the host, too, looked at the graph at the front? Until then nobody knows whether it can run. */
export function useIsLookedAt(): boolean {
  return useStore(hostCheck, ({ problems }) => problems !== null);
}

function notSeenByPage(document: GraphDocument, problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set(
    checkedGraph(document).problems.map(({ node, message }) => `${node} ${message}`),
  );
  return problems.filter(({ node, message }) => !seen.has(`${node} ${message}`));
}

/** Files are looked at when a person pauses. */
const pauseMs = 250;

/** Keeps `useProblems` up to date; once in the window. */
export function useHostCheck(open: OpenDocument | null): void {
  const document = open?.document ?? null;
  const baseFolder = open?.file?.folder;
  const id = open?.id;
  const chosenCount = useChosenCount();
  useEffect(() => hostCheck.setState({ problems: null }), [id]);
  useEffect(() => {
    if (!document) return undefined;
    const left = new AbortController();
    const look = async (): Promise<void> => {
      const graph = { document, ...(baseFolder !== undefined && { baseFolder }) };
      // The host ends a check that nobody waits for any more.
      const call = host.check.query(graph, { signal: left.signal });
      const problems = await askPlain(call, null);
      if (problems && !left.signal.aborted)
        hostCheck.setState({ problems: notSeenByPage(document, problems) });
    };
    const timer = setTimeout(() => void look(), pauseMs);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
    // Two graphs may be the same document, as empty ones are.
  }, [id, document, baseFolder, chosenCount]);
}
