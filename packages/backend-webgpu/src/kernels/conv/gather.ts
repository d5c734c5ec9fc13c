import type { Element } from '../../program';

/** Where the elements of a matrix are in images that lie in memory. */
export interface Places {
  /** WGSL that ends in a `vec3<u32>` for `row`: an offset, and y and x in the image. */
  row: string;
  /** Of `column`, what is added to that of the row. Beyond the image there are zeros. */
  column: string;
  /** Uniforms that have the size of the image. */
  height: string;
  width: string;
  channels: string;
}

/**
 * WGSL of `load...(base, row, column, rows, columns)` of a matrix that is not in memory as such: four neighbours of a
 * row. Where the buffer is of `vec4<f32>`, they are neighbours there too. Rows and columns have their divisions each
 * for themselves: in a block, and along the depth, they are the same again and again. Single elements are read in a loop:
 * four reads side by side took SwiftShader minutes to compile.
 */
export function gather(name: 'A' | 'B', element: Element, places: Places): string {
  const [buffer, width] = [name.toLowerCase(), element === 'f32' ? 1 : 4];
  const { height, width: imageWidth, channels } = places;
  return `
fn row${name}(row: u32) -> vec3<u32> {${places.row}
}
fn column${name}(column: u32) -> vec3<u32> {${places.column}
}
fn one${name}(at: vec3<u32>, inside: bool) -> ${element} {
  let is = inside && at.y < uniforms.${height} && at.z < uniforms.${imageWidth};
  let place = select(0u, at.x + (at.y * uniforms.${imageWidth} + at.z) * uniforms.${channels}, is);
  return select(${element}(0.0), ${buffer}[place / ${width}], is);
}
fn load${name}(base: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4<f32> {
  let first = row${name}(row);
  let inside = row < rows;
  ${
    width === 4
      ? `return one${name}(first + column${name}(column), inside && column < columns);`
      : `var four = vec4<f32>(0.0);
  for (var i = 0u; i < 4; i++) { four[i] = one${name}(first + column${name}(column + i), inside && column + i < columns); }
  return four;`
  }
}`;
}
