import { useEffect } from 'preact/hooks';
import { t } from '../i18n/t';
import { FailureNotice } from '../ui/failure-notice';
import { CodesSection } from './codes-section';
import { FeelSection } from './feel-section';
import { LookSection } from './look-section';
import { MatrixSection } from './matrix-section';
import './understand.css';
import { failure, loadSamples, SECTIONS, type Section, section } from './understand-state';

const VIEWS: Readonly<Record<Section, () => preact.JSX.Element>> = {
  matrix: MatrixSection,
  look: LookSection,
  codes: CodesSection,
  feel: FeelSection,
};

export function UnderstandView() {
  useEffect(() => void loadSamples(), []);
  const View = VIEWS[section.value];
  return (
    <div class="stack">
      <div>
        <h2>{t('understand.title')}</h2>
        <p class="lead understand-lead">{t('understand.intro')}</p>
      </div>
      <fieldset class="sections">
        <legend class="visually-hidden">{t('understand.sections')}</legend>
        {SECTIONS.map((name) => (
          <label key={name} class="section-choice">
            <input
              type="radio"
              name="understand-section"
              checked={section.value === name}
              onChange={() => {
                failure.value = undefined;
                section.value = name;
              }}
            />
            <span>{t(`understand.${name}`)}</span>
          </label>
        ))}
      </fieldset>
      <FailureNotice failure={failure} />
      <View />
    </div>
  );
}
