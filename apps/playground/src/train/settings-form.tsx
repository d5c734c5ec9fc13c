import { t } from '../i18n/t';
import { Field } from '../ui/field';
import { Select } from '../ui/select';
import { Choices } from './choices';
import { findBadSetting, IMAGE_SIZES, LIMITS, type RunSettings } from './run-settings';

export interface SettingsFormProps {
  settings: RunSettings;
  /** What the user decides; the caller sees to defaults that follow from it. */
  onChange: (changes: Partial<RunSettings>) => void;
}

/** How to train: what to begin with, and the numbers, out of sight. */
export function SettingsForm({ settings, onChange }: SettingsFormProps) {
  const { data, start, architecture } = settings;
  const shippedHint = data === 'emoji' ? 'train.startShippedEmoji' : 'train.startShippedHint';
  return (
    <>
      <Choices
        label={t('train.start')}
        value={start}
        options={[
          { value: 'scratch', name: t('train.startScratch'), hint: t('train.startScratchHint') },
          { value: 'shipped', name: t('train.startShipped'), hint: t(shippedHint) },
        ]}
        onChange={(value) => onChange({ start: value })}
      />
      {start === 'scratch' && (
        <Select
          label={t('train.architecture')}
          value={architecture}
          options={[
            ['transformer', t('train.transformer')],
            ['convolution', t('train.convolution')],
          ]}
          hint={t(`train.${architecture}Hint`)}
          onChange={(value) => onChange({ architecture: value })}
        />
      )}
      <details class="train-advanced">
        <summary>{t('train.advanced')}</summary>
        <div class="train-fields">
          <NumberField name="steps" step={1} {...{ settings, onChange }} />
          <NumberField name="batchSize" step={1} {...{ settings, onChange }} />
          <NumberField name="learningRate" step="any" {...{ settings, onChange }} />
          {start === 'scratch' && (
            <Select
              label={t('train.imageSize')}
              value={String(settings.imageSize)}
              options={IMAGE_SIZES.map(
                (size) => [String(size), t('train.imageSizeOption', { size })] as const,
              )}
              onChange={(value) => onChange({ imageSize: Number(value) })}
            />
          )}
          <Select
            label={t('train.augmentation')}
            value={settings.augmentation}
            options={[
              ['none', t('train.augmentationNone')],
              ['light', t('train.augmentationLight')],
              ['strong', t('train.augmentationStrong')],
            ]}
            onChange={(value) => onChange({ augmentation: value })}
          />
          <NumberField name="seed" step={1} {...{ settings, onChange }} />
        </div>
      </details>
    </>
  );
}

interface NumberFieldProps extends SettingsFormProps {
  name: keyof typeof LIMITS;
  step: number | 'any';
}

function NumberField({ name, step, settings, onChange }: NumberFieldProps) {
  const [least, greatest] = LIMITS[name];
  const isBad = findBadSetting(settings) === name;
  const error = isBad ? t('train.outOfBounds', { least: String(least), greatest: String(greatest) }) : '';
  return (
    <Field label={t(`train.${name}`)} error={error}>
      {(control) => (
        <input
          {...control}
          class="input"
          type="number"
          inputMode="decimal"
          min={least}
          max={greatest}
          step={step}
          value={settings[name]}
          onInput={(event) => onChange({ [name]: event.currentTarget.valueAsNumber })}
        />
      )}
    </Field>
  );
}
