/** One line of a terminal that says how far a download is; on anything else, a line now and then. */

export interface LineOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const megabyte = 1e6;

export class ProgressLine {
  readonly #output: LineOutput;
  readonly #what: string;
  #shownPercent = -1;
  #hasLine = false;

  constructor(output: LineOutput, what: string) {
    this.#output = output;
    this.#what = what;
  }

  show(receivedBytes: number, totalBytes: number | null): void {
    const percent = Math.floor(
      totalBytes ? (100 * receivedBytes) / totalBytes : receivedBytes / megabyte,
    );
    const step = this.#output.isTTY ? 1 : 25;
    if (percent < this.#shownPercent + step && this.#shownPercent >= 0) return;
    this.#shownPercent = percent - (percent % step);
    this.#write(`${this.#what}${amount(receivedBytes, totalBytes)}`);
  }

  /** Leaves the terminal with nothing of it. */
  clear(): void {
    if (this.#hasLine && this.#output.isTTY) this.#output.write('\r\u001B[K');
  }

  #write(text: string): void {
    this.#hasLine = true;
    this.#output.write(this.#output.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
  }
}

function amount(receivedBytes: number, totalBytes: number | null): string {
  if (receivedBytes === 0) return ' …';
  const received = (receivedBytes / megabyte).toFixed(0);
  const total = totalBytes ? ` of ${(totalBytes / megabyte).toFixed(0)}` : '';
  return `: ${received}${total} MB`;
}
