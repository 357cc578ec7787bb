/** The page's end of the contract: calls and event streams to the engine server that served the page. */
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { fail, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Router } from '#engine/contract/router.ts';
import { EventStream } from './event-stream.ts';
import { checkServer, serverState } from './server-state.ts';
import { sessionFetch } from './session.ts';

const url = '/rpc';

/**
 * What fails, or is answered by a server that does not know this window, is a reason to look at once. Nothing is
 * sent before the server is known to be ours again: another program may have taken its port.
 */
const watchedFetch = async (input: RequestInfo | URL, init: RequestInit): Promise<Response> => {
  if (serverState.getState().is !== 'here') await checkServer();
  if (serverState.getState().is !== 'here') throw new Error('it does not know this window');
  try {
    const answer = await sessionFetch(input, init);
    if (answer.status === 401) void checkServer();
    return answer;
  } catch (cause) {
    // A call that the page itself took back says nothing of the server.
    if (init.signal?.aborted !== true) void checkServer();
    throw cause;
  }
};

export const host = createTRPCClient<Router>({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url, EventSource: EventStream }),
      // A graph does not fit into an address.
      false: httpLink({
        url,
        methodOverride: 'POST',
        fetch: (input, init) => watchedFetch(input, init as RequestInit),
      }),
    }),
  ],
});

/** A call whose answer is an outcome already; a server that cannot be reached is one more way to fail. */
export async function ask<Value>(call: Promise<Outcome<Value>>): Promise<Outcome<Value>> {
  try {
    return await call;
  } catch (cause) {
    return fail(unreachable(cause));
  }
}

/** A call that cannot fail but for the connection; `otherwise` stands in for the answer. */
export async function askPlain<Value>(call: Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await call;
  } catch {
    return otherwise;
  }
}

function unreachable(cause: unknown): ReturnType<typeof error> {
  const said = cause instanceof Error ? cause.message : String(cause);
  return error(
    'host-unreachable',
    `The engine server did not answer (${said}); your graph is still here. Start Patchbay again if this stays so.`,
  );
}
