import { useMemo } from 'preact/hooks';
import { t } from '../i18n/t';
import { useObjectUrls } from '../search/object-urls';
import { language } from '../settings';
import { Button } from '../ui/button';
import { usePictureChooser } from '../ui/picture-chooser';
import { type GivenPicture, ownPicture, samples } from './understand-state';

export interface PictureChoiceProps {
  /** Undefined: none. */
  chosen: GivenPicture | undefined;
  onChoose: (picture: GivenPicture | undefined) => void;
  /** Whether there may be none. */
  optional?: boolean;
}

/** One of the drawings that come with the page, or a picture of one's own. */
export function PictureChoice({ chosen, onChoose, optional = false }: PictureChoiceProps) {
  const chooser = usePictureChooser('own-picture', (file) => onChoose(ownPicture(file)));
  const all: readonly GivenPicture[] = useMemo(
    () => [
      ...samples.value,
      ...(chosen && !samples.value.some(({ file }) => file === chosen.file) ? [chosen] : []),
    ],
    [samples.value, chosen],
  );
  const urls = useObjectUrls(useMemo(() => all.map(({ file }) => file), [all]));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the button, which does the same.
    <div
      class="picture-choice"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const file = event.dataTransfer?.files[0];
        if (file) onChoose(ownPicture(file));
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: buttons with a name for all of them. */}
      <div class="choice-pictures" role="group" aria-label={t('understand.picture')}>
        {optional && (
          <button
            type="button"
            class="choice-picture"
            aria-pressed={chosen === undefined}
            onClick={() => onChoose(undefined)}
          >
            <span class="choice-none">{t('understand.noPicture')}</span>
          </button>
        )}
        {all.map((picture, i) => (
          <button
            key={picture.emoji ?? 'own'}
            type="button"
            class="choice-picture"
            aria-pressed={picture.file === chosen?.file}
            onClick={() => onChoose(picture)}
          >
            {urls[i] && <img src={urls[i]} alt={picture[language.value]} />}
          </button>
        ))}
      </div>
      <Button onClick={chooser.open}>{t('understand.choosePicture')}</Button>
      {chooser.element}
    </div>
  );
}
