/** One line on standard error that tells how a run goes on; nothing where it is no terminal. */
import { formatBytes } from '#engine/contract/format.ts';
import { rowTitle, type RunEvent, type StageFacts } from '#engine/contract/run-event.ts';

/** A terminal repaints no faster than an eye reads. */
const repaintEveryMs = 80;

export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #stages: readonly StageFacts[] = [];
  #runs: number | null = null;
  #tokens = 0;
  #painted = 0;
  #text = '';
  /** Paints what came too soon after the last painting. */
  #later: NodeJS.Timeout | null = null;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show(event: RunEvent): void {
    if (!this.#stream.isTTY) return;
    if (event.type === 'run-started') {
      this.#stages = event.stages;
      this.#runs = event.options.runs ?? null;
    } else if (event.type === 'token') {
      this.#tokens++;
      const title = this.#stages.find(({ node }) => node === event.node)?.title ?? event.node;
      this.#paint(`${title} · decoding · ${this.#tokens} tokens`);
    } else if (event.type === 'stage-progress') {
      this.#paint(this.#progressText(event));
      if (event.phase === 'running') this.#tokens = 0;
    }
  }

  /** What is no run. */
  say(text: string): void {
    if (this.#stream.isTTY) this.#paint(text);
  }

  clear(): void {
    if (this.#later) clearTimeout(this.#later);
    this.#later = null;
    if (this.#stream.isTTY) this.#stream.write('\r\u001B[K');
  }

  #progressText({
    stage,
    phase,
    run,
    done,
    total,
    unit,
  }: Extract<RunEvent, { type: 'stage-progress' }>): string {
    const facts = this.#stages.find(({ id, node }) => id === stage || node === stage);
    const title = facts ? rowTitle(facts) : stage;
    const of = this.#runs === null ? '' : ` of ${this.#runs}`;
    const pass = run > 0 && this.#runs !== 1 ? ` · run ${run}${of}` : '';
    if (done === undefined || total === undefined || total === 0)
      return `${title} · ${phase}${pass}`;
    const amount =
      unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
    return `${title} · ${phase} · ${Math.floor((100 * done) / total)}% (${amount})${pass}`;
  }

  #paint(text: string): void {
    this.#text = text;
    const waitMs = this.#painted + repaintEveryMs - performance.now();
    if (waitMs <= 0) this.#paintNow();
    else this.#later ??= setTimeout(() => this.#paintNow(), waitMs);
  }

  #paintNow(): void {
    this.#later = null;
    this.#painted = performance.now();
    const { columns } = this.#stream;
    const width = columns > 1 ? columns - 1 : this.#text.length;
    this.#stream.write(`\r\u001B[K${this.#text.slice(0, width)}`);
  }
}
