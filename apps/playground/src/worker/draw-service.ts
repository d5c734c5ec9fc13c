import * as tf from '@tensorflow/tfjs-core';
import { ensureEngine } from './engine';

export class DrawService {
  /** A gradient of colours as RGBA, `size` x `size`. */
  async gradient(size: number): Promise<Uint8ClampedArray<ArrayBuffer>> {
    await ensureEngine();
    const picture = tf.tidy(() => {
      const ramp = tf.linspace(0, 255, size);
      const across = tf.tile(tf.reshape(ramp, [1, size, 1]), [size, 1, 1]);
      const down = tf.tile(tf.reshape(ramp, [size, 1, 1]), [1, size, 1]);
      return tf.concat([across, down, tf.sub(255, across), tf.fill([size, size, 1], 255)], 2);
    });
    const values = await picture.data();
    picture.dispose();
    return Uint8ClampedArray.from(values);
  }
}
