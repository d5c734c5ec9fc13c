import { signal } from '@preact/signals';
import { t } from '../i18n/t';
import type { TextKey } from '../i18n/texts';
import { Bars } from '../ui/bars';
import { TextInput } from '../ui/text-input';
import { services } from '../worker-client';
import { PictureChoice } from './picture-choice';
import { pictures, useComputed } from './understand-state';
import type { Feeling } from './understand-types';

const sentence = signal<string | undefined>(undefined);

/** What a sentence, a picture or both feel like. */
export function FeelSection() {
  const text = sentence.value ?? t('understand.feelDefault');
  const picture = pictures.feel.value;
  const isGiven = text.trim() !== '' || picture !== undefined;
  const { result, isBusy } = useComputed(
    isGiven ? () => services.understand.feel(text, picture?.file) : undefined,
    [text, picture],
  );
  return (
    <section class="card stack" aria-labelledby="understand-feel">
      <div>
        <h3 id="understand-feel">{t('understand.feelTitle')}</h3>
        <p class="soft">{t('understand.feelAbout')}</p>
      </div>
      <TextInput
        label={t('understand.feelText')}
        value={text}
        maxLength={300}
        onInput={(value) => {
          sentence.value = value;
        }}
      />
      <PictureChoice
        chosen={picture}
        optional
        onChoose={(chosen) => {
          pictures.feel.value = chosen;
        }}
      />
      {!isGiven ? (
        <p role="status">{t('understand.nothingGiven')}</p>
      ) : result ? (
        <Felt {...result} isBusy={isBusy} />
      ) : (
        <p role="status">{t('understand.working')}</p>
      )}
    </section>
  );
}

/** Texts of classes and modalities; what has none is shown as the model calls it. */
const NAMES: Readonly<Record<string, TextKey>> = {
  negative: 'understand.negative',
  neutral: 'understand.neutral',
  positive: 'understand.positive',
  text: 'understand.text',
  image: 'understand.image',
};
const nameOf = (name: string) => (NAMES[name] ? t(NAMES[name]) : name);
function signed(share: number): string {
  const value = Math.round(100 * share);
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value)}`;
}

function Felt({ probabilities, name, contributions, words, isBusy }: Feeling & { isBusy: boolean }) {
  const parts = Object.entries(contributions);
  return (
    <div class="two" aria-busy={isBusy}>
      <div>
        <h4>{t('understand.feelAnswer')}</h4>
        <Bars
          label={t('understand.feelAnswer')}
          bars={Object.entries(probabilities).map(([one, share]) => ({
            name: nameOf(one),
            share,
            text: `${Math.round(100 * share)} %`,
          }))}
        />
        <p class="visually-hidden" role="status">
          {`${nameOf(name)} ${Math.round(100 * probabilities[name]!)} %`}
        </p>
      </div>
      {parts.length > 1 && (
        <div>
          <h4>{t('understand.feelParts')}</h4>
          <Bars
            label={t('understand.feelParts')}
            bars={parts.map(([one, share]) => ({ name: nameOf(one), share, text: `${signed(share)} %` }))}
          />
          <p class="soft hint">{t('understand.feelPartsHint')}</p>
        </div>
      )}
      {words.length > 0 && (
        <div class="wide">
          <h4>{t('understand.feelWords', { name: nameOf(name) })}</h4>
          <ul class="felt-words">
            {words.map(({ word, change }, i) => (
              <li
                key={i}
                class={change < 0 ? 'felt-word felt-against' : 'felt-word'}
                style={{ '--heat': `${Math.round(Math.min(46, 200 * Math.abs(change)))}%` }}
              >
                <span>{word}</span> <span class="felt-value">{signed(change)}</span>
              </li>
            ))}
          </ul>
          <p class="soft hint">{t('understand.feelWordsHint')}</p>
        </div>
      )}
    </div>
  );
}
