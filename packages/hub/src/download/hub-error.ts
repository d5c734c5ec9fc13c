import { CrossmodalError } from '@crossmodal/core';

/**
 * Why a hub did not give what was asked: `not-found` (no such repository or revision, or a private one), `no-file`,
 * `gated` (access has to be asked for), `unauthorized` (the token is refused), `offline` (not in the cache, and the
 * network may not be used), `network` (no answer after several attempts) or `refused` (any other answer).
 */
export type HubErrorReason =
  | 'not-found'
  | 'no-file'
  | 'gated'
  | 'unauthorized'
  | 'offline'
  | 'network'
  | 'refused';

/** A hub, or the cache of what came from it, does not give what was asked. */
export class HubError extends CrossmodalError {
  readonly reason: HubErrorReason;

  constructor(reason: HubErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
