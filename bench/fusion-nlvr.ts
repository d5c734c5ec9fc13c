// Whether a person's sentence holds of a drawing (NLVR, Suhr et al. 2017): sentence alone, drawing alone, both fused.
// Cross-validated on its development part, from pixels. `ours` is the accuracy of the fusion, `peer` of the best alone.
// What is seen is found in the pixels (connected patches of a colour, and what their outlines say), not read from the
// data's descriptions. The fused model first learns from made-up statements about drawn scenes, by a grammar whose author
// had read the sentences (not the labels); then, in each fold, from NLVR. A sentence is never in two folds.
// npm run bench -- fusion-nlvr [--data folder] [--strategy film] [--steps 1200] [--folds 5]
import '@crossmodal/backend-onnx';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable, parseSafetensors, Rng, serializeSafetensors, useBackend } from '@crossmodal/core';
import { type FusionStrategy, fusionStrategies } from '@crossmodal/fusion';
import { report } from './lib/report';
import { clusterBootstrap, type Interval } from './nlvr/cluster-bootstrap';
import { type CrossValidateOptions, crossValidate } from './nlvr/cross-validate';
import { type Modality, NlvrModel } from './nlvr/nlvr-model';
import { madeUp, pretrain } from './nlvr/pretrain';
import { readNlvr } from './nlvr/read-nlvr';
import { Words } from './nlvr/words';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: fileURLToPath(new URL('../../shared/data/nlvr', import.meta.url)) },
    strategy: { type: 'string', default: 'film' },
    steps: { type: 'string', default: '1200' },
    folds: { type: 'string', default: '5' },
  },
});
const { data, steps, folds } = values;
if (!Object.hasOwn(fusionStrategies, values.strategy))
  throw new Error(`fusion-nlvr: --strategy: expected one of ${Object.keys(fusionStrategies).join(', ')}.`);
const strategy = values.strategy as FusionStrategy;

await useBackend('onnx');
const began = performance.now();
const say = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${line}`);
const FUSED = 'made-up statements, then NLVR';
const examples = await readNlvr(data);
say(
  `${examples.length} examples, objects found in ${examples.reduce((n, { scenes }) => n + scenes.length, 0)} pictures`,
);
const words = new Words();
const both: Modality[] = ['text', 'image'];
const build = (modalities: readonly Modality[], dropout: number, seed: number) =>
  new NlvrModel({ modalities, strategy, numWords: words.size, dropout, rng: new Rng(seed) });

const labels = examples.map(({ label }) => label);
const right = (probabilities: number[]) => probabilities.map((p, i) => Number(p > 0.5 === labels[i]));
const mean = (scores: number[]) => scores.reduce((a, b) => a + b, 0) / scores.length;
const percent = (x: number) => (100 * x).toFixed(1);
const weights = await pretrainedState();

const fold = { examples, words, folds: Number(folds), learningRate: 1e-3, rng: new Rng(7) };
const runs: Record<string, number[]> = {};
async function run(
  name: string,
  options: Omit<CrossValidateOptions, keyof typeof fold> & { learningRate?: number },
) {
  runs[name] = await crossValidate({ ...fold, ...options });
  say(`${name}: ${percent(mean(right(runs[name])))} %`);
}
const pretrained = async () => {
  const model = build(both, 0.1, 0);
  model.loadStateDict(weights);
  return model;
};
const made = new Rng(8);
const rehearse = (count: number) => madeUp(words, made, count);
await run('made-up statements only', { steps: 0, createModel: pretrained });
await run(FUSED, { steps: 120, learningRate: 5e-4, createModel: pretrained, rehearse });
for (const modality of both)
  await run(`${modality} alone`, { steps: 100, createModel: async (i) => build([modality], 0.3, i) });
await run('not pretrained', { steps: 120, createModel: async (i) => build(both, 0.3, i) });

const groups = examples.map(({ group }) => group);
const interval = (scores: number[]) => clusterBootstrap(scores, groups, new Rng(9));
const shown = ({ mean, low, high }: Interval) => `${percent(mean)} (${percent(low)} to ${percent(high)})`;
const alone = both.map((modality) => right(runs[`${modality} alone`]!));
const rows = Object.entries(runs).map(([name, probabilities]) => {
  const scores = right(probabilities);
  const gains = alone.map((other) => shown(interval(scores.map((score, i) => score - other[i]!))));
  return [name, shown(interval(scores)), ...gains];
});
const majority = labels.map((label) => Number(label));
const head = ['%, with 95 % intervals', 'accuracy', 'above text alone', 'above image alone'];
console.log(formatTable([head, ['always "true"', shown(interval(majority)), '', ''], ...rows], [1, 2, 3]));
report({
  name: 'fusion-nlvr',
  ours: 100 * mean(right(runs[FUSED]!)),
  peer: 100 * Math.max(...alone.map(mean)),
  unit: '% right',
});

/** The fused model after made-up statements; kept between runs. */
async function pretrainedState() {
  const folder = new URL('../.cache/bench/', import.meta.url);
  const file = new URL(`nlvr-${strategy}-${steps}.safetensors`, folder);
  if (existsSync(file)) return parseSafetensors(readFileSync(file)).tensors;
  const model = build(both, 0.02, 1);
  const onLoss = (step: number, loss: number) => say(`pretraining: step ${step}, loss ${loss.toFixed(3)}`);
  const accuracy = pretrain(model, words, { steps: Number(steps), rng: new Rng(1), onLoss });
  say(`${percent(accuracy)} % right on made-up statements that it has not seen`);
  const state = await model.stateDict();
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, serializeSafetensors(state));
  return state;
}
