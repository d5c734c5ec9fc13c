import { CrossmodalError } from '@crossmodal/core';

/** Something in a function cannot be recorded: the message names the operation, and how to restructure. */
export class TraceError extends CrossmodalError {}
