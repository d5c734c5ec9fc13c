import type { TraceGraph, Value } from '../trace/trace-graph';

/** Puts other values in the place of some, wherever these are used. */
export function replaceValues(graph: TraceGraph, by: ReadonlyMap<Value, Value>): void {
  if (by.size === 0) return;
  const last = (value: Value): Value => {
    let at = value;
    for (let next = by.get(at); next; next = by.get(at)) at = next;
    return at;
  };
  for (const node of graph.nodes)
    node.inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, last(value)]));
  graph.outputs = graph.outputs.map(last);
  for (const assigned of graph.assigned) assigned.value = last(assigned.value);
}
