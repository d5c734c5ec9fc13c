/** What the weights of a model are called, in the order of `openWeights`; shards come with their index. */
const WEIGHTS: readonly RegExp[][] = [
  [/^model\.safetensors$/],
  [/^model\.safetensors\.index\.json$/, /^model-\d+-of-\d+\.safetensors$/],
  [/^pytorch_model\.bin$/],
  [/^pytorch_model\.bin\.index\.json$/, /^pytorch_model-\d+-of-\d+\.bin$/],
  [/^open_clip_model\.safetensors$/],
  [/^open_clip_pytorch_model\.bin$/],
  [/^flax_model\.msgpack$/],
];
/** Configurations, vocabularies and templates. */
const SMALL = /\.(json|txt|model|jinja)$|^vocab/;
const INDEX = /\.index\.json$/;

/**
 * Which files of a repository a model is loaded from: its configurations and vocabularies, and its weights in one format
 * (safetensors before PyTorch before open_clip before flax). Folders within are other models, or other forms of it.
 */
export function chooseModelFiles(paths: readonly string[]): string[] {
  const top = paths.filter((path) => !path.includes('/'));
  const formats = WEIGHTS.filter(([first]) => top.some((path) => first!.test(path)));
  const weights = formats[0] ?? [];
  return top.filter(
    (path) => weights.some((name) => name.test(path)) || (SMALL.test(path) && !INDEX.test(path)),
  );
}
