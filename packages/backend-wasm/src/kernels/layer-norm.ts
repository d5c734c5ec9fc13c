import { sizeOf, type WasmKernel } from '../kernel';
import { f32x4 } from '../simd/assembler';
import { RowFunction } from '../simd/rows';

const { add, sub, mul, div, sqrt, const: constant } = f32x4;

const forward = () =>
  new RowFunction(
    'run',
    {
      arrays: ['x', 'y'],
      vectors: ['gamma', 'beta'],
      numbers: ['mean', 'inverseStd'],
      scalars: ['epsilon'],
    },
    (row) => {
      const { f } = row;
      const [total] = row.sums(1, (at) => [at('x')]);
      const mean = f.local('v128', div(total!.value, row.size));
      const centred = f.local('v128');
      const [squares] = row.sums(1, (at) => {
        f.set(centred, sub(at('x'), mean.value));
        return [mul(centred.value, centred.value)];
      });
      const variance = div(squares!.value, row.size);
      const scale = f.local('v128', div(constant(1), sqrt(add(variance, row.splat('epsilon')))));
      row.each((at, _valid, store) =>
        store('y', add(mul(mul(sub(at('x'), mean.value), scale.value), at('gamma')), at('beta'))),
      );
      row.setNumber('mean', mean.value);
      row.setNumber('inverseStd', scale.value);
    },
  ).f;

/** dx = s (g - mean(g) - n mean(g n)) with g = dy gamma, n = (x - mean) s; dgamma and dbeta add up over the rows. */
const backward = () =>
  new RowFunction(
    'run',
    {
      arrays: ['dy', 'x', 'dx'],
      vectors: ['gamma', 'dgamma', 'dbeta'],
      numbers: ['mean', 'inverseStd'],
    },
    (row) => {
      const { f } = row;
      const mean = f.local('v128', row.splat('mean'));
      const scale = f.local('v128', row.splat('inverseStd'));
      const [g, n] = [f.local('v128'), f.local('v128')];
      const load = (at: (name: string) => ReturnType<typeof add>) => {
        f.set(g, mul(at('dy'), at('gamma')));
        f.set(n, mul(sub(at('x'), mean.value), scale.value));
      };
      const [total, along] = row.sums(2, (at) => {
        load(at);
        return [g.value, mul(g.value, n.value)];
      });
      f.set(total!, div(total!.value, row.size));
      f.set(along!, div(along!.value, row.size));
      row.each((at, valid, store) => {
        load(at);
        store('dgamma', add(at('dgamma'), valid(mul(at('dy'), n.value))));
        store('dbeta', add(at('dbeta'), valid(at('dy'))));
        store('dx', mul(sub(sub(g.value, total!.value), mul(n.value, along!.value)), scale.value));
      });
    },
  ).f;

const layerNorm: WasmKernel = {
  kernelName: 'FusedLayerNorm',
  compute({ inputs, attrs, heap }) {
    const [x, gamma, beta] = [inputs['x']!, inputs['gamma']!, inputs['beta']!];
    const width = x.shape.at(-1)!;
    const rows = sizeOf(x.shape.slice(0, -1));
    const outputs = [heap.allocate(x.shape), heap.allocate([rows]), heap.allocate([rows])];
    const [y, mean, inverseStd] = outputs.map((output) => heap.address(output)) as [number, number, number];
    const { run } = heap.module('layer norm', () => [forward()]);
    const vectors = [heap.address(gamma), heap.address(beta)];
    run!(heap.address(x), y, ...vectors, mean, inverseStd, rows, width, attrs['epsilon'] as number);
    return outputs;
  },
};

const layerNormGradient: WasmKernel = {
  kernelName: 'FusedLayerNormGrad',
  compute({ inputs, heap }) {
    const x = inputs['x']!;
    const width = x.shape.at(-1)!;
    const rows = sizeOf(x.shape.slice(0, -1));
    const outputs = [heap.allocate(x.shape), heap.allocate([width]), heap.allocate([width])];
    for (const sum of outputs.slice(1)) heap.floats(sum).fill(0);
    const [dx, dgamma, dbeta] = outputs.map((output) => heap.address(output)) as [number, number, number];
    const [dy, gamma, mean, inverseStd] = ['dy', 'gamma', 'mean', 'inverseStd'].map((name) =>
      heap.address(inputs[name]!),
    ) as [number, number, number, number];
    const { run } = heap.module('layer norm gradient', () => [backward()]);
    run!(dy, heap.address(x), dx, gamma, dgamma, dbeta, mean, inverseStd, rows, width);
    return outputs;
  },
};

export const layerNorms = [layerNorm, layerNormGradient];
