import { useMemo } from 'preact/hooks';
import { t } from '../i18n/t';
import { LineChart } from '../ui/line-chart';
import { lossCurve } from './run-log';
import type { RunOverview } from './run-types';

/** How the loss fell, and how what was held out is found. */
export function Curves({ run }: { run: RunOverview }) {
  const { log, candidates, heldOutBy } = run;
  const loss = useMemo(() => lossCurve(log.losses), [log.losses]);
  const percent = (share: number) => Math.round(share * 1000) / 10;
  const last = log.evaluations.at(-1);
  const constant = (k: number) => log.evaluations.map(() => percent(Math.min(1, k / candidates)));
  return (
    <div class="train-charts">
      <section class="card">
        <h3>{t('train.loss')}</h3>
        <LineChart
          label={t('train.lossChart')}
          x={loss.steps}
          xName={t('train.step')}
          series={[{ name: t('train.loss'), values: loss.values }]}
        />
      </section>
      <section class="card">
        <h3>{t('train.recallChart')}</h3>
        <LineChart
          label={t('train.recallChart')}
          x={log.evaluations.map(({ step }) => step)}
          xName={t('train.step')}
          series={[
            {
              name: t('train.recallAt1'),
              values: log.evaluations.map(({ recallAt1 }) => percent(recallAt1)),
            },
            {
              name: t('train.recallAt5'),
              values: log.evaluations.map(({ recallAt5 }) => percent(recallAt5)),
            },
            { name: t('train.chanceAt1'), values: constant(1), isReference: true },
            { name: t('train.chanceAt5'), values: constant(5), isReference: true },
          ]}
        />
        {last && (
          <p data-test="train-lift">
            {t('train.lift', { value: percent(last.recallAt1), chance: percent(1 / candidates) })}
          </p>
        )}
        <p class="train-soft">{t(`train.recallAbout_${heldOutBy}`, { candidates })}</p>
      </section>
    </div>
  );
}
