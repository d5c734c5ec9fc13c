// Registers the gradients of every tfjs-core kernel. Without this, tfjs-core in Node computes no gradients at
// all; the registries are global to the process, so one import of @crossmodal/core is enough.
import './gradients.generated.js';
import { fixGradients } from './gradient-fixes';

fixGradients();
