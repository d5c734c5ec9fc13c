import type { TraceGraph, Value } from '../trace/trace-graph';
import { replaceValues } from './replace';

/** A transpose of a transpose is one; and where the axes are then in order, it is none. */
export function mergeTransposes(graph: TraceGraph): void {
  const replaced = new Map<Value, Value>();
  for (const node of graph.nodes) {
    if (node.kernel !== 'Transpose') continue;
    let x = node.inputs['x']!;
    let perm = node.attrs['perm'] as number[];
    for (;;) {
      x = replaced.get(x) ?? x;
      if (x.source.kind !== 'node' || x.source.node.kernel !== 'Transpose') break;
      const inner = x.source.node.attrs['perm'] as number[];
      perm = perm.map((axis) => inner[axis]!);
      x = x.source.node.inputs['x']!;
    }
    if (perm.every((axis, i) => axis === i)) replaced.set(node.outputs[0]!, x);
    node.inputs = { x };
    node.attrs = { ...node.attrs, perm };
  }
  replaceValues(graph, replaced);
}
