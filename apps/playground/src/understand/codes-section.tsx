import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { PixelPicture } from '../ui/pixel-picture';
import { PlaceGrid } from '../ui/place-grid';
import { services } from '../worker-client';
import { PictureChoice } from './picture-choice';
import { pictures, samples, useComputed } from './understand-state';
import type { Codes, NearCode } from './understand-types';

const NEAR = 9;

/** A picture as codes, and what they draw. */
export function CodesSection() {
  const picture = pictures.codes.value ?? samples.value[0];
  const { result } = useComputed(picture ? () => services.understand.codes(picture.file) : undefined, [
    picture,
  ]);
  return (
    <section class="card stack" aria-labelledby="understand-codes">
      <div>
        <h3 id="understand-codes">
          {t('understand.codesTitle', { rows: result?.rows ?? '…', columns: result?.columns ?? '…' })}
        </h3>
        <p class="soft">{t('understand.codesAbout', { size: result?.codebookSize ?? '…' })}</p>
      </div>
      <PictureChoice
        chosen={picture}
        onChoose={(chosen) => {
          pictures.codes.value = chosen;
        }}
      />
      {result ? <Coded codes={result} /> : <p role="status">{t('understand.working')}</p>}
    </section>
  );
}

function Coded({ codes }: { codes: Codes }) {
  const { rows, columns, seen } = codes;
  const [ids, setIds] = useState(codes.ids);
  const [place, setPlace] = useState(0);
  useEffect(() => setIds(codes.ids), [codes]);
  const { result: drawn } = useComputed(() => services.understand.decode(ids, rows, columns), [ids]);
  const id = ids[place]!;
  const { result: near } = useComputed(() => services.understand.near(id, NEAR), [id]);
  const nameOf = (place: number) =>
    t('understand.codesCell', {
      row: Math.floor(place / columns) + 1,
      column: (place % columns) + 1,
      id: String(ids[place]),
    });
  return (
    <>
      <div class="two">
        <figure class="shown">
          <PixelPicture pixels={seen} label={t('understand.codesSeen')} scale={8} sharp />
          <figcaption>{t('understand.codesSeen')}</figcaption>
        </figure>
        <figure class="shown">
          <div class="coded">
            {drawn && <PixelPicture pixels={drawn} scale={8} sharp />}
            <PlaceGrid
              label={t('understand.codesGrid')}
              {...{ rows, columns, place, nameOf }}
              onPlace={setPlace}
            />
          </div>
          <figcaption>
            {t('understand.codesDrawn')} ({t('understand.codesDistinct', { count: new Set(ids).size })})
          </figcaption>
        </figure>
      </div>
      <div>
        <p class="codes-name" role="status">
          {nameOf(place)}
        </p>
        <h4>{t('understand.codesNear')}</h4>
        {near && near[0]?.id === id && (
          <NearCodes near={near} onChoose={(other) => setIds(ids.with(place, other))} />
        )}
      </div>
      {ids !== codes.ids && (
        <div class="row">
          <Button onClick={() => setIds(codes.ids)}>{t('understand.codesUndo')}</Button>
        </div>
      )}
      <CodeTable ids={ids} columns={columns} />
    </>
  );
}

function NearCodes({ near, onChoose }: { near: readonly NearCode[]; onChoose: (id: number) => void }) {
  return (
    <ul class="near" aria-label={t('understand.codesNear')}>
      {near.map(({ id, distance, patch }) => (
        <li key={id}>
          <button type="button" class="near-code" onClick={() => onChoose(id)}>
            <PixelPicture pixels={patch} scale={12} sharp />
            <span>{id}</span>
            <span class="soft">{distance.toFixed(2)}</span>
            <span class="visually-hidden">{t('understand.codesPut')}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function CodeTable({ ids, columns }: { ids: Int32Array; columns: number }) {
  return (
    <details>
      <summary>{t('understand.codesTable')}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached by keys. */}
      <section class="matrix-scroll" tabIndex={0} aria-label={t('understand.codesTable')}>
        <table class="numbers">
          <tbody>
            {Array.from({ length: ids.length / columns }, (_, row) => (
              <tr key={row}>
                {Array.from(ids.subarray(row * columns, (row + 1) * columns), (id, column) => (
                  <td key={column}>{id}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
