import { signal } from '@preact/signals';
import { useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { ModelChoice } from '../models/model-choice';
import { model } from '../models/model-in-use';
import { useObjectUrls } from '../search/object-urls';
import { readLabels } from '../search/read-labels';
import { language } from '../settings';
import { Button } from '../ui/button';
import { usePictureChooser } from '../ui/picture-chooser';
import { Select } from '../ui/select';
import { services } from '../worker-client';
import { type Over, softmaxOver } from './softmax';
import { type GivenPicture, ownPicture, samples, useComputed } from './understand-state';

/** Undefined: those to begin with. */
const captions = signal<readonly string[] | undefined>(undefined);
const replaced = signal<ReadonlyMap<number, GivenPicture>>(new Map());

/** Pictures and captions, all with all. */
export function MatrixSection() {
  const id = model.value;
  const [over, setOver] = useState<Over>('none');
  const place = useRef(0);
  const chooser = usePictureChooser('matrix-picture', (file) => {
    replaced.value = new Map(replaced.value).set(place.current, ownPicture(file));
  });
  const texts = captions.value ?? readLabels(t('understand.captions'));
  const given = useMemo(
    () => samples.value.map((sample, i): GivenPicture => replaced.value.get(i) ?? sample),
    [samples.value, replaced.value],
  );
  const urls = useObjectUrls(useMemo(() => given.map(({ file }) => file), [given]));
  const { result, isBusy } = useComputed(
    id !== undefined && given.length > 0
      ? async () => ({
          ...(await services.understand.similarities(
            id,
            given.map(({ file }) => file),
            texts,
          )),
          captions: texts.length,
        })
      : undefined,
    [id, given, texts.join('\n')],
  );
  const columns = result?.captions ?? texts.length;
  const values = result && softmaxOver(result.cosines, columns, result.scale, over);
  const at = (p: number, c: number) => values?.[p * columns + c];
  const best = (p: number, c: number) =>
    values !== undefined &&
    (over === 'columns'
      ? given.every((_, other) => at(other, c)! <= at(p, c)!)
      : texts.every((_, other) => at(p, other)! <= at(p, c)!));
  const right = given.filter((_, p) => best(p, p)).length;
  return (
    <section class="card stack" aria-labelledby="understand-matrix">
      <div>
        <h3 id="understand-matrix">{t('understand.matrixTitle')}</h3>
        <p class="soft">{t('understand.matrixAbout', { scale: result ? result.scale.toFixed(1) : '…' })}</p>
      </div>
      <ModelChoice />
      <div class="row">
        <Select
          label={t('understand.matrixShow')}
          value={over}
          options={[
            ['none', t('understand.cosine')],
            ['rows', t('understand.overCaptions')],
            ['columns', t('understand.overPictures')],
          ]}
          onChange={setOver}
        />
        <Button
          kind="quiet"
          onClick={() => {
            captions.value = undefined;
            replaced.value = new Map();
          }}
        >
          {t('understand.reset')}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached by keys. */}
      <section class="matrix-scroll" tabIndex={0} aria-label={t('understand.matrixTable')}>
        <table class="matrix" aria-busy={isBusy}>
          <caption class="visually-hidden">{t('understand.matrixTable')}</caption>
          <thead>
            <tr>
              <td />
              {given.map((picture, p) => {
                const name = picture[language.value];
                return (
                  <th scope="col" key={p}>
                    <button
                      type="button"
                      class="matrix-picture"
                      title={name}
                      aria-label={t('understand.replace', { name })}
                      onClick={() => {
                        place.current = p;
                        chooser.open();
                      }}
                    >
                      {urls[p] && <img src={urls[p]} alt="" />}
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {texts.map((text, c) => (
              <tr key={c}>
                <th scope="row" class="matrix-caption">
                  <input
                    class="input"
                    aria-label={t('understand.caption', { number: c + 1 })}
                    value={text}
                    maxLength={200}
                    onInput={(event) => {
                      captions.value = texts.with(c, event.currentTarget.value);
                    }}
                  />
                </th>
                {given.map((_, p) => {
                  const value = at(p, c);
                  return (
                    <td
                      key={p}
                      class={best(p, c) ? 'heat heat-best' : 'heat'}
                      style={{ '--heat': `${heat(value, over)}%` }}
                    >
                      {value === undefined
                        ? ''
                        : over === 'none'
                          ? value.toFixed(2)
                          : Math.round(100 * value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="soft" role="status">
        {isBusy || !values ? t('understand.working') : t('understand.right', { right, total: given.length })}
      </p>
      {chooser.element}
    </section>
  );
}

/** How strong a colour is, of 46 %: text stays readable on it. */
function heat(value: number | undefined, over: Over): number {
  if (value === undefined) return 0;
  return Math.round(46 * Math.max(0, over === 'none' ? (value - 0.1) / 0.8 : value));
}
