import { useState } from 'preact/hooks';
import { t } from './i18n/t';
import { Button } from './ui/button';
import { Dialog } from './ui/dialog';

/** Licences of what the page contains; the build writes the list. */
export function Licenses() {
  const [text, setText] = useState<string>();
  const [open, setOpen] = useState(false);
  const show = async () => {
    setOpen(true);
    const response = await fetch('./licenses.md').catch(() => undefined);
    setText(response?.ok ? await response.text() : '-');
  };
  return (
    <>
      <Button kind="quiet" onClick={() => void show()}>
        {t('shell.licenses')}
      </Button>
      <Dialog title={t('shell.licenses')} open={open} onClose={() => setOpen(false)}>
        <p>{t('shell.licensesAbout')}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard. */}
        <pre class="licenses" tabIndex={0}>
          {text ?? t('shell.loading')}
        </pre>
      </Dialog>
    </>
  );
}
