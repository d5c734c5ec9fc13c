import type { Activation } from '@crossmodal/core';

/** Activations by the names that published configurations have. */
export const ACTIVATIONS = {
  quick_gelu: 'quickGelu',
  gelu: 'gelu',
  gelu_new: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  relu: 'relu',
  silu: 'silu',
} as const satisfies Record<string, Activation>;

/** An activation, as published configurations name it. */
export type HiddenAct = keyof typeof ACTIVATIONS;

export const HIDDEN_ACTS = Object.keys(ACTIVATIONS) as HiddenAct[];
