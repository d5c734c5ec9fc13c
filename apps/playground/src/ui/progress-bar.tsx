import { t } from '../i18n/t';
import './progress-bar.css';

export interface ProgressBarProps {
  label: string;
  done: number;
  /** 0 where it is not known. */
  total: number;
  /** In place of "3 of 10". */
  text?: string;
}

export function ProgressBar({ label, done, total, text }: ProgressBarProps) {
  const known = total > 0;
  const words = text ?? (known ? t('shell.progressOf', { done, total }) : '');
  return (
    <div class="progress">
      <div class="progress-words">
        <span>{label}</span>
        <span>{words}</span>
      </div>
      <div
        class="progress-track"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={known ? total : undefined}
        aria-valuenow={known ? done : undefined}
        aria-valuetext={words || undefined}
      >
        <div
          class={known ? 'progress-done' : 'progress-done progress-unknown'}
          // By the DOM, not by an attribute: the page's policy refuses those.
          ref={(element) => {
            if (element) element.style.inlineSize = known ? `${Math.min(100, (100 * done) / total)}%` : '';
          }}
        />
      </div>
    </div>
  );
}
