/** The other side of the measurement, seen from here: a process that runs nothing but bare sessions. */
import { fork, type ChildProcess } from 'node:child_process';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { ProductShape } from '#host/calibration/measured-graphs.ts';

/** The argument by which the program knows that it is the other side. */
export const bareArgument = 'bare-process';

/** Without weights where it is of several pairs of matrices at once, as those inside attention are. */
export type BareProduct = ProductShape & { readonly pairs?: number };

export type BareRequest =
  | { readonly kind: 'product'; readonly shape: BareProduct; readonly leastMs: number }
  | { readonly kind: 'file'; readonly path: string; readonly leastMs: number }
  | { readonly kind: 'profile'; readonly document: GraphDocument; readonly node: string };

/** Share of the time inside operators, largest first. */
export interface OperatorShare {
  readonly op: string;
  readonly share: number;
}

export type BareAnswer = { readonly value: unknown } | { readonly failure: string };

export class BareProcess {
  readonly #child: ChildProcess = fork(process.argv[1] ?? '', [bareArgument], {
    serialization: 'advanced',
  });

  /** Latencies of single products, one after the other for so long. */
  product(shape: BareProduct, leastMs: number): Promise<readonly number[]> {
    return this.#ask({ kind: 'product', shape, leastMs });
  }

  /** Latencies of the model of a file, one picture after the other for so long. */
  file(path: string, leastMs: number): Promise<readonly number[]> {
    return this.#ask({ kind: 'file', path, leastMs });
  }

  /** Where ONNX Runtime's own profiler says that the time of a node's graph goes. */
  profile(document: GraphDocument, node: string): Promise<readonly OperatorShare[]> {
    return this.#ask({ kind: 'profile', document, node });
  }

  close(): void {
    this.#child.disconnect();
  }

  #ask<Value>(request: BareRequest): Promise<Value> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('The bare session ended.'));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer: BareAnswer) => {
        this.#child.off('exit', ended);
        if ('failure' in answer) reject(new Error(answer.failure));
        else resolve(answer.value as Value);
      });
      this.#child.send(request);
    });
  }
}
