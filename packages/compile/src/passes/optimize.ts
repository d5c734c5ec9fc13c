import type { TraceGraph } from '../trace/trace-graph';
import { dropDeadNodes } from './drop-dead-nodes';
import { mergeReshapes } from './merge-reshapes';
import { mergeTransposes } from './merge-transposes';
import { shareEqualNodes } from './share-equal-nodes';

/** What ONNX Runtime leaves undone, or does only at each start: the graph computes the same with less. */
export function optimize(graph: TraceGraph): void {
  mergeReshapes(graph);
  mergeTransposes(graph);
  shareEqualNodes(graph);
  dropDeadNodes(graph);
}
