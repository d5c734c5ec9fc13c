import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Plan } from './kernel';
import { options } from './options';
import type { CompiledKernel } from './session-cache';

type DataId = TensorInfo['dataId'];
interface Entry {
  key: string;
  weights: DataId[];
  uses: number;
  bytes: number;
  kernel?: CompiledKernel;
}

/** Uses of the same weights from which on a graph of their own is worth compiling. */
const USES = 3;

/**
 * Graphs with a plan's weights built in: ONNX Runtime lays those out for its products once, instead of at every
 * run. Each lives as long as the first of its weights.
 */
export class PackedKernels {
  private readonly byFirstWeight = new Map<DataId, Entry>();
  /** Bytes of weights that are built in. */
  bytes = 0;

  constructor(private readonly compile: (plan: Plan) => CompiledKernel) {}

  /** The plan's graph, if its weights have been in use for a while and there is room for them. */
  get(plan: Plan): CompiledKernel | undefined {
    if (plan.weightsFrom === undefined) return undefined;
    const inputs = plan.inputs.slice(plan.weightsFrom);
    const weights = inputs.map((input) => ('tensor' in input ? input.tensor.dataId : undefined)) as DataId[];
    let entry = this.byFirstWeight.get(weights[0]!);
    if (!entry || entry.key !== plan.key || entry.weights.some((id, i) => id !== weights[i])) {
      this.release(weights[0]!);
      const bytes = inputs.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
      entry = { key: plan.key, weights, uses: 0, bytes };
      this.byFirstWeight.set(weights[0]!, entry);
    }
    if (!entry.kernel && ++entry.uses >= USES && this.bytes + entry.bytes <= options.maxPackedBytes) {
      entry.kernel = this.compile(plan);
      this.bytes += entry.bytes;
    }
    return entry.kernel;
  }

  /** Forgets what the weight is the first of. */
  release(weight: DataId): void {
    const entry = this.byFirstWeight.get(weight);
    if (!entry) return;
    this.byFirstWeight.delete(weight);
    if (!entry.kernel) return;
    entry.kernel.session.dispose();
    this.bytes -= entry.bytes;
  }

  clear(): void {
    for (const weight of [...this.byFirstWeight.keys()]) this.release(weight);
  }
}
