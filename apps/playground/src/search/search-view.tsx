import { useEffect } from 'preact/hooks';
import { t } from '../i18n/t';
import { FailureNotice } from '../ui/failure-notice';
import { CameraCard } from './camera-card';
import { QueryCard } from './query-card';
import { Results } from './results';
import './search.css';
import { failure, followQuery, index, openIndex } from './search-state';
import { SourceCard } from './source-card';

export function SearchView() {
  useEffect(() => {
    void openIndex();
    return followQuery();
  }, []);
  const count = index.value?.count ?? 0;
  return (
    <div class="stack">
      <div>
        <h2>{t('search.title')}</h2>
        <p class="lead search-lead">{t('search.intro')}</p>
      </div>
      <FailureNotice failure={failure} />
      <SourceCard />
      {count > 0 && <QueryCard />}
      {count > 0 && <Results />}
      <CameraCard />
    </div>
  );
}
