import { useEffect, useRef } from 'preact/hooks';
import './pixel-picture.css';

/** RGBA, row after row. */
export interface RawPixels {
  data: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
}

export interface PixelPictureProps {
  pixels: RawPixels;
  /** What it shows; a picture that says nothing new has none. */
  label?: string;
  /** Draws above it, on a canvas of `scale` times its size. */
  over?: (context: CanvasRenderingContext2D, width: number, height: number) => void;
  /** Canvas pixels a pixel. Default 1. */
  scale?: number;
  /** Whether pixels stay squares when they are shown larger. */
  sharp?: boolean;
}

/** A picture from its pixels. */
export function PixelPicture({ pixels, label, over, scale = 1, sharp = false }: PixelPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = pixels.width * scale;
  const height = pixels.height * scale;
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const small = new OffscreenCanvas(pixels.width, pixels.height);
    small.getContext('2d')!.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
    context.imageSmoothingEnabled = !sharp;
    context.drawImage(small, 0, 0, width, height);
    over?.(context, width, height);
  }, [pixels, over, width, height, sharp]);
  return (
    <canvas
      ref={canvas}
      class={sharp ? 'pixel-picture pixel-picture-sharp' : 'pixel-picture'}
      width={width}
      height={height}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    />
  );
}
