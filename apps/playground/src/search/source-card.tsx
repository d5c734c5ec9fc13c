import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { FileDrop } from '../ui/file-drop';
import { ProgressBar } from '../ui/progress-bar';
import {
  addEmoji,
  addFiles,
  forgetPictures,
  index,
  progress,
  refused,
  refusedCount,
  stopTaking,
  told,
} from './search-state';
import type { IndexProgress } from './search-types';

/** Where pictures come from, and how many there are. */
export function SourceCard() {
  const running = progress.value;
  return (
    <section class="card stack" aria-labelledby="search-source">
      <h3 id="search-source">{t('search.sourceTitle')}</h3>
      {running ? (
        <div class="search-running">
          <ProgressBar
            label={t('search.indexing')}
            done={running.done}
            total={running.total}
            text={progressText(running)}
          />
          <Button onClick={stopTaking}>{t('shell.stop')}</Button>
        </div>
      ) : (
        <>
          <FileDrop onFiles={(files) => void addFiles(files)} />
          <div class="search-emoji">
            <p>{t('search.emojiHint')}</p>
            <Button onClick={() => void addEmoji()}>{t('search.useEmoji')}</Button>
          </div>
        </>
      )}
      <p class="search-told" role="status">
        {told.value ? t(told.value.text, told.value.values) : ''}
      </p>
      <Refused />
      <Kept />
    </section>
  );
}

function progressText({ done, total, rate }: IndexProgress): string {
  if (rate === 0 || total === 0) return t('search.indexingStart', { done, total });
  const seconds = Math.ceil((total - done) / rate);
  const left =
    seconds < 60
      ? t('search.seconds', { count: seconds })
      : t('search.minutes', { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
  return t('search.indexingText', {
    done,
    total,
    rate: rate < 10 ? rate.toFixed(1) : Math.round(rate),
    left,
  });
}

/** The files that were left out, with the reasons. */
function Refused() {
  if (refusedCount.value === 0) return null;
  return (
    <details class="search-refused">
      <summary>{t('search.refusedCount', { count: refusedCount.value })}</summary>
      <ul>
        {refused.value.map(({ name, text, values }, i) => (
          <li key={i}>{text === 'shell.unknownError' ? `${name}: ${t(text, values)}` : t(text, values)}</li>
        ))}
      </ul>
    </details>
  );
}

/** How many there are, where they are kept, and the way to be rid of them. */
function Kept() {
  const [sure, setSure] = useState(false);
  const state = index.value;
  const count = state?.count ?? 0;
  useEffect(() => setSure(false), [count]);
  if (!state) return <p role="status">{t('shell.loading')}</p>;
  if (count === 0) return <p class="soft">{t('search.nothingYet')}</p>;
  return (
    <div class="search-kept">
      <p>
        <strong>{t('search.indexed', { count })}</strong>{' '}
        <span class="soft">
          {progress.value
            ? ''
            : state.isKept
              ? t('search.kept', { size: (state.bytes / 1e6).toFixed(1) })
              : t('search.notKept')}
        </span>
      </p>
      {!progress.value && (
        <Button
          kind={sure ? 'danger' : 'quiet'}
          onClick={() => {
            if (sure) void forgetPictures();
            setSure(!sure);
          }}
        >
          {t(sure ? 'search.removeSure' : 'search.remove')}
        </Button>
      )}
    </div>
  );
}
