import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { customOp } from './custom-op';

export interface LSTMOptions {
  /** [batch, length]: 1 for a step, 0 for one that leaves the state as it is and gives zeros (padding). */
  mask?: tf.Tensor2D | undefined;
  /** Whether the steps are taken from the last to the first. Default false. */
  reverse?: boolean | undefined;
}

/** What {@link lstm} returns; the caller disposes each. */
export interface LSTMStates {
  /** [batch, length, hiddenSize], the hidden state after each step. */
  output: tf.Tensor3D;
  /** [batch, hiddenSize], after the last step taken. */
  hidden: tf.Tensor2D;
  /** [batch, hiddenSize], after the last step taken. */
  cell: tf.Tensor2D;
}

/** What the backward pass needs of a step. */
interface Step {
  /** Input, forget and output gates, and the candidate: [batch, hiddenSize]. */
  gates: [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  /** tanh of the new cell. */
  tanhCell: tf.Tensor;
  /** States before the step. */
  hidden: tf.Tensor;
  cell: tf.Tensor;
}

/**
 * The recurrent part of an LSTM, from states of zeros: with gates `i, f, g, o = x + h W`, the cell becomes
 * `σ(f) c + σ(i) tanh(g)` and the hidden state `σ(o) tanh(c)`. One node of the tape: the backward pass walks the steps
 * once, and the weight's gradient is one product. Hochreiter and Schmidhuber 1997; Gers et al. 2000 (forget gate).
 *
 * @param x float32 [batch, length, 4 hiddenSize]: what the inputs give to the gates, biases included, in PyTorch's order.
 * @param weight float32 [hiddenSize, 4 hiddenSize]
 * @throws ShapeError when shapes do not fit.
 */
export function lstm(
  x: tf.Tensor3D,
  weight: tf.Tensor2D,
  { mask, reverse = false }: LSTMOptions = {},
): LSTMStates {
  const [hiddenSize] = weight.shape;
  assertShape(weight.shape, [hiddenSize, 4 * hiddenSize], 'lstm: weight');
  assertShape(x.shape, [null, null, 4 * hiddenSize], 'lstm: x');
  const [batch, length] = x.shape;
  if (mask) assertShape(mask.shape, [batch, length], 'lstm: mask');
  const order = Array.from({ length }, (_, i) => (reverse ? length - 1 - i : i));
  const [output, hidden, cell] = tf.tidy(() => {
    const steps = mask && tf.unstack(tf.expandDims(tf.cast(mask, 'float32'), 2), 1); // length of [batch, 1]
    return customOp<tf.Tensor[]>(
      { x, weight },
      (save) => {
        const inputs = length > 0 ? tf.unstack(x, 1) : []; // length of [batch, 4 hiddenSize]
        let state = { hidden: tf.zeros([batch, hiddenSize]), cell: tf.zeros([batch, hiddenSize]) };
        const saved: tf.Tensor[] = [];
        const outputs: tf.Tensor[] = [];
        for (const t of order) {
          const step = tf.tidy(() => forward(inputs[t]!, weight, state, steps?.[t]));
          const { gates, tanhCell, output, ...next } = step;
          saved.push(...gates, tanhCell, state.hidden, state.cell);
          outputs[t] = output;
          state = next;
        }
        save([weight, ...saved, ...(steps ?? [])]);
        const output = length > 0 ? tf.stack(outputs, 1) : tf.zeros([batch, 0, hiddenSize]);
        return [output, tf.clone(state.hidden), tf.clone(state.cell)];
      },
      ([dOutput, dHidden, dCell], [weight, ...saved]) => {
        const steps = order.map((_, i) => stepOf(saved.slice(7 * i, 7 * i + 7)));
        const masks = mask && saved.slice(7 * length);
        const dOutputs = length > 0 ? tf.unstack(dOutput!, 1) : [];
        const dGates: tf.Tensor[] = [];
        let upstream = { hidden: dHidden!, cell: dCell! };
        for (let i = length - 1; i >= 0; i--) {
          const t = order[i]!;
          const given = { ...upstream, output: dOutputs[t]! };
          const { gates, ...next } = tf.tidy(() => backward(steps[i]!, weight!, given, masks?.[t]));
          dGates[t] = gates;
          upstream = next;
        }
        const dx = length > 0 ? tf.stack(dGates, 1) : tf.zeros([batch, 0, 4 * hiddenSize]);
        return {
          x: () => dx,
          weight: () => {
            if (length === 0) return tf.zerosLike(weight!);
            const before = tf.concat(steps.map((step) => step.hidden)); // [length * batch, hiddenSize]
            const after = tf.concat(order.map((t) => dGates[t]!)); // [length * batch, 4 hiddenSize]
            return tf.matMul(before as tf.Tensor2D, after as tf.Tensor2D, true);
          },
        };
      },
    );
  }) as [tf.Tensor3D, tf.Tensor2D, tf.Tensor2D];
  return { output, hidden, cell };
}

interface State {
  hidden: tf.Tensor;
  cell: tf.Tensor;
}

function forward(x: tf.Tensor, weight: tf.Tensor, { hidden, cell }: State, mask: tf.Tensor | undefined) {
  const total = tf.add(x, tf.matMul(hidden, weight)); // [batch, 4 hiddenSize]
  const [i, f, g, o] = tf.split(total, 4, 1);
  const gates: Step['gates'] = [tf.sigmoid(i!), tf.sigmoid(f!), tf.sigmoid(o!), tf.tanh(g!)];
  const newCell = tf.add(tf.mul(gates[1], cell), tf.mul(gates[0], gates[3]));
  const tanhCell = tf.tanh(newCell);
  const newHidden = tf.mul(gates[2], tanhCell);
  if (!mask) return { gates, tanhCell, output: newHidden, hidden: newHidden, cell: newCell };
  const kept = tf.sub(1, mask); // [batch, 1]
  const output = tf.mul(newHidden, mask);
  return {
    gates,
    tanhCell,
    output,
    hidden: tf.add(output, tf.mul(hidden, kept)),
    cell: tf.add(tf.mul(newCell, mask), tf.mul(cell, kept)),
  };
}

function backward(
  { gates: [i, f, o, g], tanhCell, cell }: Step,
  weight: tf.Tensor,
  upstream: State & { output: tf.Tensor },
  mask: tf.Tensor | undefined,
): { gates: tf.Tensor; hidden: tf.Tensor; cell: tf.Tensor } {
  const through = (gradient: tf.Tensor) => (mask ? tf.mul(gradient, mask) : gradient);
  const around = (gradient: tf.Tensor, past: tf.Tensor) =>
    mask ? tf.add(past, tf.mul(gradient, tf.sub(1, mask))) : past;
  const slope = (gate: tf.Tensor) => tf.mul(gate, tf.sub(1, gate)); // of the sigmoid
  const dHidden = through(tf.add(upstream.hidden, upstream.output));
  const dTanh = tf.mul(tf.mul(dHidden, o), tf.sub(1, tf.square(tanhCell)));
  const dCell = tf.add(through(upstream.cell), dTanh);
  const gates = tf.concat(
    [
      tf.mul(tf.mul(dCell, g), slope(i)),
      tf.mul(tf.mul(dCell, cell), slope(f)),
      tf.mul(tf.mul(dCell, i), tf.sub(1, tf.square(g))),
      tf.mul(tf.mul(dHidden, tanhCell), slope(o)),
    ],
    1,
  ); // [batch, 4 hiddenSize]
  return {
    gates,
    hidden: around(upstream.hidden, tf.matMul(gates, weight, false, true)),
    cell: around(upstream.cell, tf.mul(dCell, f)),
  };
}

const stepOf = ([i, f, o, g, tanhCell, hidden, cell]: tf.Tensor[]): Step => ({
  gates: [i!, f!, o!, g!],
  tanhCell: tanhCell!,
  hidden: hidden!,
  cell: cell!,
});
