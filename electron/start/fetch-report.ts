/** Loaded before Electron's installer, in its process: tells how far its download is, and why it failed. */
import type { FetchReport } from './fetch-runtime.ts';

const fetchPlainly = globalThis.fetch;

const tell = (report: FetchReport): void => void process.send?.(report);

globalThis.fetch = async (...args) => {
  try {
    const response = await fetchPlainly(...args);
    if (!response.ok || !response.body) return response;
    const length = Number(response.headers.get('content-length'));
    const counted = response.body.pipeThrough(countBytes(length > 0 ? length : null));
    return new Response(counted, { status: response.status, headers: response.headers });
  } catch (cause) {
    // The installer prints no more than "fetch failed".
    tell({ type: 'failed', reason: reasonOf(cause) });
    throw cause;
  }
};

// The installer's channel must not keep it alive.
process.channel?.unref();

function countBytes(totalBytes: number | null): TransformStream<Uint8Array, Uint8Array> {
  let receivedBytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      receivedBytes += chunk.byteLength;
      tell({ type: 'received', receivedBytes, totalBytes });
      controller.enqueue(chunk);
    },
  });
}

/** "ENOTFOUND github.com" says more than a stack. */
function reasonOf(raw: unknown): string {
  const cause = raw instanceof Error && raw.cause instanceof Error ? raw.cause : raw;
  if (!(cause instanceof Error)) return String(cause);
  const { code, hostname, address, message } = cause as NodeJS.ErrnoException & {
    readonly hostname?: string;
    readonly address?: string;
  };
  const place = hostname ?? address;
  return code && place ? `${code} ${place}` : (code ?? message);
}
