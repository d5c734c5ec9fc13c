import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from './i18n/t';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

export type Loader = () => Promise<ComponentType>;

/** A view whose program is fetched when it comes into sight. */
export function LazyView({ load }: { load: Loader }) {
  const [View, setView] = useState<ComponentType>();
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  // Each attempt loads again.
  useEffect(() => {
    setProblem(undefined);
    load().then(
      (loaded) => setView(() => loaded),
      (error) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [load, attempt]);
  if (View) return <View />;
  if (problem === undefined) return <p role="status">{t('shell.loading')}</p>;
  return (
    <Notice kind="error">
      {t('shell.loadFailed', { problem })}{' '}
      <Button onClick={() => setAttempt(attempt + 1)}>{t('shell.retry')}</Button>
    </Notice>
  );
}
