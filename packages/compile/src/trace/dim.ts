/**
 * A size that is known when the graph runs: a sum of products of named sizes, such as `batch*sequence + batch`. Equal
 * ones are one object.
 */
export interface SymbolicDim {
  /** Without names: what is added. */
  readonly terms: readonly { coefficient: number; names: readonly string[] }[];
}

/** A size of a shape, or a whole number of an attribute that follows from sizes. */
export type Dim = number | SymbolicDim;

export const isSymbolic = (dim: unknown): dim is SymbolicDim =>
  typeof dim === 'object' && dim !== null && 'terms' in dim;

const interned = new Map<string, SymbolicDim>();

/** The dimension of these terms; a number where no name is left. */
export function dimOf(terms: SymbolicDim['terms']): Dim {
  const kept = terms.filter(({ coefficient }) => coefficient !== 0);
  if (kept.every(({ names }) => names.length === 0)) return kept[0]?.coefficient ?? 0;
  const dim = { terms: kept };
  const key = formatDim(dim);
  if (!interned.has(key)) interned.set(key, dim);
  return interned.get(key)!;
}

export function addDims(a: Dim, b: Dim): Dim {
  const sum = new Map<string, { coefficient: number; names: readonly string[] }>();
  for (const dim of [a, b]) {
    const terms = isSymbolic(dim) ? dim.terms : [{ coefficient: dim, names: [] }];
    for (const { coefficient, names } of terms) {
      const key = names.join('*');
      sum.set(key, { coefficient: coefficient + (sum.get(key)?.coefficient ?? 0), names });
    }
  }
  // Names first, and what is added last, as everywhere.
  return dimOf([...sum.values()].sort((x, y) => Number(x.names.length === 0) - Number(y.names.length === 0)));
}

/** As a formula: `2*batch*sequence+1`. */
export function formatDim(dim: Dim): string {
  if (!isSymbolic(dim)) return String(dim);
  const parts = dim.terms.map(({ coefficient, names }) =>
    [...(coefficient === 1 && names.length > 0 ? [] : [coefficient]), ...names].join('*'),
  );
  return parts.join('+').replaceAll('+-', '-');
}

/** The number that it is where the names have these sizes. */
export function evaluateDim(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  if (!isSymbolic(dim)) return dim;
  return dim.terms.reduce(
    (sum, { coefficient, names }) =>
      sum + names.reduce((product, name) => product * sizes[name]!, coefficient),
    0,
  );
}

/**
 * The polynomial without squares that has these values, where each of the names has one of two sizes.
 *
 * @param values By subset: bit i of the index says that name i has its second size.
 * @returns Nothing where its coefficients are no whole numbers.
 */
export function fitDim(
  values: readonly number[],
  names: readonly string[],
  first: readonly number[],
  second: readonly number[],
): Dim | undefined {
  // Coefficients of products of (name - first), by subset; then those of products of names.
  const coefficients = [...values];
  for (const [i] of names.entries())
    for (let set = 0; set < coefficients.length; set++)
      if (set & (1 << i))
        coefficients[set] = (coefficients[set]! - coefficients[set ^ (1 << i)]!) / (second[i]! - first[i]!);
  for (const [i] of names.entries())
    for (let set = 0; set < coefficients.length; set++)
      if (set & (1 << i)) coefficients[set ^ (1 << i)]! -= coefficients[set]! * first[i]!;
  if (!coefficients.every(Number.isInteger)) return undefined;
  const terms = coefficients.map((coefficient, set) => ({
    coefficient,
    names: names.filter((_, i) => set & (1 << i)),
  }));
  return dimOf(terms.reverse());
}
