/** What a drawing shows, by its pixels; places and sizes in pixels of its box of 100 x 100. */
export interface SceneObject {
  box: number;
  /** Of {@link COLORS}. */
  color: number;
  /** Of {@link SHAPES}. */
  shape: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

export type Scene = SceneObject[];

export const BOXES = 3;
export const BOX_SIZE = 100;
/** From the left edge of a box to that of the next. */
export const BOX_STRIDE = 150;
export const COLORS = ['black', 'yellow', 'blue'] as const;
export const SHAPES = ['square', 'circle', 'triangle'] as const;

/** Whether it is at the left, right, top and bottom wall of its box. */
export function wallsOf({ left, top, width, height }: SceneObject): boolean[] {
  return [left, BOX_SIZE - left - width, top, BOX_SIZE - top - height].map((gap) => gap <= 1);
}

/** 0 to 2: small, medium, large. */
export const sizeOf = ({ width }: SceneObject): number => (width < 15 ? 0 : width < 25 ? 1 : 2);

/** The objects of each box, the highest first. */
export function boxesOf(scene: Scene): Scene[] {
  return Array.from({ length: BOXES }, (_, box) =>
    scene.filter((object) => object.box === box).sort((a, b) => a.top - b.top),
  );
}
