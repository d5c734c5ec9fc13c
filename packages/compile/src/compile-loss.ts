import {
  type ForwardContext,
  type GradientFunction,
  type GradientResult,
  type LossFunction,
  type LossResult,
  type Module,
  valueAndGrad,
} from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';
import { type CompileOptions, compile } from './compile';
import { type CompileAsyncOptions, compileAsync } from './compile-async';

/** A loss whose forward and backward pass run as one graph. */
export interface CompiledLoss<M extends Module, B> extends GradientFunction<M, B> {
  valueAndGrad(model: M, batch: B, context: ForwardContext): GradientResult;
  /** As of {@link Compiled}. */
  readonly compilations: number;
  dispose(): void;
}

/** As {@link CompiledLoss}, by promises. */
export interface AsyncCompiledLoss<M extends Module, B> extends GradientFunction<M, B> {
  valueAndGrad(model: M, batch: B, context: ForwardContext): Promise<GradientResult>;
  /** As of {@link AsyncCompiled}. */
  readonly compilations: number;
  dispose(): Promise<void>;
}

/**
 * Compiles a loss with its gradients, for `Trainer`: each step then runs as one graph for each shape of its batches,
 * and the losses are those of the function as it is.
 *
 * @param loss Its batches hold tensors and plain data. Numbers that it computes from anything but shapes are computed
 *   once, while it is traced.
 * @param options With a `runtime`, as of {@link compileAsync}, it runs there: in browsers too.
 * @throws TraceError at the first step, for what cannot be recorded.
 *
 * @example
 * const loss = compileLoss((model: CLIP, batch: Batch, context) => ({ loss: clipLoss(model.forward(batch, context)) }));
 * await new Trainer({ model, loss, ...options }).fit({ steps: 1000 });
 * loss.dispose();
 */
export function compileLoss<M extends Module, B>(
  loss: LossFunction<M, B>,
  options: CompileAsyncOptions,
): AsyncCompiledLoss<M, B>;
export function compileLoss<M extends Module, B>(
  loss: LossFunction<M, B>,
  options?: CompileOptions,
): CompiledLoss<M, B>;
export function compileLoss<M extends Module, B>(
  loss: LossFunction<M, B>,
  { runtime, ...options }: CompileOptions & Partial<CompileAsyncOptions> = {},
): CompiledLoss<M, B> | AsyncCompiledLoss<M, B> {
  const step = (model: M, batch: B, context: ForwardContext, _trained: string) => {
    let result: LossResult | undefined;
    const { value, gradients } = valueAndGrad(() => {
      result = loss(model, batch, context);
      return result.loss as tf.Scalar;
    }, model.namedParameters());
    const { loss: _, ...rest } = result!;
    return { ...rest, value, gradients: Object.fromEntries(gradients) };
  };
  const unpack = ({ gradients, ...rest }: ReturnType<typeof step>): GradientResult => ({
    ...rest,
    gradients: new Map(Object.entries(gradients)),
  });
  // Freezing a parameter makes another graph.
  const trained = (model: M) => [...model.trainableParameters().keys()].join();
  if (runtime) {
    const run = compileAsync(step, { ...options, runtime, variables: 'inputs' });
    return {
      valueAndGrad: async (model, batch, context) => unpack(await run(model, batch, context, trained(model))),
      get compilations() {
        return run.compilations;
      },
      dispose: () => run.dispose(),
    };
  }
  const run = compile(step, { ...options, variables: 'inputs' });
  return {
    valueAndGrad: (model, batch, context) => unpack(run(model, batch, context, trained(model))),
    get compilations() {
      return run.compilations;
    },
    dispose: () => run.dispose(),
  };
}
