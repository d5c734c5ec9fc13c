import { build } from 'esbuild';

/** What a bundle of our sources holds. */
export interface Bundle {
  text: string;
  /** Paths of the files in it, a line each. */
  files: string;
}

/** Bundles a file for browsers or for Node, to look at what it reaches; `external` are left out. */
export async function bundleFor(
  platform: 'browser' | 'node',
  file: string,
  external: readonly string[] = [],
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    platform,
    conditions: ['crossmodal-source', platform],
    external: [...external],
    metafile: true,
    logLevel: 'silent',
  });
  return { text: outputFiles[0]!.text, files: Object.keys(metafile.inputs).join('\n') };
}
