import { t } from '../i18n/t';

export function TrainView() {
  return (
    <>
      <h2>{t('train.title')}</h2>
      <p class="lead">{t('train.intro')}</p>
    </>
  );
}
