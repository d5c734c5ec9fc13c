import { useEffect } from 'preact/hooks';
import { t } from '../i18n/t';
import { language, modelWanted } from '../settings';
import { Select } from '../ui/select';
import './model-choice.css';
import { findTrained, trained } from './model-in-use';
import type { TrainedModel } from './trained-model';

const WHEN = { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' } as const;

export interface ModelChoiceProps {
  /** While something is under way that another model would spoil. */
  disabled?: boolean;
  /** Said where there is a choice. */
  about?: string;
}

/** Which model is used: that of the page, or one that was trained in it. */
export function ModelChoice({ disabled = false, about }: ModelChoiceProps) {
  useEffect(() => void findTrained(), []);
  const kept = trained.value;
  return (
    <div class="model-choice">
      <Select
        label={t('models.label')}
        value={kept ? modelWanted.value : 'shipped'}
        options={[['shipped', t('models.shipped')], ...(kept ? ([['trained', nameOf(kept)]] as const) : [])]}
        disabled={disabled}
        onChange={(value) => {
          modelWanted.value = value;
        }}
      />
      {kept !== null && <p class="soft">{kept ? about : t('models.none')}</p>}
    </div>
  );
}

function nameOf({ data, begun, step }: TrainedModel): string {
  const date = new Date(begun).toLocaleString(language.value, WHEN);
  return t('models.trained', { data: t(`train.runData_${data}`), date, step });
}
