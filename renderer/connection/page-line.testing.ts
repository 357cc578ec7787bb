/**
 * The page's own client without a browser: its calls and event streams go over the real contract to services
 * that a test speaks for, on a line that can be cut and mended.
 */
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { router, type Services } from '#engine/contract/router.ts';

export interface PageLine {
  /** To stand in for the browser's. */
  readonly globals: { readonly fetch: typeof fetch };
  /** Streams break off, and requests fail, until the line is mended. */
  readonly cut: () => void;
  readonly mend: () => void;
}

export function layLine(services: Services): PageLine {
  let breaking = new AbortController();

  const answer = async (request: Request): Promise<Response> => {
    // The door of the server has tests of its own: here every window is known.
    if (new URL(request.url).pathname === '/session') return new Response(null, { status: 204 });
    const response = await fetchRequestHandler({
      endpoint: '/rpc',
      req: request,
      router,
      createContext: () => services,
      allowMethodOverride: true,
    });
    const { signal } = breaking;
    const body = response.body?.pipeThrough(new TransformStream(), { signal }) ?? null;
    return new Response(body, response);
  };

  return {
    globals: {
      fetch: (input, init) =>
        breaking.signal.aborted
          ? Promise.reject(new TypeError('the line is cut'))
          : answer(new Request(input instanceof Request ? input : addressOf(String(input)), init)),
    },
    cut: () => breaking.abort(),
    mend: () => {
      breaking = new AbortController();
    },
  };
}

const addressOf = (address: string): URL => new URL(address, 'http://page');
