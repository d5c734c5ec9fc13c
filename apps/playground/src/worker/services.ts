import type { DrawService } from './draw-service';
import type { EngineService } from './engine-service';
import type { SearchService } from './search-service';
import type { TrainService } from './train-service';
import type { UnderstandService } from './understand-service';

/** What the worker does, by area. */
export interface Services {
  engine: EngineService;
  search: SearchService;
  train: TrainService;
  draw: DrawService;
  understand: UnderstandService;
}

/** A service as the page sees it: every method gives a promise. Functions and AbortSignals may be arguments. */
export type Remote<S> = {
  readonly [Name in keyof S]: S[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};
export type RemoteServices = { readonly [Area in keyof Services]: Remote<Services[Area]> };
