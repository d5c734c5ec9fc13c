import type { Signal } from '@preact/signals';
import { errorText } from '../error-text';
import { Notice } from './notice';

/** What went wrong, as it was thrown, until it is dismissed. */
export function FailureNotice({ failure }: { failure: Signal<unknown> }) {
  if (failure.value === undefined) return null;
  return (
    <Notice
      kind="error"
      onDismiss={() => {
        failure.value = undefined;
      }}
    >
      {errorText(failure.value)}
    </Notice>
  );
}
