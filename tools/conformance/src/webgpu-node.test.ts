import { checkEngine } from './check-engine';
import { webgpuNode } from './engines/webgpu-node';

await checkEngine(webgpuNode);
