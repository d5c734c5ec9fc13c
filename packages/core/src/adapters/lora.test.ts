import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  AdamW,
  addLoRA,
  Linear,
  type LoRAConfig,
  loadLoRA,
  loraConfig,
  loraStateDict,
  MemoryCheckpointStore,
  Module,
  ModuleList,
  mergeLoRA,
  Rng,
  removeLoRA,
  type StateDict,
  setAdapter,
  Trainer,
  TransformerBlock,
  unmergeLoRA,
  valueAndGrad,
} from '../index';

const QV = /(q_proj|v_proj)$/;

class Stack extends Module {
  static override readonly checkpointKeys = { 'blocks.*.mlp': 'layer.*' };
  readonly blocks: ModuleList<TransformerBlock>;
  readonly head: Linear;

  constructor(config: Partial<ConstructorParameters<typeof TransformerBlock>[0]> = {}) {
    super();
    const rng = new Rng(1);
    const block = () =>
      new TransformerBlock({ hiddenSize: 6, numHeads: 2, intermediateSize: 10, rng, ...config });
    this.blocks = new ModuleList([block(), block()]);
    this.head = new Linear(6, 4, { rng });
  }

  forward(x: tf.Tensor, context?: Parameters<TransformerBlock['forward']>[2]): tf.Tensor {
    return tf.tidy(() => {
      const y = [...this.blocks].reduce((x, block) => block.forward(x, {}, context), x);
      return this.head.forward(y, context);
    });
  }
}

const x = () => tf.tidy(() => tf.reshape(tf.sin(tf.mul(tf.range(0, 2 * 5 * 6), 1.7)), [2, 5, 6]));
const values = (y: tf.Tensor) => [...y.dataSync()];

/** Gives B random values: an adapter that does something. */
function randomise(module: Module, name = 'default', seed = 3): void {
  for (const [key, parameter] of module.namedParameters())
    if (key.includes(`lora_B.${name}`))
      parameter.assign(tf.tensor(new Rng(seed).split(key).normalArray(parameter.size), parameter.shape));
}

/** `W + alpha / rank · A B` in every layer, without adapters: what they must equal. */
function folded(module: Stack, scale: number, name = 'default'): Stack {
  const plain = new Stack();
  const named = module.namedParameters();
  for (const [key, parameter] of plain.namedParameters()) {
    const path = key.replace(/weight$/, '');
    const [a, b] = ['A', 'B'].map((part) => named.get(`${path}lora_${part}.${name}.weight`)?.value);
    const own = tf.clone(named.get(key)!.value);
    parameter.assign(a ? tf.add(own, tf.mul(tf.matMul(a as never, b as never), scale)) : own);
  }
  return plain;
}

