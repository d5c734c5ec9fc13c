import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { AttentionCard } from './attention-card';
import { type Candidate, candidatesOf, type Drawing, fileName } from './drawing';

/** The pictures as they grow; once they are ranked, the best first. */
export function Candidates({ drawing }: { drawing: Drawing }) {
  const { prompt, phase, tokens } = drawing;
  const [looked, setLooked] = useState<readonly number[]>();
  const candidates = candidatesOf(drawing);
  const lookedAt = candidates.find(({ index }) => looked && tokens?.[index] === looked);
  return (
    <>
      {/* biome-ignore lint/a11y/noRedundantRoles: Safari forgets that a list without bullets is one. */}
      <ul class="draw-pictures" role="list" aria-label={t('draw.results', { prompt })}>
        {candidates.map((candidate) => (
          <li key={candidate.index} class={candidate.rank === 1 ? 'draw-best' : undefined}>
            <Picture
              candidate={candidate}
              prompt={prompt}
              canBeSaved={phase === 'done'}
              onLook={() => setLooked(tokens?.[candidate.index])}
            />
          </li>
        ))}
      </ul>
      {lookedAt && <AttentionCard prompt={prompt} candidate={lookedAt} tokens={looked!} />}
    </>
  );
}

function Picture({
  candidate: { index, picture, rank, score },
  prompt,
  canBeSaved,
  onLook,
}: {
  candidate: Candidate;
  prompt: string;
  canBeSaved: boolean;
  onLook: () => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const number = rank ?? index + 1;
  // A picture is as high as wide when it is whole.
  useEffect(() => canvas.current!.getContext('2d')!.putImageData(picture, 0, 0), [picture]);
  const save = () =>
    canvas.current!.toBlob((blob) => {
      if (!blob) return;
      const address = URL.createObjectURL(blob);
      const link = document.createElement('a');
      link.href = address;
      link.download = fileName(prompt, number);
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    });
  return (
    <figure class="draw-picture">
      <canvas
        ref={canvas}
        width={picture.width}
        height={picture.width}
        role="img"
        aria-label={t('draw.pictureOf', { number, prompt })}
      />
      {rank !== undefined && (
        <figcaption>
          <span>{rank === 1 ? t('draw.best') : t('draw.rank', { rank })}</span>
          <span>{t('draw.score', { score: (Math.round(100 * score!) / 100 || 0).toFixed(2) })}</span>
        </figcaption>
      )}
      {canBeSaved && (
        <>
          <Button kind="quiet" label={t('draw.lookNumber', { number })} onClick={onLook}>
            {t('draw.look')}
          </Button>
          <Button kind="quiet" label={t('draw.saveNumber', { number })} onClick={save}>
            {t('draw.save')}
          </Button>
        </>
      )}
    </figure>
  );
}
