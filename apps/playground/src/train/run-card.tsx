import { useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { language } from '../settings';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { ProgressBar } from '../ui/progress-bar';
import {
  activity,
  downloadModel,
  finishRun,
  pace,
  pauseRun,
  removeRun,
  trainRun,
  useInSearch,
} from './run-session';
import type { RunOverview } from './run-types';

/** Where the run is, and what can be done with it. */
export function RunCard({ run }: { run: RunOverview }) {
  const [asks, setAsks] = useState(false);
  const { settings, step, status, training, heldOut } = run;
  const isIdle = activity.value === 'idle';
  const model = settings.start === 'shipped' ? 'shipped' : settings.architecture;
  const remove = async () => {
    setAsks(false);
    await removeRun();
  };
  return (
    <section class="card stack train-run" aria-labelledby="train-run">
      <div>
        <h3 id="train-run">{t('train.run')}</h3>
        <p class="train-soft">
          {t('train.runOf', {
            data: t(`train.runData_${settings.data}`),
            model: t(`train.runModel_${model}`),
            training,
            heldOut,
          })}
        </p>
      </div>
      <ProgressBar label={t('train.progress')} done={step} total={settings.steps} />
      <p class="train-soft" role="status" data-test="train-status">
        {statusText(run)}
      </p>
      <Figures run={run} />
      <div class="row">
        {!isIdle && (
          <Button kind="primary" disabled={activity.value !== 'training'} onClick={pauseRun}>
            {t('train.pause')}
          </Button>
        )}
        {isIdle && status === 'paused' && (
          <Button kind="primary" onClick={() => void trainRun()}>
            {t('train.resume')}
          </Button>
        )}
        {isIdle && status === 'paused' && step > 0 && (
          <Button onClick={() => void finishRun()}>{t('train.finish')}</Button>
        )}
        {isIdle && step > 0 && (
          <Button kind={status === 'finished' ? 'primary' : 'plain'} onClick={() => void useInSearch()}>
            {t('train.use')}
          </Button>
        )}
        {isIdle && step > 0 && <Button onClick={() => void downloadModel()}>{t('train.download')}</Button>}
        {isIdle && (
          <Button kind="danger" onClick={() => setAsks(true)}>
            {t('train.delete')}
          </Button>
        )}
      </div>
      <Dialog title={t('train.delete')} open={asks} onClose={() => setAsks(false)}>
        <p>{t('train.deleteAsk')}</p>
        <div class="row">
          <Button kind="danger" onClick={() => void remove()}>
            {t('train.deleteYes')}
          </Button>
          <Button onClick={() => setAsks(false)}>{t('train.keep')}</Button>
        </div>
      </Dialog>
    </section>
  );
}

function statusText({ status, step }: RunOverview): string {
  if (activity.value === 'pausing') return t('train.statusPausing');
  if (activity.value !== 'idle') return t('train.statusTraining');
  return t(status === 'finished' ? 'train.statusFinished' : 'train.statusPaused', { step });
}

function Figures({ run }: { run: RunOverview }) {
  const { settings, step, parameters, bytes, status } = run;
  const { secondsPerStep, tensors, bytes: used } = pace.value ?? {};
  const megabytes = (value: number) => Math.round(value / 1e5) / 10;
  const left = secondsPerStep === undefined ? undefined : (settings.steps - step) * secondsPerStep;
  return (
    <dl class="train-figures">
      {left !== undefined && status !== 'finished' && (
        <Figure name={t('train.timeLeft')} value={duration(left)} />
      )}
      {secondsPerStep !== undefined && <Figure name={t('train.speed')} value={speedOf(secondsPerStep)} />}
      <Figure name={t('train.parameters')} value={parameters.toLocaleString(language.value)} />
      {tensors !== undefined && used !== undefined && (
        <Figure
          name={t('train.memory')}
          value={t('train.memoryOf', { tensors, size: megabytes(used) })}
          test="train-memory"
        />
      )}
      {activity.value === 'idle' && (
        <Figure name={t('train.stored')} value={t('train.storedOf', { size: megabytes(bytes) })} />
      )}
    </dl>
  );
}

function Figure({ name, value, test }: { name: string; value: string; test?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-test={test}>{value}</dd>
    </div>
  );
}

function speedOf(seconds: number): string {
  if (seconds > 1) return t('train.speedSlow', { seconds: Number(seconds.toPrecision(2)) });
  return t('train.speedOf', { speed: Number((1 / seconds).toPrecision(2)) });
}

/** `1:05:09`, `12:40`, `0:07`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
