import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';

/**
 * The browser's dialog for one picture.
 *
 * @param test Names its element for tests.
 * @returns What opens it, and the element, to be put anywhere.
 */
export function usePictureChooser(
  test: string,
  onChoose: (file: File) => void,
): { open: () => void; element: VNode } {
  const input = useRef<HTMLInputElement>(null);
  const element = (
    <input
      ref={input}
      type="file"
      hidden
      data-test={test}
      accept="image/*"
      onChange={(event) => {
        const file = event.currentTarget.files?.[0];
        event.currentTarget.value = ''; // the same may be chosen again
        if (file) onChoose(file);
      }}
    />
  );
  return { open: () => input.current?.click(), element };
}
