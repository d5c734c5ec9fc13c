import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { errorText } from '../error-text';
import { Notice } from './notice';

/** What went wrong, as it was thrown, until it is dismissed. */
export function FailureNotice({ failure }: { failure: Signal<unknown> }) {
  const place = useRef<HTMLDivElement>(null);
  // What was done may be far below.
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [failure.value]);
  if (failure.value === undefined) return null;
  return (
    <div ref={place}>
      <Notice
        kind="error"
        onDismiss={() => {
          failure.value = undefined;
        }}
      >
        {errorText(failure.value)}
      </Notice>
    </div>
  );
}
