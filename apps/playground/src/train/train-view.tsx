import { useEffect } from 'preact/hooks';
import { t } from '../i18n/t';
import { FailureNotice } from '../ui/failure-notice';
import { Notice } from '../ui/notice';
import { Curves } from './curves';
import { Examples } from './examples';
import { NewRunCard } from './new-run-card';
import { RunCard } from './run-card';
import { failure, loadRun, news, run } from './run-session';
import './train.css';

export function TrainView() {
  useEffect(() => void loadRun(), []);
  const kept = run.value;
  return (
    <div class="stack">
      <div>
        <h2>{t('train.title')}</h2>
        <p class="lead">{t('train.intro')}</p>
      </div>
      <FailureNotice failure={failure} />
      {news.value && (
        <div role="status">
          <Notice
            kind={news.value.kind}
            onDismiss={() => {
              news.value = undefined;
            }}
          >
            {t(news.value.text, news.value.values)}
          </Notice>
        </div>
      )}
      {kept === null && <p role="status">{t('shell.loading')}</p>}
      {kept === undefined && <NewRunCard />}
      {kept && (
        <>
          <RunCard run={kept} />
          {kept.log.evaluations.length > 0 && (
            <>
              <Curves run={kept} />
              <Examples run={kept} />
            </>
          )}
        </>
      )}
    </div>
  );
}
