import type { TraceGraph, Value } from '../trace/trace-graph';
import { replaceValues } from './replace';

/** A reshape of a reshape is one; to the shape that there was, it is none. So with identities. */
export function mergeReshapes(graph: TraceGraph): void {
  const replaced = new Map<Value, Value>();
  const resolve = (value: Value) => replaced.get(value) ?? value;
  for (const node of graph.nodes) {
    node.inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, v]) => [name, resolve(v)]));
    if (node.kernel === 'Identity') replaced.set(node.outputs[0]!, node.inputs['x']!);
    if (node.kernel !== 'Reshape') continue;
    let x = node.inputs['x']!;
    while (x.source.kind === 'node' && x.source.node.kernel === 'Reshape') x = x.source.node.inputs['x']!;
    const [y] = node.outputs;
    if (x.shape.length === y!.shape.length && x.shape.every((size, i) => size === y!.shape[i]))
      replaced.set(y!, x);
    else node.inputs = { x };
  }
  replaceValues(graph, replaced);
}
