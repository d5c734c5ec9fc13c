import * as tf from '@tensorflow/tfjs-core';
import { BOX_DIM, describeScene, OBJECT_DIM } from './describe-scene';
import { BOXES, type Scene } from './scene';

export interface Item {
  words: number[];
  scene: Scene;
  label: boolean;
}

export interface Batch {
  /** int32 [batch, length], 0 where there is none. */
  words: tf.Tensor2D;
  /** [batch, length] */
  wordMask: tf.Tensor2D;
  /** [batch, boxes, BOX_DIM] */
  boxes: tf.Tensor3D;
  /** [batch, objects, OBJECT_DIM] */
  objects: tf.Tensor3D;
  /** [batch, boxes, objects]: 1 for the objects of a box. */
  membership: tf.Tensor3D;
  /** int32 [batch] */
  labels: tf.Tensor1D;
}

/** Items as tensors, padded to the longest. The caller disposes them. */
export function toBatch(items: readonly Item[]): Batch {
  const batch = items.length;
  const seen = items.map(({ scene }) => describeScene(scene));
  const length = Math.max(...items.map(({ words }) => words.length));
  const most = Math.max(1, ...seen.map(({ objects }) => objects.length));
  const words = new Int32Array(batch * length);
  const wordMask = new Float32Array(batch * length);
  const objects = new Float32Array(batch * most * OBJECT_DIM);
  const membership = new Float32Array(batch * BOXES * most);
  for (const [i, item] of items.entries()) {
    words.set(item.words, i * length);
    wordMask.fill(1, i * length, i * length + item.words.length);
    objects.set(seen[i]!.objects.flat(), i * most * OBJECT_DIM);
    for (const [j, box] of seen[i]!.boxOf.entries()) membership[(i * BOXES + box) * most + j] = 1;
  }
  const boxes = seen.flatMap((description) => description.boxes.flat());
  return {
    words: tf.tensor2d(words, [batch, length], 'int32'),
    wordMask: tf.tensor2d(wordMask, [batch, length]),
    boxes: tf.tensor3d(boxes, [batch, BOXES, BOX_DIM]),
    objects: tf.tensor3d(objects, [batch, most, OBJECT_DIM]),
    membership: tf.tensor3d(membership, [batch, BOXES, most]),
    labels: tf.tensor1d(
      items.map(({ label }) => Number(label)),
      'int32',
    ),
  };
}
