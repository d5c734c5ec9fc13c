/** What a backend has asked of the GPU since it was started or the counters were reset. */
export interface Counters {
  /** Programs run. */
  dispatches: number;
  /** Copies between buffers: uploads into buffers used before, and reads. */
  copies: number;
  /** Times that commands were handed over. */
  submits: number;
  /** Sizes of the tensors bound to the programs, each as often as it is bound: bytes read and written, about. */
  bytesBound: number;
}

export const zeroCounters = (): Counters => ({ dispatches: 0, copies: 0, submits: 0, bytesBound: 0 });
