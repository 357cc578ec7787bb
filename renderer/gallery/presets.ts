/** The presets that come with Patchbay and the machine they would run on: asked once, and again where that failed. */
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { GraphDocument } from '#engine/contract/document.ts';
import { ok } from '#engine/contract/outcome.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { ask, askPlain, host } from '#renderer/connection/host-client.ts';

type Presets =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'there'; readonly presets: readonly PresetSummary[] };

const asked = createStore<{
  readonly presets: Presets | null;
  readonly memoryBytes: number | null;
}>(() => ({ presets: null, memoryBytes: null }));

export function usePresets(): Presets {
  useEffect(() => {
    if (asked.getState().presets === null) void loadPresets();
  }, []);
  return useStore(asked, ({ presets }) => presets ?? { state: 'loading' });
}

export async function loadPresets(): Promise<void> {
  asked.setState({ presets: { state: 'loading' } });
  const found = await ask(host.presets.query().then(ok));
  const presets: Presets = found.ok
    ? { state: 'there', presets: found.value }
    : { state: 'failed', message: found.problems[0]?.message ?? 'The presets cannot be listed.' };
  asked.setState({ presets });
}

/** Memory of the machine; null until it is known. */
export function useMachineMemory(): number | null {
  useEffect(() => {
    const look = async (): Promise<void> => {
      const machine = await askPlain(host.machine.query(), null);
      if (machine) asked.setState({ memoryBytes: machine.memoryBytes });
    };
    if (asked.getState().memoryBytes === null) void look();
  }, []);
  return useStore(asked, ({ memoryBytes }) => memoryBytes);
}

/** Never more than there are presets. */
const documents = new Map<string, GraphDocument>();

/** The graph of a preset, for its picture; null until it is wanted and there. */
export function usePresetDocument(id: string, isWanted: boolean): GraphDocument | null {
  const [document, setDocument] = useState(documents.get(id) ?? null);
  useEffect(() => {
    if (document || !isWanted) return undefined;
    let left = false;
    const look = async (): Promise<void> => {
      const preset = await ask(host.preset.query(id));
      if (!preset.ok) return;
      documents.set(id, preset.value);
      if (!left) setDocument(preset.value);
    };
    void look();
    return () => {
      left = true;
    };
  }, [id, document, isWanted]);
  return document;
}