describe.each(['cpu', 'onnx'])('addLoRA, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it('adds alpha / rank A B to the weights that match, and nothing at first', () => {
    const stack = new Stack();
    const before = values(stack.forward(x()));
    const paths = addLoRA(stack, { pattern: QV, rank: 3, alpha: 12, rng: new Rng(2) });
    expect(paths).toEqual([0, 1].flatMap((i) => ['q', 'v'].map((p) => `blocks.${i}.self_attn.${p}_proj`)));
    expectClose(values(stack.forward(x())), before);
    randomise(stack);
    const adapted = values(stack.forward(x()));
    expect(Math.max(...adapted.map((y, i) => Math.abs(y - before[i]!)))).toBeGreaterThan(0.1);
    expectClose(adapted, folded(stack, 4).forward(x()), { relative: 1e-4 });
  });

  it('trains A and B alone, with the gradients that the weights say', () => {
    const stack = new Stack();
    addLoRA(stack, { pattern: '*.fc1', rank: 2, alpha: 3, rng: new Rng(2) });
    randomise(stack);
    const keys = ['layer.0.fc1.lora_A.default.weight', 'layer.0.fc1.lora_B.default.weight'];
    expect([...stack.trainableParameters().keys()]).toEqual([
      ...keys,
      ...keys.map((key) => key.replace('0', '1')),
    ]);
    const loss = (stack: Stack) => () =>
      tf.sum(tf.square(stack.forward(x(), { training: true }))) as tf.Scalar;
    const { gradients } = valueAndGrad(loss(stack), stack.namedParameters());
    const merged = folded(stack, 1.5);
    const full = valueAndGrad(loss(merged), merged.namedParameters()).gradients;
    for (const layer of ['layer.0.fc1', 'layer.1.fc1']) {
      const [a, b] = ['A', 'B'].map(
        (p) => stack.namedParameters().get(`${layer}.lora_${p}.default.weight`)!.value,
      );
      const dW = tf.mul(full.get(`${layer}.weight`)!, 1.5); // [in, out]
      const expected = {
        A: tf.matMul(dW as never, b as never, false, true),
        B: tf.matMul(a as never, dW as never, true),
      };
      for (const part of ['A', 'B'] as const)
        expectClose(gradients.get(`${layer}.lora_${part}.default.weight`)!, expected[part], {
          relative: 1e-3,
          absolute: 1e-3,
        });
    }
  });

  it('merges into the weights and out of them again, and leaves a merged one there when it is removed', async () => {
    const stack = new Stack();
    addLoRA(stack, { pattern: '*', rank: 2, alpha: 2, rng: new Rng(2) });
    randomise(stack);
    const base = await stack.stateDict();
    const adapted = stack.forward(x());
    mergeLoRA(stack);
    mergeLoRA(stack);
    expectClose(stack.forward(x()), adapted, { relative: 1e-4 });
    unmergeLoRA(stack);
    const back = await stack.stateDict();
    for (const [key, { bytes }] of Object.entries(base))
      expectClose(new Float32Array(back[key]!.bytes.slice().buffer), new Float32Array(bytes.slice().buffer));
    mergeLoRA(stack);
    expect(() => setAdapter(stack, undefined)).toThrow(
      'setAdapter: an adapter is merged into the weights. Call unmergeLoRA first.',
    );
    removeLoRA(stack);
    expect([...stack.namedParameters().keys()].some((key) => key.includes('lora'))).toBe(false);
    expectClose(stack.forward(x()), adapted, { relative: 1e-4 });
  });

  it('has several adapters, one of them or none active', () => {
    const stack = new Stack();
    const base = values(stack.forward(x()));
    for (const [name, pattern] of [
      ['a', '*.q_proj'],
      ['b', QV],
    ] as const) {
      addLoRA(stack, { pattern, rank: 2, alpha: 4, name, rng: new Rng(2) });
      randomise(stack, name, name.charCodeAt(0));
    }
    for (const name of ['a', 'b', undefined, 'a'] as const) {
      setAdapter(stack, name);
      const expected = name ? folded(stack, 2, name).forward(x()) : base;
      expectClose(stack.forward(x()), expected, { relative: 1e-4 });
      const trained = [...stack.trainableParameters().keys()];
      expect(trained).toHaveLength(name ? { a: 4, b: 8 }[name] : 0);
      expect(trained.every((key) => key.includes(`.${name}.`))).toBe(true);
    }
    removeLoRA(stack, 'a');
    expectClose(stack.forward(x()), base);
    setAdapter(stack, 'b');
    expectClose(stack.forward(x()), folded(stack, 2, 'b').forward(x()), { relative: 1e-4 });
  });

  it('drops what goes into A in training, of every layer of a block', () => {
    const stack = new Stack({ activation: 'swiglu', bias: false });
    const pattern = /(proj)$/;
    const paths = addLoRA(stack, { pattern, rank: 2, alpha: 4, dropout: 0.5, rng: new Rng(2) });
    randomise(stack);
    const y = (seed?: number) =>
      values(stack.forward(x(), seed === undefined ? {} : { training: true, rng: new Rng(seed) }));
    expect(y()).toEqual(y());
    expect(y(1)).toEqual(y(1));
    expect(y(1)).not.toEqual(y(2));
    expect(y(1)).not.toEqual(y());
    const draws = new Rng(1);
    stack.forward(x(), { training: true, rng: draws });
    const counted = new Rng(1); // a draw for two values: [2, 5, in] for each layer
    const inputs = paths.reduce((sum, path) => sum + 10 * (path.endsWith('down_proj') ? 10 : 6), 0);
    for (let i = 0; i < inputs / 2; i++) counted.uint32();
    expect(draws.state()).toEqual(counted.state());
    expect(() => stack.forward(x(), { training: true })).toThrow(
      'LoRA: needs a random generator in training.',
    );
  });

  it('leaks nothing', () => {
    const stack = new Stack();
    const input = x();
    expectNoLeak(() => {
      addLoRA(stack, { pattern: QV, rank: 2, alpha: 4, dropout: 0.1, rng: new Rng(2) });
      const loss = () => tf.sum(stack.forward(input, { training: true, rng: new Rng(1) })) as tf.Scalar;
      const { value, gradients } = valueAndGrad(loss, stack.namedParameters());
      tf.dispose([value, ...gradients.values()]);
      stack.blocks.at(0)!.selfAttn.qProj.forward(input).dispose();
      mergeLoRA(stack);
      unmergeLoRA(stack);
      removeLoRA(stack);
    });
    const before = tf.memory().numTensors;
    const other = new Stack();
    addLoRA(other, { pattern: QV, rank: 2, alpha: 4, rng: new Rng(2) });
    other.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('adapters and files', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('starts as peft does: A uniform in ±1 / sqrt(in), B zero', () => {
    const linear = new Linear(100, 3, { rng: new Rng(1) });
    addLoRA(linear, { pattern: '*', rank: 50, alpha: 1, rng: new Rng(2) });
    const [a, b] = ['A', 'B'].map((part) =>
      values(linear.namedParameters().get(`lora_${part}.default.weight`)!.value),
    );
    const variance = a!.reduce((sum, v) => sum + v * v, 0) / a!.length;
    expect(Math.max(...a!.map(Math.abs))).toBeLessThan(0.1);
    expectClose(variance, 0.01 / 3, { relative: 0.05 });
    expect(b!.every((v) => v === 0)).toBe(true);
  });

  it('round-trips an adapter, and leaves the base as it is', async () => {
    const stack = new Stack();
    const base = await stack.stateDict();
    addLoRA(stack, { pattern: '*.fc2', rank: 2, alpha: 5, dropout: 0.25, name: 'mine', rng: new Rng(2) });
    randomise(stack, 'mine');
    expect(await stack.stateDict()).toEqual(base);
    const files = { config: loraConfig(stack, 'mine'), state: await loraStateDict(stack, 'mine') };
    expect(files.config).toMatchObject({ r: 2, lora_alpha: 5, lora_dropout: 0.25 });
    expect(files.config.target_modules).toEqual(['layer.0.fc2', 'layer.1.fc2']);
    expect(files.state['base_model.model.layer.1.fc2.lora_A.weight']!.shape).toEqual([2, 10]);
    expect(files.state['base_model.model.layer.1.fc2.lora_B.weight']!.shape).toEqual([6, 2]);

    const other = new Stack();
    loadLoRA(other, files);
    expect([...other.trainableParameters().keys()]).toHaveLength(4);
    expect(values(other.forward(x()))).toEqual(values(stack.forward(x())));
    expect({ config: loraConfig(other), state: await loraStateDict(other) }).toEqual(files);

    const rs = new Stack();
    loadLoRA(rs, { ...files, config: { ...files.config, lora_alpha: 5 / Math.SQRT2, use_rslora: true } });
    expectClose(rs.forward(x()), stack.forward(x()));
  });

  it("loads a base's weights beside adapters, and adapters' when they are there", async () => {
    const [base, stack, again] = [new Stack(), new Stack(), new Stack()];
    addLoRA(stack, { pattern: QV, rank: 2, alpha: 5, rng: new Rng(2) });
    randomise(stack);
    stack.loadStateDict(await base.stateDict());
    const whole = await stack.stateDict({ adapters: true });
    expect(Object.keys(whole).length).toBe(Object.keys(await base.stateDict()).length + 8);
    expect(() => again.loadStateDict(whole)).toThrow(
      'unexpected (8): blocks.0.self_attn.q_proj.lora_A.default.weight',
    );
    addLoRA(again, { pattern: QV, rank: 2, alpha: 5, rng: new Rng(9) });
    again.loadStateDict(whole);
    expect(values(again.forward(x()))).toEqual(values(stack.forward(x())));
  });

  it('is trained by a Trainer that stops and resumes', async () => {
    const start = (store: MemoryCheckpointStore) => {
      const model = new Stack();
      addLoRA(model, { pattern: QV, rank: 2, alpha: 4, dropout: 0.2, rng: new Rng(2) });
      const trainer = new Trainer<Stack, { x: tf.Tensor }>({
        model,
        optimizer: new AdamW(model),
        schedule: () => 0.05,
        data: endless(),
        loss: (model, { x }, context) => ({ loss: tf.mean(tf.square(model.forward(x, context))) }),
        rng: new Rng(3),
        checkpoints: { store },
        loggers: [],
      });
      return { model, trainer };
    };
    const whole = start(new MemoryCheckpointStore());
    const base = await whole.model.stateDict();
    await whole.trainer.fit({ steps: 4 });
    const store = new MemoryCheckpointStore();
    await start(store).trainer.fit({ steps: 2 });
    const resumed = start(store);
    await resumed.trainer.resume();
    await resumed.trainer.fit({ steps: 4 });
    const state = await resumed.model.stateDict({ adapters: true });
    expect(state).toEqual(await whole.model.stateDict({ adapters: true }));
    expect(await resumed.model.stateDict()).toEqual(base);
    const b = resumed.model.namedParameters().get('blocks.0.self_attn.q_proj.lora_B.default.weight')!;
    expect(values(b.value).some((v) => v !== 0)).toBe(true);
  });

  it('says what does not fit, and changes nothing', async () => {
    const stack = new Stack();
    const rng = new Rng(2);
    const add = (options: object) => () =>
      addLoRA(stack, { pattern: QV, rank: 2, alpha: 4, rng, ...options });
    expect(add({ pattern: 'q_proj' })).toThrow(
      'addLoRA: pattern: no Linear matches q_proj. There are 13, such as: blocks.0.self_attn.q_proj, ',
    );
    expect(add({ rank: 0 })).toThrow('addLoRA: rank: expected a positive integer, received 0.');
    expect(add({ alpha: Number.NaN })).toThrow('addLoRA: alpha: expected a finite number, received NaN.');
    expect(add({ dropout: 1 })).toThrow('addLoRA: dropout: rate: expected [0, 1), received 1.');
    expect(add({ name: 'a.b' })).toThrow('addLoRA: name: expected letters, digits, _ and -, received "a.b".');
    expect(() => setAdapter(stack, 'a')).toThrow(
      'setAdapter: name: there is no adapter a. There are none: see addLoRA.',
    );
    add({})();
    expect(add({})).toThrow('addLoRA: name: there is an adapter default already.');
    expect(() => removeLoRA(stack, 'a')).toThrow(
      'removeLoRA: name: there is no adapter a. There are: default.',
    );
    const config = loraConfig(stack);
    const state = await loraStateDict(stack);

    const other = new Stack();
    const before = [...other.trainableParameters().keys()];
    const load = (changes: { config?: object; state?: StateDict }) => () =>
      loadLoRA(other, {
        config: { ...config, ...changes.config } as LoRAConfig,
        state: changes.state ?? state,
      });
    const [a, b] = Object.keys(state) as [string, string];
    expect(load({ config: { peft_type: 'IA3' } })).toThrow(
      'loadLoRA: config: peft_type: expected LORA, received IA3.',
    );
    expect(load({ config: { use_dora: true } })).toThrow(
      'loadLoRA: config: use_dora: true is not supported.',
    );
    expect(load({ config: { rank_pattern: { fc1: 3 } } })).toThrow(
      'rank_pattern: {"fc1":3} is not supported.',
    );
    expect(load({ config: { bias: 'all' } })).toThrow('loadLoRA: config: bias: expected none, received all.');
    expect(load({ config: { r: 3 } })).toThrow(
      `loadLoRA: state: ${a}: expected shape [3, 6], received [2, 6].`,
    );
    expect(load({ state: { [a]: state[a]! } })).toThrow(`loadLoRA: state: missing: ${b}.`);
    expect(load({ state: {} })).toThrow('loadLoRA: state: it is empty.');
    const wrong = { ...state, 'base_model.model.nowhere.lora_A.weight': state[a]! };
    expect(load({ state: wrong })).toThrow(
      'loadLoRA: state: unexpected: base_model.model.nowhere.lora_A.weight. There is no Linear of that path.',
    );
    expect([...other.trainableParameters().keys()]).toEqual(before);
  });
});

/** The same batch for ever, from any place. */
function endless() {
  let position = 0;
  return {
    length: undefined,
    state: () => ({ epoch: 0, position }) as never,
    restore: (state: { position: number }) => {
      position = state.position;
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        position++;
        yield { x: x() };
      }
    },
  };
}
