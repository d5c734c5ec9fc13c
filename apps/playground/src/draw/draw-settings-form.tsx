import { t } from '../i18n/t';
import { Slider } from '../ui/slider';
import { TextInput } from '../ui/text-input';
import type { DrawSettings } from '../worker/draw-service';

export const MAX_SEED = 2 ** 32 - 1;

export interface DrawSettingsFormProps {
  settings: DrawSettings;
  disabled: boolean;
  onChange: (settings: DrawSettings) => void;
}

export function DrawSettingsForm({ settings, disabled, onChange }: DrawSettingsFormProps) {
  const change = (changes: Partial<DrawSettings>) => onChange({ ...settings, ...changes });
  return (
    <fieldset class="draw-settings">
      <legend class="visually-hidden">{t('draw.settings')}</legend>
      <Slider
        label={t('draw.guidance')}
        hint={t('draw.guidanceHint')}
        value={settings.guidanceScale}
        min={1}
        max={6}
        step={0.1}
        format={(value) => value.toFixed(1)}
        disabled={disabled}
        onInput={(guidanceScale) => change({ guidanceScale })}
      />
      <Slider
        label={t('draw.temperature')}
        hint={t('draw.temperatureHint')}
        value={settings.temperature}
        min={0.1}
        max={1.5}
        step={0.05}
        format={(value) => value.toFixed(2)}
        disabled={disabled}
        onInput={(temperature) => change({ temperature })}
      />
      <Slider
        label={t('draw.count')}
        value={settings.numImages}
        min={1}
        max={8}
        disabled={disabled}
        onInput={(numImages) => change({ numImages })}
      />
      <Seed seed={settings.seed} disabled={disabled} onChange={(seed) => change({ seed })} />
    </fieldset>
  );
}

function Seed({
  seed,
  disabled,
  onChange,
}: {
  seed: number;
  disabled: boolean;
  onChange: (seed: number) => void;
}) {
  const text = Number.isNaN(seed) ? '' : String(seed);
  return (
    <TextInput
      label={t('draw.seed')}
      hint={t('draw.seedHint')}
      value={text}
      maxLength={10}
      disabled={disabled}
      {...(!isSeed(seed) && { error: t('draw.seedError') })}
      onInput={(value) => onChange(/^\d+$/.test(value) ? Number(value) : Number.NaN)}
    />
  );
}

export function isSeed(seed: number): boolean {
  return Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED;
}
