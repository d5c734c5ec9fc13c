import type { TraceGraph, Value } from '../trace/trace-graph';

/** Takes out nodes, captured tensors and constants that no result depends on. */
export function dropDeadNodes(graph: TraceGraph): void {
  const live = new Set<Value>([...graph.outputs, ...graph.assigned.map(({ value }) => value)]);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (node.outputs.some((value) => live.has(value)))
      for (const value of Object.values(node.inputs)) live.add(value);
  }
  graph.nodes = graph.nodes.filter((node) => node.outputs.some((value) => live.has(value)));
  const assigned = new Set(graph.assigned.map(({ capture }) => capture));
  graph.captures = graph.captures.filter((capture) => live.has(capture.value) || assigned.has(capture));
}
