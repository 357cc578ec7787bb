/**
 * Loaded into an engine process by a test (see engine-hold.testing.ts): once it has told the event that the test
 * has named in a file, the process stands still until the test lets it go, or is gone itself. Plain JavaScript,
 * because Node.js itself reads it. For tests.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';

const { searchParams } = new URL(import.meta.url);
const awaitedFile = searchParams.get('awaited');
const heldFile = searchParams.get('held');
const lookEveryMs = 5;
const caller = process.ppid;

/** What the test waits for; null while it waits for nothing. */
function awaitedEvent() {
  try {
    return JSON.parse(readFileSync(awaitedFile, 'utf8'));
  } catch {
    return null;
  }
}

const isLike = (event, awaited) =>
  Object.entries(awaited).every(([name, value]) => event[name] === value);

function standStill() {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  while (existsSync(heldFile) && process.ppid === caller) Atomics.wait(nobody, 0, 0, lookEveryMs);
}

const send = process.send?.bind(process);
if (send) {
  process.send = (message, ...rest) => {
    const awaited = awaitedEvent();
    // A message of the engine holds events, one of another process is one.
    const told = message.events ?? [message];
    const isAwaited = awaited !== null && told.some((event) => isLike(event, awaited));
    // Whoever sees the event may count on it that this one, and no later engine, is held.
    if (isAwaited) renameSync(awaitedFile, heldFile);
    const isSent = send(message, ...rest);
    if (isAwaited) standStill();
    return isSent;
  };
}
