import { signal } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { ModelChoice } from '../models/model-choice';
import { architecture, model } from '../models/model-in-use';
import { readLabels } from '../search/read-labels';
import { drawMap, inGreys } from '../ui/draw-map';
import { PixelPicture } from '../ui/pixel-picture';
import { Select } from '../ui/select';
import { TextInput } from '../ui/text-input';
import { services } from '../worker-client';
import { PictureChoice } from './picture-choice';
import { pictures, samples, useComputed } from './understand-state';
import type { Look, MapMethod } from './understand-types';

/** Undefined: those to begin with. */
const words = signal<string | undefined>(undefined);
const others = signal('');

/** Which places of a picture speak for words. */
export function LookSection() {
  const id = model.value;
  const isTransformer = architecture.value === 'transformer';
  const [cam, setCam] = useState<MapMethod>('hiResCAM');
  const [attention, setAttention] = useState<MapMethod>('relevance');
  const method = isTransformer ? attention : cam;
  const [stage, setStage] = useState<'last' | 'finer'>('last');
  const picture = pictures.look.value ?? samples.value[0];
  const text = (words.value ?? t('understand.lookDefault')).trim();
  const { result, isBusy } = useComputed(
    id !== undefined && picture && text !== ''
      ? async () => ({
          text,
          method,
          stage,
          look: await services.understand.look(
            id,
            picture.file,
            text,
            readLabels(others.value),
            method,
            stage,
          ),
        })
      : undefined,
    [id, picture, text, others.value, method, stage],
  );
  return (
    <section class="card stack" aria-labelledby="understand-look">
      <div>
        <h3 id="understand-look">{t('understand.lookTitle')}</h3>
        <p class="soft">
          {t(isTransformer ? 'understand.lookAboutPatches' : 'understand.lookAbout', {
            rows: result?.look.rows ?? 4,
            columns: result?.look.columns ?? 4,
          })}
        </p>
      </div>
      <ModelChoice />
      <PictureChoice
        chosen={picture}
        onChoose={(chosen) => {
          pictures.look.value = chosen;
        }}
      />
      <div class="two">
        <TextInput
          label={t('understand.lookWords')}
          value={words.value ?? t('understand.lookDefault')}
          maxLength={200}
          onInput={(value) => {
            words.value = value;
          }}
        />
        <TextInput
          label={t('understand.lookOthers')}
          hint={t('understand.lookOthersHint')}
          value={others.value}
          maxLength={400}
          onInput={(value) => {
            others.value = value;
          }}
        />
        <Select
          label={t('understand.lookMethod')}
          value={method}
          options={
            isTransformer
              ? [
                  ['relevance', t('understand.lookRelevance')],
                  ['rollout', t('understand.lookRollout')],
                ]
              : [
                  ['hiResCAM', t('understand.lookHiRes')],
                  ['gradCAM', t('understand.lookGrad')],
                ]
          }
          onChange={isTransformer ? setAttention : setCam}
        />
        {!isTransformer && (
          <Select
            label={t('understand.lookStage')}
            value={stage}
            options={[
              ['last', t('understand.lookLast')],
              ['finer', t('understand.lookFiner')],
            ]}
            onChange={setStage}
          />
        )}
      </div>
      {result ? (
        <Shown {...result} isBusy={isBusy} />
      ) : (
        <p role="status">{text === '' ? '' : t('understand.working')}</p>
      )}
    </section>
  );
}

interface ShownProps {
  text: string;
  method: MapMethod;
  stage: 'last' | 'finer';
  look: Look;
  isBusy: boolean;
}

function Shown({ text, method, stage, look, isBusy }: ShownProps) {
  const { seen, map, rows, columns, score } = look;
  const over = useMemo(() => drawMap(map, columns), [map, columns]);
  const grey = useMemo(() => inGreys(seen), [seen]);
  const sum = map.reduce((sum, value) => sum + value, 0);
  const values = { score: score.toFixed(3), sum: sum.toFixed(3) };
  const note = {
    hiResCAM: stage === 'last' ? ('understand.lookExact' as const) : ('understand.lookNotExact' as const),
    gradCAM: 'understand.lookGradNote' as const,
    relevance: 'understand.lookRelevanceNote' as const,
    rollout: 'understand.lookRolloutNote' as const,
  }[method];
  const title = t(method === 'rollout' ? 'understand.lookMapRollout' : 'understand.lookMap', { words: text });
  return (
    <>
      <div class="two" aria-busy={isBusy}>
        <figure class="shown">
          <PixelPicture pixels={seen} label={t('understand.lookSeen')} />
          <figcaption>{t('understand.lookSeen')}</figcaption>
        </figure>
        <figure class="shown">
          <PixelPicture pixels={grey} label={title} over={over} />
          <figcaption>{title}</figcaption>
        </figure>
      </div>
      <p class="soft" role="status">
        {isBusy ? t('understand.working') : t(note, values)}
      </p>
      <details>
        <summary>{t('understand.lookTable')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached by keys. */}
        <section class="matrix-scroll" tabIndex={0} aria-label={t('understand.lookTable')}>
          <table class="numbers">
            <thead>
              <tr>
                <td />
                {Array.from({ length: columns }, (_, column) => (
                  <th scope="col" key={column}>
                    {t('understand.lookColumn', { column: column + 1 })}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: rows }, (_, row) => (
                <tr key={row}>
                  <th scope="row">{t('understand.lookPlace', { row: row + 1 })}</th>
                  {Array.from(map.subarray(row * columns, (row + 1) * columns), (value, column) => (
                    <td key={column}>{value.toFixed(3)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </>
  );
}
