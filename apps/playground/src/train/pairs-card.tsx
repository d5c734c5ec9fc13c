import { useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { FileDrop } from '../ui/file-drop';
import { Notice } from '../ui/notice';
import { ProgressBar } from '../ui/progress-bar';
import {
  addFiles,
  clearPairs,
  messages,
  type Pair,
  pairs,
  pairsProblem,
  reading,
  readyPairs,
  removePair,
  setCaption,
  shortName,
  stopReading,
} from './own-pairs';
import { Pixels } from './pixels';
import { LONGEST_CAPTION } from './read-captions';

const ACCEPT = 'image/png,image/jpeg,image/webp,image/gif,image/avif,image/bmp,.csv,.tsv,.jsonl,.ndjson,.txt';
const ROWS = 100;

/** The user's own pictures and captions: given, looked at, put right. */
export function PairsCard() {
  const [shown, setShown] = useState(ROWS);
  const all = pairs.value;
  const ready = readyPairs.value.length;
  const rest = all.length - Math.min(all.length, shown);
  return (
    <div class="stack">
      <p class="train-soft">{t('train.pairsAbout')}</p>
      <FileDrop
        accept={ACCEPT}
        label={t('train.pairsFiles')}
        disabled={reading.value !== undefined}
        onFiles={(files) => void addFiles(files)}
      />
      {reading.value && (
        <div class="stack">
          <ProgressBar label={t('train.pairsReading')} {...reading.value} />
          <div>
            <Button onClick={stopReading}>{t('shell.stop')}</Button>
          </div>
        </div>
      )}
      {pairsProblem.value && <Notice kind="error">{pairsProblem.value}</Notice>}
      {messages.value.map(({ text, values }, i) => (
        <Notice key={i} kind={text === 'train.pairsCaptionFile' ? 'info' : 'warning'}>
          {t(text, values)}
        </Notice>
      ))}
      {all.length > 0 && (
        <>
          <p class="train-soft" role="status">
            {t('train.pairsFound', { count: ready })}
            {ready < all.length && ` · ${t('train.pairsProblems', { count: all.length - ready })}`}
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
          <section class="pairs-scroll" tabIndex={0} aria-label={t('train.pairsTable')}>
            <table class="pairs">
              <thead>
                <tr>
                  <th scope="col">{t('train.pairsPicture')}</th>
                  <th scope="col">{t('train.pairsCaption')}</th>
                  <th scope="col">{t('train.pairsFile')}</th>
                  <th scope="col">
                    <span class="visually-hidden">{t('train.pairsActions')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {all.slice(0, shown).map((pair) => (
                  <PairRow key={pair.id} pair={pair} />
                ))}
              </tbody>
            </table>
          </section>
          <div class="row">
            {rest > 0 && (
              <Button onClick={() => setShown(shown + ROWS)}>
                {t('train.pairsMore', { count: Math.min(rest, ROWS) })}
              </Button>
            )}
            <Button onClick={clearPairs}>{t('train.pairsClear')}</Button>
          </div>
        </>
      )}
    </div>
  );
}

function PairRow({ pair }: { pair: Pair }) {
  const { id, path, caption, pixels, problem } = pair;
  const name = shortName(path.slice(path.lastIndexOf('/') + 1));
  return (
    <tr>
      <td>{pixels ? <Pixels pixels={pixels} /> : null}</td>
      <td class="pairs-caption">
        {problem ? (
          <span class="pairs-problem">{t(problem.text, problem.values)}</span>
        ) : (
          <>
            <input
              class="input"
              value={caption}
              maxLength={LONGEST_CAPTION}
              aria-label={t('train.pairsCaptionOf', { name })}
              aria-invalid={caption.trim() === ''}
              onInput={(event) => setCaption(id, event.currentTarget.value)}
            />
            {caption.trim() === '' && <span class="pairs-problem">{t('train.pairsNoCaption')}</span>}
          </>
        )}
      </td>
      <td class="pairs-file">{shortName(path)}</td>
      <td>
        <Button kind="quiet" label={t('train.pairsRemove', { name })} onClick={() => removePair(id)}>
          ×
        </Button>
      </td>
    </tr>
  );
}
