import { transfer } from 'comlink';
import { useEffect, useRef, useState } from 'preact/hooks';
import { errorText } from '../error-text';
import { t } from '../i18n/t';
import { model } from '../models/model-in-use';
import { SHIPPED } from '../models/trained-model';
import { PlaygroundError } from '../playground-error';
import { language } from '../settings';
import { tab } from '../tabs';
import { Bars } from '../ui/bars';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { TextInput } from '../ui/text-input';
import { services } from '../worker-client';
import { frameOf, openCamera } from './camera';
import { MOST_LABELS, readLabels } from './read-labels';

/** Between two looks, at least, in milliseconds. */
const PAUSE = 150;
const SIDE = 192;

interface Guess {
  labels: readonly string[];
  probabilities: Float32Array;
  rate: number;
}

/** What a camera sees, in words of the user's. */
export function CameraCard() {
  const [text, setText] = useState<string>(); // undefined: those that come with the language
  const [state, setState] = useState<'off' | 'starting' | 'on'>('off');
  const [problem, setProblem] = useState<unknown>();
  const [guess, setGuess] = useState<Guess>();
  const video = useRef<HTMLVideoElement>(null);
  const stop = useRef<() => void>(() => {});
  const labels = readLabels(text ?? t('search.cameraDefaults'));
  const current = useRef(labels);
  current.current = labels;
  const wrong =
    labels.length < 2
      ? t('search.cameraTooFew')
      : labels.length > MOST_LABELS
        ? t('search.cameraTooMany', { limit: MOST_LABELS })
        : undefined;

  // Nobody is watched who looks at something else.
  const isInView = tab.value === 'search';
  useEffect(() => {
    const leave = () => document.hidden && stop.current();
    document.addEventListener('visibilitychange', leave);
    return () => {
      document.removeEventListener('visibilitychange', leave);
      stop.current();
    };
  }, []);
  useEffect(() => {
    if (!isInView) stop.current();
  }, [isInView]);

  const start = async () => {
    setProblem(undefined);
    setGuess(undefined);
    setState('starting');
    const end = new AbortController();
    stop.current = () => end.abort();
    let stream: MediaStream | undefined;
    try {
      stream = await openCamera();
      const element = video.current!;
      if (!end.signal.aborted) {
        stream.getVideoTracks()[0]?.addEventListener('ended', () => {
          setProblem(new PlaygroundError('search.cameraEnded'));
          end.abort();
        });
        element.srcObject = stream;
        await element.play();
        setState('on');
        await watch(element, end.signal, () => current.current, setGuess);
      }
    } catch (error) {
      if (!end.signal.aborted) setProblem(error);
    } finally {
      for (const track of stream?.getTracks() ?? []) track.stop();
      if (video.current) video.current.srcObject = null;
      setState('off');
    }
  };

  return (
    <section class="card stack" aria-labelledby="search-camera">
      <div>
        <h3 id="search-camera">{t('search.cameraTitle')}</h3>
        <p class="soft">
          {t('search.cameraIntro')} {model.value === SHIPPED && t('search.cameraHonest')}
        </p>
      </div>
      {problem !== undefined && (
        <Notice kind="error" onDismiss={() => setProblem(undefined)}>
          {errorText(problem)}
        </Notice>
      )}
      <TextInput
        label={t('search.cameraLabels')}
        value={text ?? t('search.cameraDefaults')}
        hint={t('search.cameraLabelsHint')}
        {...(wrong !== undefined && { error: wrong })}
        onInput={setText}
      />
      <div class="row">
        {state === 'off' ? (
          <Button disabled={wrong !== undefined} onClick={() => void start()}>
            {t('search.cameraStart')}
          </Button>
        ) : (
          <Button onClick={() => stop.current()}>{t('search.cameraStop')}</Button>
        )}
        {state === 'starting' && <p role="status">{t('search.cameraStarting')}</p>}
      </div>
      <div class="camera" hidden={state !== 'on'}>
        <video ref={video} muted playsInline aria-label={t('search.cameraVideo')} />
        {guess && <Guesses {...guess} />}
      </div>
    </section>
  );
}

function Guesses({ labels, probabilities, rate }: Guess) {
  return (
    <div class="stack">
      <Bars
        label={t('search.cameraGuesses')}
        bars={labels.map((name, i) => ({
          name,
          share: probabilities[i]!,
          text: `${Math.round(100 * probabilities[i]!)} %`,
        }))}
      />
      <p class="soft">
        {t('search.cameraRate', { rate: rate.toLocaleString(language.value, { maximumFractionDigits: 1 }) })}
      </p>
    </div>
  );
}

/** Looks again and again, until it is stopped. */
async function watch(
  video: HTMLVideoElement,
  signal: AbortSignal,
  labelsNow: () => readonly string[],
  onGuess: (guess: Guess) => void,
): Promise<void> {
  let last = performance.now();
  let rate = 0;
  while (!signal.aborted) {
    const labels = labelsNow();
    const id = model.peek();
    if (id !== undefined && labels.length >= 2 && labels.length <= MOST_LABELS && video.videoWidth > 0) {
      const frame = await frameOf(video, SIDE);
      const { probabilities } = await services.search.classify(id, transfer(frame, [frame]), labels);
      const now = performance.now();
      rate = rate === 0 ? 1000 / (now - last) : 0.8 * rate + 200 / (now - last);
      last = now;
      if (!signal.aborted) onGuess({ labels, probabilities, rate });
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
