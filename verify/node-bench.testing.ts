/** Test support: graphs of single nodes and blocks, run on ONNX Runtime. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { StageModel } from '#engine/onnx/model.ts';
import { inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { buildSingleNode, type SingleNode } from '#engine/plan/single-node.ts';
import type { Tensor, TensorMap } from '#host/sessions/sessions.ts';
import { valueOf } from './value-of.testing.ts';
import { Workbench } from './workbench.ts';

export class NodeBench {
  readonly workbench: Workbench;
  readonly #folders: string[] = [];

  private constructor(workbench: Workbench) {
    this.workbench = workbench;
  }

  static async open(): Promise<NodeBench> {
    return new NodeBench(valueOf(await Workbench.open()));
  }

  /** A new empty folder that goes when the bench is closed. */
  async newFolder(): Promise<string> {
    const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-test-'));
    this.#folders.push(folder);
    return folder;
  }

  async run(model: StageModel, feeds: TensorMap): Promise<TensorMap> {
    return valueOf(await this.workbench.run(model, feeds));
  }

  /** Inputs and outputs by the names of the node's ports; taps as `tap.<name>`. */
  async runNode(single: SingleNode, inputs: TensorMap): Promise<Readonly<Record<string, Tensor>>> {
    const { model } = valueOf(buildSingleNode(single));
    const feeds = Object.entries(inputs).map(([port, tensor]) => [inputPrefix + port, tensor]);
    const outputs = await this.run(model, Object.fromEntries(feeds) as TensorMap);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name.replace(outputPrefix, ''), tensor]),
    );
  }

  async close(): Promise<void> {
    await this.workbench.close();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
}

export const floatsOf = (tensor: Tensor | undefined): Float32Array => tensor?.data as Float32Array;

export const wholesOf = (tensor: Tensor | undefined): readonly number[] =>
  Array.from(tensor?.data as BigInt64Array, Number);
