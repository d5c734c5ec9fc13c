import type { ComponentChildren } from 'preact';
import { t } from '../i18n/t';
import { Button } from './button';
import './notice.css';

export interface NoticeProps {
  kind: 'info' | 'warning' | 'error';
  children: ComponentChildren;
  onDismiss?: () => void;
}

/** Something to know, in the place where it matters. */
export function Notice({ kind, children, onDismiss }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : undefined}>
      <div class="notice-text">{children}</div>
      {onDismiss && (
        <Button kind="quiet" label={t('shell.dismiss')} onClick={onDismiss}>
          ×
        </Button>
      )}
    </div>
  );
}
