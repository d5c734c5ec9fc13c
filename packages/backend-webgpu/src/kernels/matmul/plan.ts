import type { Product } from './product';
import type { Tile } from './tiled';

const LARGE: Tile = { rows: 128, columns: 128, perRows: 8, perColumns: 8 };
const MEDIUM: Tile = { rows: 64, columns: 64, perRows: 8, perColumns: 4 };
const SMALL: Tile = { rows: 32, columns: 32, perRows: 4, perColumns: 4 };

/** Workgroups that keep a large GPU busy; one has up to 144 processors. */
const ENOUGH = 128;

/** The depth of a part, at least: its sums are written and read once more. */
const PART_DEPTH = 512;

/** Vendors whose threads have registers for 64 sums, operands and the slice to come. */
const MANY_REGISTERS = ['nvidia', 'amd'];

/**
 * The largest tile of which there are enough: a tile reads 2 / side of what it multiplies. Where there are few, but
 * deep ones (the gradient of a weight, over all tokens of a batch), each is computed in parts.
 */
export function planOf(
  { rows, columns, depth, batch }: Product,
  vendor: string,
): { tile: Tile; splits: number } {
  const fits = (tile: Tile) => 2 * rows > tile.rows && 2 * columns > tile.columns;
  const tilesOf = (tile: Tile) =>
    batch.size * Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
  const large = MANY_REGISTERS.includes(vendor) ? [LARGE] : [];
  for (const tile of [...large, MEDIUM]) {
    if (fits(tile) && tilesOf(tile) >= ENOUGH) return { tile, splits: 1 };
  }
  const splitsOf = (tile: Tile) =>
    Math.max(1, Math.min(Math.ceil(ENOUGH / tilesOf(tile)), Math.floor(depth / PART_DEPTH)));
  const splits = splitsOf(MEDIUM);
  if (fits(MEDIUM) && 2 * tilesOf(MEDIUM) * splits >= ENOUGH) return { tile: MEDIUM, splits };
  return { tile: SMALL, splits: splitsOf(SMALL) };
}
