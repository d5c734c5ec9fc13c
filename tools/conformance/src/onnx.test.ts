import { checkEngine } from './check-engine';
import { onnx } from './engines/onnx';

await checkEngine(onnx);
