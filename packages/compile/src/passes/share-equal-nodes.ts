import type { TraceGraph, TraceNode, Value } from '../trace/trace-graph';
import { replaceValues } from './replace';

/** Computes once what is computed several times: nodes of one kernel with equal attributes and the same inputs. */
export function shareEqualNodes(graph: TraceGraph): void {
  const ids = new Map<Value, number>();
  const idOf = (value: Value) => {
    const resolved = replaced.get(value) ?? value;
    if (!ids.has(resolved)) ids.set(resolved, ids.size);
    return ids.get(resolved)!;
  };
  const replaced = new Map<Value, Value>();
  const known = new Map<string, TraceNode>();
  for (const node of graph.nodes) {
    const inputs = Object.entries(node.inputs).map(([name, value]) => `${name}:${idOf(value)}`);
    const key = `${node.kernel} ${inputs} ${JSON.stringify(node.attrs)} ${node.outputs.map(({ shape }) => shape)}`;
    const same = known.get(key);
    if (!same) known.set(key, node);
    else for (const [i, output] of node.outputs.entries()) replaced.set(output, same.outputs[i]!);
  }
  replaceValues(graph, replaced);
}
