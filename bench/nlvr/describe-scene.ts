import { BOX_SIZE, boxesOf, COLORS, type Scene, type SceneObject, SHAPES, sizeOf, wallsOf } from './scene';

function oneHot(index: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(i === index));
}

export interface Description {
  /** A vector for each box. */
  boxes: number[][];
  /** A vector for each object. */
  objects: number[][];
  /** The box of each object. */
  boxOf: number[];
}

/** What pixels show of each object and box, and of an object's neighbours in its box. */
export function describeScene(scene: Scene): Description {
  const boxes = boxesOf(scene);
  return {
    boxes: boxes.map(describeBox),
    objects: boxes.flatMap((box) => box.map((object, rank) => describeObject(object, rank, box))),
    boxOf: boxes.flat().map(({ box }) => box),
  };
}

const PLAIN: SceneObject = { box: 0, color: 0, shape: 0, left: 0, top: 0, width: 1, height: 1 };

/** Sizes of the vectors. */
export const OBJECT_DIM = describeObject(PLAIN, 0, [PLAIN]).length;
export const BOX_DIM = describeBox([]).length;

function describeObject(object: SceneObject, rank: number, box: Scene): number[] {
  const walls = wallsOf(object).map(Number);
  return [
    ...oneHot(object.color, COLORS.length),
    ...oneHot(object.shape, SHAPES.length),
    ...oneHot(sizeOf(object), 3),
    object.left / BOX_SIZE,
    object.top / BOX_SIZE,
    ...walls,
    Math.max(...walls),
    (walls[0]! || walls[1]!) && (walls[2]! || walls[3]!) ? 1 : 0,
    ...oneHot(Math.min(rank, 3), 4),
    ...oneHot(Math.min(box.length - 1 - rank, 3), 4),
    ...oneHot(box[rank - 1]?.color ?? -1, COLORS.length), // above
    ...oneHot(box[rank + 1]?.color ?? -1, COLORS.length), // below
    ...oneHot(Math.min(box.length, 8) - 1, 8),
  ];
}

function describeBox(box: Scene): number[] {
  const counts = [
    ...COLORS.map((_, color) => box.filter((object) => object.color === color).length),
    ...SHAPES.map((_, shape) => box.filter((object) => object.shape === shape).length),
  ];
  const both = COLORS.flatMap((_, color) =>
    SHAPES.map((_, shape) => box.filter((o) => o.color === color && o.shape === shape).length),
  );
  return [
    ...oneHot(Math.min(box.length, 8) - 1, 8),
    ...counts.flatMap((count) => oneHot(Math.min(count, 4), 5)),
    ...both.map((count) => count / 3),
    ...[box.at(0), box.at(-1), box.at(-2)].flatMap((o) => oneHot(o?.color ?? -1, COLORS.length)),
  ];
}
