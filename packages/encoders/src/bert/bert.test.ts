import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng, serializeSafetensors, softmaxCrossEntropy, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenGradients, readTinyModel } from '../../test/tiny-model';
import { readBertConfig } from './bert-config';
import { BertForMaskedLM } from './bert-for-masked-lm';
import { BertModel } from './bert-model';

const golden = readGolden(new URL('../../golden/bert.safetensors', import.meta.url));
const tiny = readTinyModel('tiny-bert');
const tinyMasked = readTinyModel('tiny-bert-mlm');
const close = { absolute: 1e-5, relative: 1e-4 };
const ids = (name: string) => golden.tensor(name) as tf.Tensor2D;
const texts = () => ({
  inputIds: ids('input_ids'),
  attentionMask: ids('attention_mask'),
  tokenTypeIds: ids('token_type_ids'),
});

function load(changes: { pooler?: boolean; hiddenDropoutProb?: number } = {}) {
  const bert = new BertModel({ ...readBertConfig(tiny.json), ...changes, rng: new Rng(0) });
  const state = { ...tiny.state };
  if (changes.pooler === false) {
    delete state['pooler.dense.weight'];
    delete state['pooler.dense.bias'];
  }
  bert.loadStateDict(state);
  return bert;
}

function loadMasked(more = {}) {
  const bert = new BertForMaskedLM({ ...readBertConfig(tinyMasked.json), rng: new Rng(0) });
  bert.loadStateDict({ ...tinyMasked.state, ...more });
  return bert;
}

describe.each(['cpu', 'onnx'])("BERT with transformers' weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes the same states, with and without pooler', () => {
    const output = load().forward({ ...texts(), outputHiddenStates: true });
    expectClose(output.lastHiddenState, golden.tensor('last_hidden_state'), close);
    expectClose(output.pooledOutput, golden.tensor('pooler_output'), close);
    expect(output.hiddenStates).toHaveLength(4);
    for (const [i, state] of output.hiddenStates!.entries())
      expectClose(state, golden.tensor(`hidden_states.${i}`), close);
    const bare = load({ pooler: false }).forward(texts());
    expectClose(bare.pooledOutput, tf.slice(output.lastHiddenState, [0, 0, 0], [-1, 1, -1]));
    expect(bare).not.toHaveProperty('hiddenStates');
  });

  it('takes all tokens to be of type 0 and none to be padding, unless told otherwise', () => {
    const { pooledOutput } = load().forward({ inputIds: ids('input_ids') });
    expectClose(pooledOutput, golden.tensor('plain.pooler_output'), close);
  });

  it('does not see padding, and stays finite where all is padding', () => {
    const bert = load();
    const other = texts().inputIds.arraySync() as number[][];
    other[0]![5] = 9;
    const given = texts();
    const first = (x: tf.Tensor) => tf.slice(x, 0, 1);
    const changed = bert.forward({ ...given, inputIds: tf.tensor2d(other, undefined, 'int32') });
    const { pooledOutput } = bert.forward(given);
    expectClose(first(changed.pooledOutput), first(pooledOutput), { absolute: 0, relative: 0 });
    const empty = { ...given, attentionMask: tf.zeros([2, 6], 'int32') as tf.Tensor2D };
    const { value, gradients } = valueAndGrad(
      () => tf.sum(bert.forward(empty).pooledOutput) as tf.Scalar,
      bert.trainableParameters(),
    );
    for (const x of [value, ...gradients.values()]) expect(x.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('predicts masked tokens, with the same gradients', () => {
    const bert = loadMasked();
    expectClose(bert.forward(texts()).logits, golden.tensor('mlm.logits'), close);
    const target = tf.reshape(golden.tensor('mlm.target'), [12]) as tf.Tensor1D;
    const weight = tf.cast(tf.reshape(texts().attentionMask, [12]), 'float32');
    const { value, gradients } = valueAndGrad(() => {
      const logits = tf.reshape(bert.forward(texts()).logits, [12, 17]) as tf.Tensor2D;
      const losses = softmaxCrossEntropy(logits, target, { reduction: 'none' });
      return tf.div(tf.sum(tf.mul(losses, weight)), tf.sum(weight)) as tf.Scalar;
    }, bert.trainableParameters());
    expectClose(value, golden.tensor('mlm.loss'), close);
    expectGoldenGradients(golden, bert, gradients, {
      word_embeddings: 'bert.embeddings.word_embeddings.weight',
      token_type_embeddings: 'bert.embeddings.token_type_embeddings.weight',
      key: 'bert.encoder.layer.1.attention.self.key.weight',
      norm: 'bert.encoder.layer.0.attention.output.LayerNorm.weight',
      bias: 'cls.predictions.bias',
      transform: 'cls.predictions.transform.dense.weight',
    });
  });

  it('drops in training only, and leaks nothing', () => {
    const bert = load();
    const masked = loadMasked();
    const train = (seed: number) => ({ training: true, rng: new Rng(seed) });
    const given = { ...texts(), outputHiddenStates: true };
    const [a, b, c] = [1, 1, 2].map((seed) => bert.forward(given, train(seed)).pooledOutput);
    expectClose(a!, b!, { absolute: 0, relative: 0 });
    expect(tf.max(tf.abs(tf.sub(a!, c!))).dataSync()[0]).toBeGreaterThan(0.01);
    const embedded = bert.forward(given, train(1)).hiddenStates![0]!.dataSync();
    const zeros = embedded.filter((x) => x === 0).length / embedded.length;
    expect(zeros).toBeGreaterThan(0.02); // a tenth, of 144
    expect(zeros).toBeLessThan(0.25);
    const off = load({ hiddenDropoutProb: 0 });
    expectClose(off.forward(given, { training: true }).pooledOutput, golden.tensor('pooler_output'), close);
    expectNoLeak(() => tf.dispose({ ...bert.forward(given, train(1)) }));
    expectNoLeak(() => tf.dispose({ ...masked.forward(given) }));
  });
});

describe('BERT', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('saves the files that transformers saved, byte for byte', async () => {
    const model = serializeSafetensors(await load().stateDict(), { format: 'pt' });
    expect(Buffer.compare(model, tiny.bytes)).toBe(0);
    const masked = serializeSafetensors(await loadMasked().stateDict(), { format: 'pt' });
    expect(Buffer.compare(masked, tinyMasked.bytes)).toBe(0);
  });

  it('reads files that have the tied decoder twice, or have it alone', () => {
    const words = 'bert.embeddings.word_embeddings.weight';
    const decoder = {
      'cls.predictions.decoder.weight': tinyMasked.state[words]!,
      'cls.predictions.decoder.bias': tinyMasked.state['cls.predictions.bias']!,
    };
    expectClose(loadMasked(decoder).forward(texts()).logits, golden.tensor('mlm.logits'), close);
    const { [words]: _, 'cls.predictions.bias': __, ...rest } = tinyMasked.state;
    const bert = new BertForMaskedLM({ ...readBertConfig(tinyMasked.json), rng: new Rng(0) });
    bert.loadStateDict({ ...rest, ...decoder });
    expectClose(bert.forward(texts()).logits, golden.tensor('mlm.logits'), close);
  });

  it('is a tower of a CLIP, and starts with small weights and no biases', () => {
    const bert = new BertModel({ ...readBertConfig(tiny.json), hiddenSize: 64, rng: new Rng(0) });
    expect([bert.hiddenSize, bert.contextLength]).toEqual([64, 7]);
    for (const [key, { value }] of bert.namedParameters()) {
      const { mean, variance } = tf.moments(value);
      if (key.endsWith('bias')) expect(tf.max(tf.abs(value)).dataSync()[0]).toBe(0);
      else if (key.includes('LayerNorm')) expectClose(mean, 1);
      else expectClose(tf.sqrt(variance), 0.02, { absolute: 0.004 });
    }
    const padding = tf.slice(bert.embeddings.wordEmbeddings.weight.value, 0, 1);
    expect(tf.max(tf.abs(padding)).dataSync()[0]).toBe(0);
  });

  it('says what does not fit', () => {
    expect(() => load().forward({ inputIds: tf.zeros([1, 8], 'int32') })).toThrow(
      'BertModel: inputIds: expected at most 7 tokens, received 8. Cut texts with ' +
        'tokenizer.tokenize(texts, { contextLength: 7 }).',
    );
    const tokenTypeIds = tf.zeros([2, 5], 'int32') as tf.Tensor2D;
    expect(() => load().forward({ ...texts(), tokenTypeIds })).toThrow(
      'BertModel: tokenTypeIds: expected shape [2, 6], received [2, 5].',
    );
  });
});

