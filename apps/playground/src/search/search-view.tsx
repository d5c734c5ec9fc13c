import { useEffect } from 'preact/hooks';
import { t } from '../i18n/t';
import { ModelChoice } from '../models/model-choice';
import { model } from '../models/model-in-use';
import { FailureNotice } from '../ui/failure-notice';
import { CameraCard } from './camera-card';
import { QueryCard } from './query-card';
import { Results } from './results';
import './search.css';
import { failure, followQuery, index, openIndex, progress } from './search-state';
import { SourceCard } from './source-card';

export function SearchView() {
  const id = model.value;
  useEffect(() => void openIndex(), [id]);
  useEffect(followQuery, []);
  const count = index.value?.count ?? 0;
  return (
    <div class="stack">
      <div>
        <h2>{t('search.title')}</h2>
        <p class="lead search-lead">{t('search.intro')}</p>
      </div>
      <FailureNotice failure={failure} />
      <ModelChoice disabled={progress.value !== undefined} about={t('models.ownPictures')} />
      <SourceCard />
      {count > 0 && <QueryCard />}
      {count > 0 && <Results />}
      <CameraCard />
    </div>
  );
}
