import { t } from '../i18n/t';

export function DrawView() {
  return (
    <>
      <h2>{t('draw.title')}</h2>
      <p class="lead">{t('draw.intro')}</p>
    </>
  );
}