describe('readBertConfig', () => {
  it("reads transformers' file, with transformers' defaults", () => {
    expect(readBertConfig(tiny.json)).toEqual({
      vocabSize: 17,
      hiddenSize: 12,
      intermediateSize: 20,
      numHiddenLayers: 3,
      numAttentionHeads: 2,
      maxPositionEmbeddings: 7,
      typeVocabSize: 3,
      hiddenAct: 'gelu',
      layerNormEps: 1e-12,
      hiddenDropoutProb: 0.1,
      initializerRange: 0.02,
      padTokenId: 0,
    });
    expect(readBertConfig({})).toMatchObject({ vocabSize: 30522, hiddenSize: 768, typeVocabSize: 2 });
    expect(readBertConfig({ model_type: 'chinese_clip_text_model', pooler: false }).pooler).toBe(false);
  });

  it.each([
    [
      { model_type: 'roberta' },
      'model_type: expected "bert" or "chinese_clip_text_model" or "align_text_model", received "roberta"',
    ],
    [
      { position_embedding_type: 'relative_key' },
      'position_embedding_type: expected one of absolute, received',
    ],
    [{ is_decoder: true }, 'is_decoder: expected false, received true'],
    [{ tie_word_embeddings: false }, 'tie_word_embeddings: expected true, received false'],
    [{ hidden_size: 10 }, 'hidden_size: expected a multiple of num_attention_heads (12), received 10'],
  ])('says what cannot be: %j', (json, error) => {
    expect(() => readBertConfig(json)).toThrow(`readBertConfig: ${error}`);
  });
});
