import { configureEngine, type EngineReport, type EngineSetup, ensureEngine, onEngineLost } from './engine';

export class EngineService {
  configure(setup: EngineSetup): void {
    configureEngine(setup);
  }

  /** Is told when the GPU is lost. */
  onLost(listener: (reason: string) => void): void {
    onEngineLost(listener);
  }

  start(): Promise<EngineReport> {
    return ensureEngine();
  }
}
