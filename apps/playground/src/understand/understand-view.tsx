import { t } from '../i18n/t';

export function UnderstandView() {
  return (
    <>
      <h2>{t('understand.title')}</h2>
      <p class="lead">{t('understand.intro')}</p>
    </>
  );
}
