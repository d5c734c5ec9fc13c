import { useRef, useState } from 'preact/hooks';
import { errorText, isStopped } from '../error-text';
import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { ProgressBar } from '../ui/progress-bar';
import { TextInput } from '../ui/text-input';
import type { DrawSettings } from '../worker/draw-service';
import { services } from '../worker-client';
import { Candidates } from './candidates';
import { DrawSettingsForm, MAX_SEED } from './draw-settings-form';
import type { Drawing } from './drawing';
import './draw.css';

const EXAMPLES = [
  'draw.example1',
  'draw.example2',
  'draw.example3',
  'draw.example4',
  'draw.example5',
] as const;

export function DrawView() {
  const [prompt, setPrompt] = useState('');
  const [settings, setSettings] = useState<DrawSettings>({
    numImages: 8,
    temperature: 0.8,
    guidanceScale: 3,
    seed: 1,
  });
  const [drawing, setDrawing] = useState<Drawing>();
  const [problem, setProblem] = useState<string>();
  const stop = useRef<AbortController>();
  const isBusy = drawing !== undefined && drawing.phase !== 'done' && drawing.phase !== 'stopped';

  const start = async (words: string, chosen: DrawSettings) => {
    const text = words.trim();
    setProblem(text === '' ? t('draw.noWords') : undefined);
    if (text === '') return;
    const controller = new AbortController();
    stop.current = controller;
    const began = performance.now();
    const change = (changes: Partial<Drawing>) => setDrawing((before) => ({ ...before!, ...changes }));
    setDrawing({
      ...{ prompt: text, settings: chosen, phase: 'preparing', seconds: 0 },
      ...{ drawn: undefined, ranked: undefined, tokens: undefined, wasCut: false },
    });
    try {
      await services.draw.prepare();
      const result = await services.draw.draw(
        text,
        chosen,
        (drawn) => change({ drawn, phase: drawn.rows < drawn.of ? 'drawing' : 'ranking' }),
        controller.signal,
      );
      change({ ...result, phase: 'done', seconds: (performance.now() - began) / 1000 });
    } catch (error) {
      change({ phase: 'stopped' });
      if (!isStopped(error)) setProblem(errorText(error));
    }
  };
  const drawOthers = () => {
    const next = { ...settings, seed: settings.seed === MAX_SEED ? 0 : settings.seed + 1 };
    setSettings(next);
    void start(prompt, next);
  };
  const isSame = drawing?.prompt === prompt.trim() && drawing.settings.seed === settings.seed;

  return (
    <div class="stack">
      <div>
        <h2>{t('draw.title')}</h2>
        <p class="lead">{t('draw.intro')}</p>
      </div>
      <section class="card stack">
        <div class="draw-prompt">
          <TextInput
            label={t('draw.prompt')}
            hint={t('draw.promptHint')}
            value={prompt}
            maxLength={200}
            disabled={isBusy}
            onInput={setPrompt}
            onSubmit={() => void start(prompt, settings)}
          />
          {isBusy ? (
            <Button onClick={() => stop.current?.abort()}>{t('shell.stop')}</Button>
          ) : (
            <Button kind="primary" onClick={() => void start(prompt, settings)}>
              {t('draw.go')}
            </Button>
          )}
        </div>
        <div class="draw-examples">
          <span>{t('draw.examples')}</span>
          {EXAMPLES.map((key) => (
            <Button
              key={key}
              kind="quiet"
              disabled={isBusy}
              onClick={() => {
                setPrompt(t(key));
                void start(t(key), settings);
              }}
            >
              {t(key)}
            </Button>
          ))}
        </div>
        <DrawSettingsForm settings={settings} disabled={isBusy} onChange={setSettings} />
      </section>
      {problem && <Notice kind="error">{problem}</Notice>}
      {drawing && (
        <section class="stack">
          {isBusy && <Progress drawing={drawing} />}
          <p role="status" class="draw-status">
            {status(drawing)}
          </p>
          {drawing.wasCut && <Notice kind="warning">{t('draw.cut')}</Notice>}
          <Candidates drawing={drawing} />
          {drawing.phase === 'done' && isSame && (
            <div>
              <Button onClick={drawOthers}>{t('draw.again')}</Button>
            </div>
          )}
        </section>
      )}
    </div>
  );
}

function Progress({ drawing: { phase, drawn } }: { drawing: Drawing }) {
  if (phase === 'preparing' && !drawn) return <ProgressBar label={t('draw.preparing')} done={0} total={0} />;
  const { rows, of } = drawn!;
  const label = phase === 'ranking' ? t('draw.ranking') : t('draw.drawing');
  return <ProgressBar label={label} done={rows} total={of} text={t('draw.rowOf', { row: rows, of })} />;
}

/** What is said when it has ended; the progress is told by its bar. */
function status({ phase, prompt, drawn, seconds }: Drawing): string {
  if (phase === 'stopped') return t('draw.stopped');
  if (phase !== 'done') return '';
  return t('draw.done', { count: drawn!.pictures.length, prompt, seconds: seconds.toFixed(1) });
}
