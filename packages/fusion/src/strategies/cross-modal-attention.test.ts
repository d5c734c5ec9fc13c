import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { hostTensorFromValues, Rng } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CrossModalAttention } from './cross-modal-attention';

const golden = readGolden(new URL('../../golden/cross_modal_attention.safetensors', import.meta.url));
const tensor3d = (name: string) => golden.tensor(name) as tf.Tensor3D;
const build = () => new CrossModalAttention({ hiddenSize: 6, numHeads: 2, sourceSize: 7, rng: new Rng(1) });

describe.each(['cpu', 'onnx'])('CrossModalAttention, on %s,', (engine) => {
  beforeAll(async () => {
    await tf.setBackend(engine);
  });

  it("equals PyTorch's, and gives zeros to what sees nothing, in values and gradients", async () => {
    const attention = build();
    const keys = golden.names.filter((name) => name.startsWith('state.'));
    attention.loadStateDict(
      Object.fromEntries(
        keys.map((key) => {
          const { values, shape } = golden.array(key);
          return [key.slice('state.'.length), hostTensorFromValues(values, shape, 'F32')];
        }),
      ),
    );
    const [x, source, attentionMask] = [tensor3d('x'), tensor3d('source'), golden.tensor('mask')];
    const { output, weights } = attention.forward(x, source, { attentionMask });
    expectClose(output, tensor3d('output'));
    expectClose(weights, golden.tensor('weights'));
    expectClose(tf.slice(output, 2, 1), Array(4 * 6).fill(0), { absolute: 0 });

    const named = [...attention.namedParameters()];
    const variables = named.map(([, { value }]) => value);
    const loss = () =>
      tf.sum(tf.mul(attention.forward(x, source, { attentionMask }).output, tensor3d('dy'))) as tf.Scalar;
    const { grads } = tf.engine().gradients(loss, [x, ...variables]);
    expectClose(grads[0]!, tensor3d('dx'), { absolute: 1e-5, relative: 1e-4 });
    for (const [i, [key, { layout }]] of named.entries()) {
      const inFile = layout === 'linear' ? tf.transpose(grads[i + 1]!) : grads[i + 1]!;
      expectClose(inFile, golden.tensor(`grad.${key}`), { absolute: 1e-4, relative: 1e-3 });
    }
  });

  it('takes what is not masked if there is no mask', () => {
    const attention = build();
    const [x, source] = [tensor3d('x'), tensor3d('source')];
    const attentionMask = tf.ones([3, 5]);
    const { output } = attention.forward(x, source, { attentionMask });
    expectClose(attention.forward(x, source).output, output, { absolute: 0, relative: 0 });
  });

  it('leaves no tensor behind', () => {
    const attention = build();
    const [x, source] = [tensor3d('x'), tensor3d('source')];
    expectNoLeak(() => tf.dispose(attention.forward(x, source) as never));
  });
});

describe('CrossModalAttention says', () => {
  it('which sizes it takes', () => {
    const config = { hiddenSize: 6, numHeads: 4, rng: new Rng(1) };
    expect(() => new CrossModalAttention(config)).toThrow(
      'CrossModalAttention: numHeads: expected a divisor of hiddenSize (6), received 4.',
    );
    expect(() => build().forward(tf.ones([2, 4, 5]), tf.ones([2, 5, 7]))).toThrow(
      'CrossModalAttention: x: expected shape [?, ?, 6], received [2, 4, 5].',
    );
    expect(() => build().forward(tf.ones([2, 4, 6]), tf.ones([3, 5, 7]))).toThrow(
      'CrossModalAttention: source: expected shape [2, ?, 7], received [3, 5, 7].',
    );
    const attentionMask = tf.ones([2, 4]);
    expect(() => build().forward(tf.ones([2, 4, 6]), tf.ones([2, 5, 7]), { attentionMask })).toThrow(
      'CrossModalAttention: attentionMask: expected shape [2, 5], received [2, 4].',
    );
  });
});
