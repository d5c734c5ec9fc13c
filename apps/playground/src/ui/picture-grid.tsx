import type { ComponentChildren } from 'preact';
import './picture-grid.css';

export interface GridPicture {
  /** Its place in the list, never the same twice. */
  key: string;
  /** A `blob:` address or a file of this page. */
  src: string;
  /** What it shows, or its name: read by screen readers, shown as text. */
  name: string;
  /** Below the name: a score, a class. */
  note?: string;
}

export interface PictureGridProps {
  label: string;
  pictures: readonly GridPicture[];
  /** Makes each picture a button. */
  onChoose?: (key: string) => void;
  chosen?: string | undefined;
  /** More below each picture. */
  extra?: (picture: GridPicture) => ComponentChildren;
}

/** Pictures as a list; those out of sight are not loaded. */
export function PictureGrid({ label, pictures, onChoose, chosen, extra }: PictureGridProps) {
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari forgets that a list without bullets is one.
    <ul class="grid" role="list" aria-label={label}>
      {pictures.map((picture) => (
        <li key={picture.key} class="grid-item">
          {onChoose ? (
            <button
              type="button"
              class="grid-button"
              aria-pressed={picture.key === chosen}
              onClick={() => onChoose(picture.key)}
            >
              <Picture {...picture} />
            </button>
          ) : (
            <Picture {...picture} />
          )}
          {extra?.(picture)}
        </li>
      ))}
    </ul>
  );
}

function Picture({ src, name, note }: GridPicture) {
  return (
    <figure class="grid-figure">
      <img src={src} alt="" loading="lazy" decoding="async" draggable={false} />
      <figcaption>
        <span class="grid-name">{name}</span>
        {note !== undefined && <span class="grid-note">{note}</span>}
      </figcaption>
    </figure>
  );
}
