// crossmodal classify in an empty folder, with a tiny CLIP that this program makes.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { CLIP } from '@crossmodal/clip';
import { Rng, useBackend } from '@crossmodal/core';
import sharp from 'sharp';

await useBackend('cpu');
const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
const tokens = [...letters, ...letters.map((letter) => `${letter}</w>`), '<|startoftext|>', '<|endoftext|>'];
const sizes = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 };
const clip = CLIP.fromConfig(
  {
    model_type: 'clip',
    projection_dim: 4,
    text_config: { ...sizes, vocab_size: tokens.length, max_position_embeddings: 77, eos_token_id: 2 },
    vision_config: { ...sizes, image_size: 32, patch_size: 8 },
  },
  { rng: new Rng(0) },
);
await clip.saveTo('model', {
  files: {
    'preprocessor_config.json': JSON.stringify({
      feature_extractor_type: 'CLIPFeatureExtractor',
      size: 32,
      crop_size: 32,
    }),
    'vocab.json': JSON.stringify(Object.fromEntries(tokens.map((token, i) => [token, i]))),
    'merges.txt': '#version: 0.2\n',
    'tokenizer_config.json': '{"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}',
  },
});
const photo = { width: 64, height: 48, channels: 3, background: { r: 200, g: 120, b: 40 } };
writeFileSync('photo.jpg', await sharp({ create: photo }).jpeg().toBuffer());

const args = ['crossmodal', 'classify', 'photo.jpg', '--model', 'model', '--labels', 'cat,dog', '--json'];
const output = execFileSync('npx', ['--no-install', ...args], { encoding: 'utf8' });
const [{ image, labels }] = JSON.parse(output);
const total = labels.reduce((sum, { probability }) => sum + probability, 0);
if (image !== 'photo.jpg' || labels.length !== 2 || Math.abs(total - 1) > 1e-5) throw new Error(output);
