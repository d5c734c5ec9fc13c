import { useEffect, useState } from 'preact/hooks';
import { errorText } from './error-text';
import { t } from './i18n/t';
import { allowsSoftwareGpu, type EngineWanted, engineWanted } from './settings';
import { Button } from './ui/button';
import { Dialog } from './ui/dialog';
import { Select } from './ui/select';
import { type EngineState, engineState, restartEngine, startEngine } from './worker-client';

/** Which engine computes; opens what is known of it, and the choice of another. */
export function EngineStatus() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    // After the page is there: what computes is found meanwhile.
    const start = setTimeout(() => void startEngine().catch(() => {}), 200);
    return () => clearTimeout(start);
  }, []);
  const state = engineState.value;
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        <span class={`engine-light engine-${state.status}`} />
        <span>
          <span class="engine-word">{t('shell.engine')}: </span>
          {shortName(state)}
        </span>
      </Button>
      <Dialog title={t('shell.engineTitle')} open={open} onClose={() => setOpen(false)}>
        <p>{t('shell.engineAbout')}</p>
        <div class="row">
          <Select
            label={t('shell.engineChoice')}
            value={engineWanted.value}
            options={[
              ['auto', t('shell.engineAuto')],
              ['webgpu', t('shell.engineWebgpu')],
              ['wasm', t('shell.engineWasm')],
            ]}
            onChange={choose}
          />
          <Button onClick={() => void restartEngine().catch(() => {})}>{t('shell.engineRestart')}</Button>
        </div>
        <EngineDetails state={state} />
      </Dialog>
    </>
  );
}

function choose(wanted: EngineWanted): void {
  engineWanted.value = wanted;
  void restartEngine().catch(() => {}); // the state tells
}

function shortName(state: EngineState): string {
  if (state.status === 'ready') {
    const { name } = state.report;
    return { webgpu: 'WebGPU', wasm: 'WebAssembly' }[name] ?? name;
  }
  if (state.status === 'failed') return t('shell.engineFailed');
  return t(state.status === 'idle' ? 'shell.engineIdle' : 'shell.engineStarting');
}

function EngineDetails({ state }: { state: EngineState }) {
  if (state.status === 'failed') return <p role="alert">{errorText(state.error)}</p>;
  if (state.status !== 'ready') return <p role="status">{shortName(state)}</p>;
  const { report } = state;
  const rows: [string, string][] = [[t('shell.engine'), shortName(state)]];
  if (report.device) {
    const { vendor, architecture, device, description, isSoftware } = report.device;
    const name =
      [vendor, architecture, device, description].filter(Boolean).join(', ') || t('shell.engineNoName');
    rows.push([t('shell.engineAdapter'), isSoftware ? t('shell.engineSoftware', { name }) : name]);
    rows.push([t('shell.engineFeatures'), report.features.join(', ') || t('shell.engineNone')]);
    rows.push([t('shell.engineMemory'), megabytes(report.maxBufferSize)]);
    rows.push([t('shell.engineBinding'), megabytes(report.maxStorageBufferBindingSize)]);
  }
  const { fellBack } = report;
  rows.push([
    t('shell.engineReason'),
    fellBack ? t(fellBack.text, { detail: fellBack.detail }) : report.reason,
  ]);
  if (allowsSoftwareGpu) rows.push(['?software-gpu', 'on']);
  return (
    <>
      <h3>{t('shell.engineFound')}</h3>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${Math.round(bytes / 2 ** 20).toLocaleString()} MiB`;
}
