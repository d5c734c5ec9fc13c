import type { Element } from '../../program';

/**
 * WGSL of `load...(base, row, column, rows, columns)` of a matrix that is not in memory as such: four neighbours of a
 * row, each found by `place(row, column)`, which is beyond every buffer where there is a zero. Where the buffer is
 * of `vec4<f32>`, four neighbours are neighbours there too.
 */
export function gather(name: 'A' | 'B', element: Element, place: string): string {
  const buffer = name.toLowerCase();
  return `
const NOWHERE = 0xffffffffu;
fn place${name}(row: u32, column: u32) -> u32 {${place}
}
fn load${name}(base: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4<f32> {
  var four = vec4<f32>(0.0);
  if (row >= rows) { return four; }${
    element === 'f32'
      ? `
  for (var i = 0u; i < 4; i++) {
    if (column + i >= columns) { break; }
    let at = place${name}(row, column + i);
    if (at != NOWHERE) { four[i] = ${buffer}[at]; }
  }`
      : `
  if (column < columns) {
    let at = place${name}(row, column);
    if (at != NOWHERE) { four = ${buffer}[at / 4]; }
  }`
  }
  return four;
}`.replaceAll('NOWHERE', `NOWHERE_${name}`);
}
