// Every fusion strategy on one task, whether the signs of two modalities are equal: accuracy on new samples, parameters,
// time of a training step of 64 samples.
// npm run bench -- fusion-strategies
import '@crossmodal/backend-onnx';
import { formatTable, useBackend } from '@crossmodal/core';
import { type FusionStrategy, fusionStrategies } from '@crossmodal/fusion';
import { learnSigns } from '../packages/fusion/src/testing/learn-signs';
import { report } from './lib/report';

await useBackend('onnx');
const names = Object.keys(fusionStrategies) as FusionStrategy[];
const results = names.map((name) => ({ name, ...learnSigns(name) }));
const rows = results.map(({ name, accuracy, parameters, steps, millisecondsPerStep }) => [
  name,
  `${(100 * accuracy).toFixed(1)} %`,
  String(parameters),
  String(steps),
  millisecondsPerStep.toFixed(1),
]);
console.log(
  formatTable([['strategy', 'accuracy', 'parameters', 'steps', 'ms a step'], ...rows], [1, 2, 3, 4]),
);
const timeOf = (name: FusionStrategy) => results.find((result) => result.name === name)!.millisecondsPerStep;
report({
  name: 'fusion-strategies',
  ours: timeOf('gated'),
  peer: timeOf('concat'),
  unit: 'ms/step, gated beside concat',
});
