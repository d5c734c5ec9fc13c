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
import { type Compiled, type CompileOptions, compile } from './compile';

/** A loss whose forward and backward pass run as one graph. */
export interface CompiledLoss<M extends Module, B> extends GradientFunction<M, B> {
  valueAndGrad(model: M, batch: B, context: ForwardContext): GradientResult;
  /** As of {@link Compiled}. */
  readonly compilations: number;
  dispose(): void;
}

/**
 * Compiles a loss with its gradients, for `Trainer`: each step then runs as one graph for each shape of its batches,
 * and the losses are those of the function as it is.
 *
 * @param loss Its batches hold tensors and plain data. Numbers that it computes from anything but shapes are computed
 *   once, while it is traced.
 * @throws TraceError at the first step, for what cannot be recorded.
 *
 * @example
 * const loss = compileLoss((model: CLIP, batch: Batch, context) => ({ loss: clipLoss(model.forward(batch, context)) }));
 * await new Trainer({ model, loss, ...options }).fit({ steps: 1000 });
 * loss.dispose();
 */
export function compileLoss<M extends Module, B>(
  loss: LossFunction<M, B>,
  options: CompileOptions = {},
): CompiledLoss<M, B> {
  const run = compile(
    (model: M, batch: B, context: ForwardContext, _trained: string) => {
      let result: LossResult | undefined;
      const { value, gradients } = valueAndGrad(() => {
        result = loss(model, batch, context);
        return result.loss as tf.Scalar;
      }, model.namedParameters());
      const { loss: _, ...rest } = result!;
      return { ...rest, value, gradients: Object.fromEntries(gradients) };
    },
    { ...options, variables: 'inputs' },
  ) as Compiled<
    (...args: never[]) => { value: tf.Scalar; gradients: Record<string, tf.Tensor> } & LossResult
  >;
  return {
    valueAndGrad(model, batch, context) {
      // Freezing a parameter makes another graph.
      const trained = [...model.trainableParameters().keys()].join();
      const { gradients, ...rest } = run(model as never, batch as never, context as never, trained as never);
      return { ...rest, gradients: new Map(Object.entries(gradients)) };
    },
    get compilations() {
      return run.compilations;
    },
    dispose: () => run.dispose(),
  };
}
