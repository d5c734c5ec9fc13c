import { useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { PictureGrid } from '../ui/picture-grid';
import { useObjectUrl } from './object-urls';
import { pictureName } from './picture-name';
import { found, hasQuery, original, type ShownHit, searchBy, showMore, shown } from './search-state';

/** What was found, best first. */
export function Results() {
  const [open, setOpen] = useState<ShownHit>();
  if (!found.value) return null;
  const { hits, took, total } = found.value;
  const hitOf = (key: string) => hits.find(({ row }) => String(row) === key);
  const title = t(hasQuery.value ? 'search.results' : 'search.browse');
  const like = (hit: ShownHit) =>
    searchBy({ name: hit.name, small: hit.thumbnail, source: { row: hit.row } });
  return (
    <section class="stack search-results" aria-labelledby="search-results">
      <div class="search-head">
        <h3 id="search-results">{title}</h3>
        {hasQuery.value && (
          <p class="soft" role="status">
            {t('search.searchTook', { count: total, ms: took < 10 ? took.toFixed(1) : Math.round(took) })}
          </p>
        )}
      </div>
      <PictureGrid
        label={title}
        pictures={hits.map((hit) => ({
          key: String(hit.row),
          src: hit.src,
          name: pictureName(hit.name),
          ...(hit.score !== undefined && { note: hit.score.toFixed(2) }),
        }))}
        onChoose={(key) => setOpen(hitOf(key))}
        extra={(picture) => (
          <button
            type="button"
            class="search-more"
            aria-label={t('search.moreLabel', { name: picture.name })}
            onClick={() => like(hitOf(picture.key)!)}
          >
            {t('search.more')}
          </button>
        )}
      />
      {shown.value < total && (
        <div class="row search-center">
          <Button onClick={showMore}>{t('search.resultsMore')}</Button>
        </div>
      )}
      <Dialog
        title={open ? pictureName(open.name) : ''}
        open={open !== undefined}
        onClose={() => setOpen(undefined)}
      >
        {open && (
          <Large
            hit={open}
            onMore={() => {
              setOpen(undefined);
              like(open);
            }}
          />
        )}
      </Dialog>
    </section>
  );
}

/** A picture as large as it is there. */
function Large({ hit, onMore }: { hit: ShownHit; onMore: () => void }) {
  const file = original(hit.row);
  const isDrawing = hit.name.includes('\n');
  const url = useObjectUrl(file ?? hit.thumbnail);
  return (
    <div class="stack search-large">
      {url && <img src={url} alt={pictureName(hit.name)} />}
      {!file && !isDrawing && <p class="soft">{t('search.small')}</p>}
      <div class="search-head">
        <span class="soft">
          {hit.score === undefined ? '' : t('search.score', { score: hit.score.toFixed(3) })}
        </span>
        <Button onClick={onMore}>{t('search.more')}</Button>
      </div>
    </div>
  );
}
