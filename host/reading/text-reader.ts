/**
 * Tesseract in a thread of its own, by tesseract.js, which is loaded for the first picture that is read. Engine and
 * language data are files of installed packages: nothing is fetched, and nothing is written.
 */
import type { Worker as Thread } from 'node:worker_threads';
import type tesseract from 'tesseract.js';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ReadTextStep } from '#engine/node/host-step.ts';
import type { RgbImage } from '../images/decode-image.ts';
import { resizeWhole } from '../images/preprocess.ts';
import { breathe } from '../sessions/progress.ts';
import { languageFolder } from './language-data.ts';
import { textLines, type FoundBlock, type TextLine } from './text-line.ts';

/** Memory goes with the pixels, about 20 bytes each, and so does the time: half a minute for so many. */
export const maxReadPixels = 2 ** 25;

/** Tesseract keeps places in 16 bits. */
export const maxReadSide = 32_767;

/** Of one picture: noise that looks like a line of thousands of letters would take longer still. */
const readingDeadlineMs = 300_000;

export interface ReadingBounds {
  /** Ends the reader, whatever it is at. */
  readonly signal: AbortSignal;
  readonly deadlineMs?: number;
}

export type Reading = Pick<ReadTextStep, 'language' | 'lies' | 'leastConfidence' | 'enlarge'>;

export interface TextReader {
  /** Lines of text in the order in which they are read. Fails with `stage-failed` or `run-cancelled`. */
  readonly read: (image: RgbImage) => Promise<Outcome<readonly TextLine[]>>;
  readonly close: () => Promise<void>;
}

type Tesseract = typeof tesseract;
type Worker = tesseract.Worker;

/** Fails with `reader-missing`, `stage-failed` or `run-cancelled`. */
export async function openTextReader(
  reading: Reading,
  { signal, deadlineMs = readingDeadlineMs }: ReadingBounds,
): Promise<Outcome<TextReader>> {
  const folder = languageFolder(reading.language);
  if (!folder.ok) return folder;
  const library = await loadTesseract();
  if (!library.ok) return library;
  const { opened, broken, close } = startThread(library.value, reading, folder.value, signal);
  // The process tells of the thread in its next turn.
  await breathe();
  const worker = await Promise.race([opened, broken]);
  if (!worker.ok) {
    await close();
    return worker;
  }
  return ok({
    read: (image) =>
      inTime(
        [readLines(worker.value, image, reading), broken],
        deadlineMs,
        tookTooLong(deadlineMs),
      ),
    close,
  });
}

/** The first outcome, or `late` where there is none by then. */
async function inTime<Value>(
  outcomes: readonly Promise<Outcome<Value>>[],
  deadlineMs: number,
  late: Outcome<Value>,
): Promise<Outcome<Value>> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<Outcome<Value>>((resolve) => {
    timer = setTimeout(() => resolve(late), deadlineMs);
  });
  const first = await Promise.race([...outcomes, deadline]);
  clearTimeout(timer);
  return first;
}

function tookTooLong(deadlineMs: number): Outcome<never> {
  const message = `Reading the picture took more than ${Math.round(deadlineMs / 1000)} seconds; cut it to what matters, or scale it down first.`;
  return fail(error('stage-failed', message, { port: 'image' }));
}

async function loadTesseract(): Promise<Outcome<Tesseract>> {
  try {
    return ok((await import('tesseract.js')).default);
  } catch {
    const message =
      'Text is read with tesseract.js, which is not installed; install Patchbay again, with all that it needs.';
    return fail(error('reader-missing', message));
  }
}

interface StartedThread {
  readonly opened: Promise<Outcome<Worker>>;
  /** Resolves where the thread can do nothing more. */
  readonly broken: Promise<Outcome<never>>;
  readonly close: () => Promise<void>;
}

/**
 * tesseract.js hands its thread out once everything is loaded. One that fails before, or is cancelled, has to end too,
 * so it is taken from the process, which is told of every thread that is started. Stages run one after another, and
 * nothing else here starts any.
 */
function startThread(
  { createWorker, OEM, PSM }: Tesseract,
  { language, lies }: Reading,
  folder: string,
  signal: AbortSignal,
): StartedThread {
  let end: (how: Outcome<never>) => void = () => undefined;
  const broken = new Promise<Outcome<never>>((resolve) => {
    end = resolve;
  });
  const cancel = (): void => end(fail(error('run-cancelled', 'The run was cancelled.')));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  let thread: Thread | null = null;
  const take = (started: Thread): void => {
    thread = started;
    thread.on('error', (cause) => end(stopped(cause)));
    thread.on('exit', () => end(stopped('its thread ended')));
  };
  process.once('worker', take);
  const made = createWorker(
    language,
    OEM.LSTM_ONLY,
    {
      langPath: folder,
      gzip: true,
      cacheMethod: 'none',
      errorHandler: (cause) => end(stopped(cause)),
    },
    silence,
  );
  const opened = made
    .then(async (worker) => {
      const mode = lies === 'page' ? PSM.AUTO : PSM.SPARSE_TEXT;
      await worker.setParameters({ tessedit_pageseg_mode: mode });
      return ok(worker);
    })
    .catch(stopped);
  const close = async (): Promise<void> => {
    process.off('worker', take);
    signal.removeEventListener('abort', cancel);
    await thread?.terminate();
  };
  return { opened, broken, close };
}

/** It would write to standard error, line by line, what it makes of a picture. */
const silence = { debug_file: '/dev/null' } as object;

async function readLines(
  worker: Worker,
  image: RgbImage,
  reading: Reading,
): Promise<Outcome<readonly TextLine[]>> {
  const { enlarge } = reading;
  const width = image.width * enlarge;
  const height = image.height * enlarge;
  if (width * height > maxReadPixels || Math.max(width, height) > maxReadSide) {
    const limits = `${maxReadSide} a side and ${Math.floor(maxReadPixels / 1e6)} million in all`;
    const enlarged = enlarge > 1 ? ', enlarged as it is,' : '';
    const message = `The picture has ${width} × ${height} pixels${enlarged}, more than the limit of ${limits} for reading text; scale it down first.`;
    return fail(error('stage-failed', message, { port: 'image' }));
  }
  const large = enlarge === 1 ? image : resizeWhole(image, { width, height }, 'bicubic');
  try {
    const { data } = await worker.recognize(pixmapOf(large), {}, { text: false, blocks: true });
    return ok(textLines((data.blocks ?? []) as readonly FoundBlock[], reading));
  } catch (cause) {
    return stopped(cause);
  }
}

/** As a portable pixmap, which is read without being unpacked. */
function pixmapOf({ width, height, data }: RgbImage): Buffer {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`, 'latin1'), data]);
}

function stopped(cause: unknown): Outcome<never> {
  const [why = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
  const message = `Tesseract could not read the picture (${why.replace(/^Error: |\.$/g, '')}); choose another picture, or leave the OCR agent out.`;
  return fail(error('stage-failed', message));
}
