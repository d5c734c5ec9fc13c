import * as tf from '@tensorflow/tfjs-core';
import type { Mend } from './mend';

/** The quotient is int32, also of floats. */
export const floorDiv: Mend = (original) => (call) => {
  const quotient = original(call);
  if (quotient.dtype === 'int32') return quotient;
  const whole = tf.cast(quotient, 'int32');
  quotient.dispose();
  return whole;
};

/** The sign of NaN is 0. */
export const sign: Mend = (original) => (call) =>
  tf.tidy(() => {
    const y = original(call);
    return tf.where(tf.isNaN(y), tf.zerosLike(y), y);
  });

/** tfjs-node's calls methods that tensors have only with the whole of tfjs. */
export const prelu: Mend =
  () =>
  ({ inputs }) => {
    const { x, alpha } = inputs as { x: tf.Tensor; alpha: tf.Tensor };
    return tf.tidy(() => tf.add(tf.relu(x), tf.mul(alpha, tf.minimum(x, 0))));
  };

export const expOfIntegers: Mend = (original) => (call) => {
  const { x } = call.inputs as { x: tf.Tensor };
  if (x.dtype === 'float32') return original(call);
  return tf.tidy(() => original({ ...call, inputs: { x: tf.cast(x, 'float32') } }));
};

export const argOfBool: Mend = (original) => (call) => {
  const { x } = call.inputs as { x: tf.Tensor };
  if (x.dtype !== 'bool') return original(call);
  return tf.tidy(() => original({ ...call, inputs: { x: tf.cast(x, 'int32') } }));
};

/** Reads no indices back to look at them: libtensorflow checks them on the CPU, and on a GPU reading would wait. */
export const gather: Mend =
  () =>
  ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as { x: tf.Tensor; indices: tf.Tensor };
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    tf.backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, batchDims);
    const { TF_ATTR_INT, TF_ATTR_TYPE, TF_INT32 } = backend.binding;
    const axisTensor = tf.scalar(axis, 'int32');
    try {
      return backend.executeSingleOutput(
        'GatherV2',
        [
          { name: 'batch_dims', type: TF_ATTR_INT, value: batchDims },
          { name: 'Tparams', type: TF_ATTR_TYPE, value: backend.getDTypeInteger(x.dtype) },
          { name: 'Tindices', type: TF_ATTR_TYPE, value: backend.getDTypeInteger(indices.dtype) },
          { name: 'Taxis', type: TF_ATTR_TYPE, value: TF_INT32 },
        ],
        [x, indices, axisTensor],
      );
    } finally {
      axisTensor.dispose();
    }
  };
