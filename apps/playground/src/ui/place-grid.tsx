import { useRef } from 'preact/hooks';
import './place-grid.css';

export interface PlaceGridProps {
  label: string;
  rows: number;
  columns: number;
  /** The one that is chosen, row after row. */
  place: number;
  onPlace: (place: number) => void;
  nameOf: (place: number) => string;
}

/** Squares over a picture, by the grid pattern of ARIA: arrow keys, Home and End move between them. */
export function PlaceGrid({ label, rows, columns, place, onPlace, nameOf }: PlaceGridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    const moves: Record<string, [row: number, column: number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? rows - 1 : row, columns - 1],
    };
    const to = moves[event.key];
    if (!to) return;
    event.preventDefault();
    const [toRow, toColumn] = to;
    if (toRow < 0 || toRow >= rows || toColumn < 0 || toColumn >= columns) return;
    const next = toRow * columns + toColumn;
    onPlace(next);
    grid.current?.querySelector<HTMLElement>(`[data-place="${next}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: no table: squares over a picture.
    <div ref={grid} class="place-grid" role="grid" aria-label={label} onKeyDown={move} tabIndex={-1}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/a11y/useFocusableInteractive: its cells are.
        // biome-ignore lint/a11y/useSemanticElements: no table: squares over a picture.
        <div key={row} class="place-row" role="row">
          {Array.from({ length: columns }, (_, column) => {
            const at = row * columns + column;
            return (
              // biome-ignore lint/a11y/useSemanticElements: no table: squares over a picture.
              <div
                key={column}
                class="place-cell"
                role="gridcell"
                data-place={at}
                tabIndex={at === place ? 0 : -1}
                aria-selected={at === place}
                aria-label={nameOf(at)}
                // Not "enter": what scrolls below a mouse at rest chooses nothing.
                onPointerMove={(event) => {
                  if (event.pointerType === 'mouse' && at !== place) onPlace(at);
                }}
                onPointerDown={() => onPlace(at)}
                onFocus={() => onPlace(at)}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}
