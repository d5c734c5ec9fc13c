import { useEffect, useRef } from 'preact/hooks';
import { STORED_SIZE } from './stored-size';

/** A picture as it is trained on; what it shows is said beside it. */
export function Pixels({ pixels }: { pixels: Uint8Array<ArrayBuffer> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new ImageData(new Uint8ClampedArray(pixels), STORED_SIZE, STORED_SIZE);
    canvas.current?.getContext('2d')?.putImageData(image, 0, 0);
  }, [pixels]);
  return <canvas class="pixels" ref={canvas} width={STORED_SIZE} height={STORED_SIZE} />;
}
