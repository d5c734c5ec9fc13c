/** What a {@link LossScaler} goes on from. */
export interface LossScalerState {
  scale: number;
  /** Good steps since the scale last changed. */
  goodSteps: number;
}

const GROWTH_INTERVAL = 2000;

/**
 * What the loss is multiplied by so that its gradients are not too small for float16: 2^16 at first, halved after a
 * step whose gradient is not finite (down to 1), doubled after 2,000 good ones in a row. It is the rule of
 * `torch.amp.GradScaler`, which has no floor. Micikevicius et al. 2018, section 3.2.
 */
export class LossScaler {
  private current: LossScalerState = { scale: 2 ** 16, goodSteps: 0 };

  get scale(): number {
    return this.current.scale;
  }

  /** @param finite Whether the gradient of the step was; if not, it was skipped. */
  update(finite: boolean): void {
    const { scale, goodSteps } = this.current;
    if (!finite) this.current = { scale: Math.max(1, scale / 2), goodSteps: 0 };
    else if (goodSteps + 1 < GROWTH_INTERVAL) this.current = { scale, goodSteps: goodSteps + 1 };
    else this.current = { scale: Math.fround(2 * scale) === Infinity ? scale : 2 * scale, goodSteps: 0 };
  }

  state(): LossScalerState {
    return { ...this.current };
  }

  restore(state: LossScalerState): void {
    this.current = { ...state };
  }
}
