/**
 * llama.cpp on a model file, timed as a language model here is: prefill ends with the first token of the answer, decode
 * is what comes behind it. Asked and answering in JSON, one object a line.
 */
import { createInterface } from 'node:readline';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

/** Tokens that llama.cpp takes at once. */
const batchTokens = 512;

/** By which all weights come back from where untouched memory goes, before anything is timed. */
const touchingTokens = 8;

let sequence;

/** Room for so many tokens; keys and values in float16, as llama.cpp has them. */
async function open({ path, threads, contextTokens }) {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
    logger: (level, message) => process.stderr.write(`llama.cpp, ${level}: ${message.trim()}\n`),
  });
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: contextTokens,
    batchSize: batchTokens,
    threads,
    flashAttention: true,
  });
  sequence = context.getSequence();
  const { systemInfo } = llama;
  return { systemInfo, context: context.contextSize, threads: context.currentThreads };
}

/** `prompt` and `answer` are token numbers; each token of the answer is read after the one before was guessed. */
async function measure({ prompt, answer }) {
  await run(prompt.slice(0, touchingTokens), answer.slice(0, touchingTokens));
  return run(prompt, answer);
}

async function run(prompt, answer) {
  await sequence.clearHistory();
  const begunAt = performance.now();
  const guesses = sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true });
  await guesses.next();
  const readAt = performance.now();
  for (const token of answer) await guesses.next(token);
  const writtenAt = performance.now();
  await guesses.return();
  return { prefillMs: readAt - begunAt, decodeMs: writtenAt - readAt };
}

const work = { open, measure };

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, ...request } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ value: await work[kind](request) })}\n`);
  } catch (cause) {
    process.stdout.write(`${JSON.stringify({ failure: String(cause) })}\n`);
  }
}
process.exit();
