import { useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { language } from '../settings';
import { Button } from '../ui/button';
import { Select } from '../ui/select';
import { Choices } from './choices';
import { pairsToTrain, reading, readyPairs } from './own-pairs';
import { PairsCard } from './pairs-card';
import { activity, beginRun } from './run-session';
import { defaultSettings, findBadSetting, type RunSettings } from './run-settings';
import { SettingsForm } from './settings-form';

/** What to learn from and how. */
export function NewRunCard() {
  const [settings, setSettings] = useState<RunSettings>(() => ({
    ...defaultSettings('emoji', 'scratch', 'transformer'),
    words: language.value,
  }));
  const change = (changes: Partial<RunSettings>) => {
    const { data, start, architecture, words } = { ...settings, ...changes };
    const isOther = changes.data ?? changes.start ?? changes.architecture;
    // Numbers that did well with what is chosen now.
    const base = isOther ? { ...defaultSettings(data, start, architecture), words } : settings;
    setSettings({ ...base, ...changes });
  };
  const isOwn = settings.data === 'own';
  const lacksPairs = isOwn && (readyPairs.value.length === 0 || reading.value !== undefined);
  const isBusy = activity.value !== 'idle';
  return (
    <div class="card stack">
      <Choices
        label={t('train.data')}
        value={settings.data}
        options={[
          { value: 'emoji', name: t('train.dataEmoji'), hint: t('train.dataEmojiHint') },
          { value: 'own', name: t('train.dataOwn'), hint: t('train.dataOwnHint') },
        ]}
        onChange={(data) => change({ data, start: data === 'own' ? 'shipped' : 'scratch' })}
      />
      {isOwn ? (
        <PairsCard />
      ) : (
        <Select
          label={t('train.words')}
          value={settings.words}
          options={[
            ['en', t('train.wordsEn')],
            ['zh', t('train.wordsZh')],
            ['both', t('train.wordsBoth')],
          ]}
          onChange={(words) => change({ words })}
        />
      )}
      <SettingsForm settings={settings} onChange={change} />
      <div class="row">
        <Button
          kind="primary"
          disabled={isBusy || lacksPairs || findBadSetting(settings) !== undefined}
          onClick={() => void beginRun(settings, isOwn ? pairsToTrain() : undefined)}
        >
          {activity.value === 'beginning' ? t('train.beginning') : t('train.begin')}
        </Button>
      </div>
    </div>
  );
}
