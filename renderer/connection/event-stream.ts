/**
 * A browser's EventSource, as far as the contract's client uses one, that sends the session along: the
 * browser's own sends no headers. It comes back after a break with the last id that it saw.
 */
import { checkServer, untilServed } from './server-state.ts';
import { sessionFetch } from './session.ts';

/** Between two attempts on a server that answers but breaks off. */
const retryMs = 500;

export class EventStream extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = EventStream.CONNECTING;
  readonly OPEN = EventStream.OPEN;
  readonly CLOSED = EventStream.CLOSED;
  readonly url: string;
  #readyState: number = EventStream.CONNECTING;
  #lastEventId = '';
  readonly #leave = new AbortController();

  constructor(url: string) {
    super();
    this.url = url;
    void this.#follow();
  }

  get readyState(): number {
    return this.#readyState;
  }

  close(): void {
    this.#readyState = this.CLOSED;
    this.#leave.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#leave;
    while (!signal.aborted) {
      await untilServed(signal);
      const isRefused = await this.#read().catch(() => false);
      if (signal.aborted) return;
      this.#readyState = isRefused ? this.CLOSED : this.CONNECTING;
      this.dispatchEvent(new Event('error'));
      if (isRefused) return;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      await checkServer();
    }
  }

  /** Up to the break; true where the server will not have this stream at all. */
  async #read(): Promise<boolean> {
    const { signal } = this.#leave;
    const headers = new Headers({ accept: 'text/event-stream' });
    if (this.#lastEventId !== '') headers.set('last-event-id', this.#lastEventId);
    const { ok, status, body } = await sessionFetch(this.url, { headers, signal });
    // A server that was started anew may come to know this window again.
    if (!ok || !body) return status !== 401;
    this.#readyState = this.OPEN;
    for await (const { type, id, data } of messagesIn(body)) {
      if (signal.aborted) return false;
      this.#lastEventId = id ?? this.#lastEventId;
      this.dispatchEvent(new MessageEvent(type, { data, lastEventId: this.#lastEventId }));
    }
    return false;
  }
}

interface Message {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Server-sent events as the contract's server writes them: one line a field. */
async function* messagesIn(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const messages = (rest + value).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) yield messageOf(message);
  }
}

function messageOf(text: string): Message {
  const fields = new Map(
    text.split('\n').map((line): [string, string] => {
      const [name = '', ...value] = line.split(': ');
      return [name, value.join(': ')];
    }),
  );
  return {
    type: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: fields.get('data') ?? '',
  };
}
