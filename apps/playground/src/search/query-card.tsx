import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { usePictureChooser } from '../ui/picture-chooser';
import { Slider } from '../ui/slider';
import { TextInput } from '../ui/text-input';
import { useObjectUrl } from './object-urls';
import { pictureName } from './picture-name';
import { picture, type QueryPicture, searchBy, share, words } from './search-state';

/** What to look for: words, a picture, or both. */
export function QueryCard() {
  const choose = (file: File | undefined) => {
    if (file) searchBy({ name: file.name, small: file, source: file });
  };
  const chooser = usePictureChooser('query-picture', choose);
  return (
    <section
      class="card stack"
      aria-labelledby="search-query"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        choose(event.dataTransfer?.files[0]);
      }}
    >
      <h3 id="search-query">{t('search.queryTitle')}</h3>
      <div class="search-query">
        <TextInput
          label={t('search.words')}
          value={words.value}
          maxLength={300}
          placeholder={t('search.wordsPlaceholder')}
          hint={t('search.wordsHint')}
          onInput={(value) => {
            words.value = value;
          }}
        />
        <Button onClick={chooser.open}>{t('search.picture')}</Button>
        {chooser.element}
      </div>
      {picture.value && <Chosen chosen={picture.value} />}
      {picture.value && words.value.trim() !== '' && (
        <Slider
          label={t('search.mix')}
          value={Math.round(100 * share.value)}
          min={0}
          max={100}
          step={5}
          format={(value) => t('search.mixValue', { words: 100 - value, picture: value })}
          onInput={(value) => {
            share.value = value / 100;
          }}
        />
      )}
    </section>
  );
}

function Chosen({ chosen }: { chosen: QueryPicture }) {
  const url = useObjectUrl(chosen.small);
  return (
    <div class="search-chosen">
      {url && <img src={url} alt="" />}
      <p>{t('search.pictureLabel', { name: pictureName(chosen.name) })}</p>
      <Button kind="quiet" onClick={() => searchBy(undefined)}>
        {t('search.pictureRemove')}
      </Button>
    </div>
  );
}
