/**
 * The page's own client without a browser: its calls and event streams go over the real contract to services
 * that a test speaks for, on a line that can be cut and mended.
 */
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { router, type Services } from '#engine/contract/router.ts';

export interface PageLine {
  /** To stand in for the browser's. */
  readonly globals: { readonly fetch: typeof fetch; readonly EventSource: unknown };
  /** Streams break off, and calls fail, until the line is mended. */
  readonly cut: () => void;
  /** Streams are taken up again, each with the last id that it saw, as a browser does by itself. */
  readonly mend: () => void;
}

export function layLine(services: Services): PageLine {
  const streams = new Set<Stream>();
  let isCut = false;

  const answer = (request: Request): Promise<Response> =>
    fetchRequestHandler({
      endpoint: '/rpc',
      req: request,
      router,
      createContext: () => services,
      allowMethodOverride: true,
    });

  class Stream extends EventTarget {
    readonly CONNECTING = 0;
    readonly OPEN = 1;
    readonly CLOSED = 2;
    readyState = 0;
    readonly #address: URL;
    #lastEventId = '';
    #leave = new AbortController();

    constructor(address: string) {
      super();
      this.#address = addressOf(address);
      streams.add(this);
      if (!isCut) void this.connect();
    }

    async connect(): Promise<void> {
      const { signal } = (this.#leave = new AbortController());
      const headers = new Headers();
      if (this.#lastEventId !== '') headers.set('last-event-id', this.#lastEventId);
      const { body } = await answer(new Request(this.#address, { headers, signal }));
      this.readyState = this.OPEN;
      for await (const { type, id, data } of messagesIn(body, signal)) {
        this.#lastEventId = id ?? this.#lastEventId;
        const said = { data, lastEventId: this.#lastEventId };
        this.dispatchEvent(new MessageEvent(type, said));
      }
    }

    lose(): void {
      this.#leave.abort();
      this.readyState = this.CONNECTING;
      this.dispatchEvent(new Event('error'));
    }

    close(): void {
      this.#leave.abort();
      this.readyState = this.CLOSED;
      streams.delete(this);
    }
  }

  const call: typeof fetch = (input, init) =>
    isCut
      ? Promise.reject(new TypeError('the line is cut'))
      : answer(new Request(input instanceof Request ? input : addressOf(String(input)), init));
  return {
    globals: { fetch: call, EventSource: Stream },
    cut: () => {
      isCut = true;
      for (const stream of streams) stream.lose();
    },
    mend: () => {
      isCut = false;
      for (const stream of streams) void stream.connect();
    },
  };
}

const addressOf = (address: string): URL => new URL(address, 'http://page');

interface Message {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Server-sent events, up to the end of the stream or until it is left. */
async function* messagesIn(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || signal.aborted) return;
    const messages = (rest + (value ?? '')).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) if (!signal.aborted) yield messageOf(message);
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
