import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { errorText } from '../error-text';
import { t } from '../i18n/t';
import { Bars } from '../ui/bars';
import { drawMap, inGreys } from '../ui/draw-map';
import { Notice } from '../ui/notice';
import { PixelPicture } from '../ui/pixel-picture';
import { PlaceGrid } from '../ui/place-grid';
import { Select } from '../ui/select';
import { services } from '../worker-client';
import type { Candidate } from './drawing';
import { type LookedAt, sharesOf } from './looked-at';

export interface AttentionCardProps {
  prompt: string;
  candidate: Candidate;
  /** Of its squares. */
  tokens: readonly number[];
}

/** Which words, and which squares before it, each square of a picture looked at. */
export function AttentionCard({ prompt, candidate: { index, rank, picture }, tokens }: AttentionCardProps) {
  const [looked, setLooked] = useState<LookedAt>();
  const [problem, setProblem] = useState<unknown>();
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    let isStale = false;
    setLooked(undefined);
    setProblem(undefined);
    card.current!.scrollIntoView({ block: 'nearest' });
    services.draw.lookedAt(prompt, tokens).then(
      (value) => !isStale && setLooked(value),
      (error) => !isStale && setProblem(error),
    );
    return () => {
      isStale = true;
    };
  }, [tokens]);
  return (
    <section ref={card} class="card stack" aria-labelledby="draw-attention">
      <div>
        <h3 id="draw-attention">{t('draw.lookTitle', { number: rank ?? index + 1 })}</h3>
        <p class="soft">{t('draw.lookAbout')}</p>
      </div>
      {problem !== undefined && <Notice kind="error">{errorText(problem)}</Notice>}
      {looked ? (
        <Attention looked={looked} picture={picture} />
      ) : (
        problem === undefined && <p role="status">{t('shell.loading')}</p>
      )}
    </section>
  );
}

function Attention({ looked, picture }: { looked: LookedAt; picture: ImageData }) {
  const columns = Math.sqrt(looked.places); // as wide as high
  const [place, setPlace] = useState(Math.floor(looked.places / 2));
  const [layer, setLayer] = useState('all');
  const { words, places, rest } = useMemo(
    () => sharesOf(looked, place, layer === 'all' ? undefined : Number(layer)),
    [looked, place, layer],
  );
  const grey = useMemo(
    () => inGreys({ data: picture.data, width: picture.width, height: picture.height }),
    [picture],
  );
  const over = useMemo(() => drawMap(places, columns, true), [places, columns]);
  const nameOf = (at: number) =>
    t('draw.lookSquare', { row: Math.floor(at / columns) + 1, column: (at % columns) + 1 });
  const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
  const percent = (share: number) => `${Math.round(100 * share)}`;
  const parts = [
    { name: t('draw.lookText'), share: sum(words) },
    { name: t('draw.lookPlaces'), share: sum(places) },
    { name: t('draw.lookRest'), share: rest },
  ];
  const most = Math.max(...words, 1e-9);
  return (
    <>
      <div class="draw-attention">
        <div class="draw-squares">
          <PixelPicture pixels={grey} over={over} scale={8} sharp />
          <PlaceGrid
            label={t('draw.lookGrid')}
            rows={looked.places / columns}
            {...{ columns, place, nameOf }}
            onPlace={setPlace}
          />
        </div>
        <div class="stack">
          <Select
            label={t('draw.lookLayer')}
            value={layer}
            options={[
              ['all', t('draw.lookLayers')],
              ...Array.from(
                { length: looked.layers },
                (_, i) =>
                  [String(i), t('draw.lookLayerNumber', { number: i + 1, of: looked.layers })] as const,
              ),
            ]}
            onChange={setLayer}
          />
          <div>
            <h4>{t('draw.lookShares')}</h4>
            <Bars
              label={t('draw.lookShares')}
              bars={parts.map((part) => ({ ...part, text: `${percent(part.share)} %` }))}
            />
          </div>
          <div>
            <h4>{t('draw.lookWords')}</h4>
            <Bars
              label={t('draw.lookWords')}
              bars={words.map((share, i) => ({
                name: looked.words[i]!,
                share: share / most,
                text: `${(100 * share).toFixed(1)} %`,
              }))}
            />
          </div>
        </div>
      </div>
      <p class="soft" role="status">
        {t('draw.lookStatus', {
          square: nameOf(place),
          words: percent(sum(words)),
          places: percent(sum(places)),
        })}
      </p>
    </>
  );
}
