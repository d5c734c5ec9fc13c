import { t } from '../i18n/t';

export function SearchView() {
  return (
    <>
      <h2>{t('search.title')}</h2>
      <p class="lead">{t('search.intro')}</p>
    </>
  );
}
