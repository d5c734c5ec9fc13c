import { t } from './i18n/t';
import { dismiss, notices } from './notices';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

/** What the page has to tell; screen readers read what is added. */
export function NoticesArea() {
  return (
    <div class="notices" role="log" aria-live="polite" aria-label={t('shell.notices')}>
      {notices.value.map(({ id, kind, text, values }) => (
        <Notice key={id} kind={kind} onDismiss={() => dismiss(id)}>
          {t(text, values)}{' '}
          {text === 'shell.newVersion' && (
            <Button onClick={() => location.reload()}>{t('shell.reload')}</Button>
          )}
        </Notice>
      ))}
    </div>
  );
}
