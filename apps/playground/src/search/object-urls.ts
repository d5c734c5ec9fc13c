import { useEffect, useMemo, useState } from 'preact/hooks';

/** Addresses of blobs, as long as these are shown. */
export function useObjectUrls(blobs: readonly Blob[]): readonly string[] {
  const [made, setMade] = useState<{ blobs: readonly Blob[]; urls: readonly string[] }>(EMPTY);
  useEffect(() => {
    const urls = blobs.map((blob) => URL.createObjectURL(blob));
    setMade({ blobs, urls });
    return () => {
      for (const url of urls) URL.revokeObjectURL(url);
    };
  }, [blobs]);
  return made.blobs === blobs ? made.urls : EMPTY.urls;
}

const EMPTY = { blobs: [], urls: [] };

/** The address of a blob, as long as it is shown. */
export function useObjectUrl(blob: Blob | undefined): string | undefined {
  return useObjectUrls(useMemo(() => (blob ? [blob] : []), [blob]))[0];
}
