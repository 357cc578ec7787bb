/** What the window remembers from one start to the next: where it was, its colour, the files opened last. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { sizedList, sizedText } from '#engine/contract/sized.ts';

const side = z.int().min(1).max(100_000);
const place = z.int().min(-100_000).max(100_000);

const windowStateSchema = z.object({
  bounds: z.object({ x: place, y: place, width: side, height: side }).nullable(),
  isMaximised: z.boolean(),
  /** The page's ground when it was seen last; null before it was. */
  background: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i)
    .nullable(),
  /** The last used first. */
  recentPaths: sizedList(sizedText(1, 4096), 0, 10),
});

export type WindowState = Readonly<z.infer<typeof windowStateSchema>>;

const firstState: WindowState = {
  bounds: null,
  isMaximised: false,
  background: null,
  recentPaths: [],
};

/** A state that is missing or broken is no loss: the window begins anew. */
export function readWindowState(file: string): WindowState {
  try {
    const read = windowStateSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return read.success ? read.data : firstState;
  } catch {
    return firstState;
  }
}

/** Written whole or not at all, and at once, for the window may be closing; what cannot be kept is forgotten. */
export function keepWindowState(file: string, state: WindowState): void {
  const beside = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(beside, JSON.stringify(state), { mode: 0o600 });
    renameSync(beside, file);
  } catch {
    // A full or read-only disk must not keep the window from closing.
  }
}

export function withRecentPath(state: WindowState, path: string): WindowState {
  const others = state.recentPaths.filter((other) => other !== path);
  return { ...state, recentPaths: [path, ...others].slice(0, 10) };
}
