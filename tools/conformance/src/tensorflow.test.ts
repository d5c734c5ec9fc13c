import { checkEngine } from './check-engine';
import { tensorflow } from './engines/tensorflow';

await checkEngine(tensorflow);
