import type { Recipe } from '@crossmodal/emoji-clip/browser';
import { isTransformer, type ModelDescription } from './run-model';
import type { RunFacts } from './run-types';

/** How to open the files of a trained model. */
export function modelReadme({ config }: ModelDescription, { settings, training, heldOut }: RunFacts): string {
  const data = settings.data === 'emoji' ? 'drawings of emoji' : 'pictures of its own';
  const head = `# A small CLIP

Trained in a web page, the crossmodal playground, on ${training} ${data} with their captions; ${heldOut} more were held out.
Settings: ${JSON.stringify(settings)}
`;
  const licences =
    settings.data === 'emoji' || settings.start === 'shipped'
      ? `
The drawings of emoji that it learned from are of Noto Emoji (Apache-2.0) and Fluent Emoji (MIT)${
          settings.start === 'shipped'
            ? ", and what the page's own model was trained on (LICENCES.md of the page)"
            : ''
        }.
`
      : '';
  return (
    head +
    (isTransformer(config) ? transformerPart() : convolutionPart(config as unknown as Recipe)) +
    '\nPictures were trained on as squares on white, cut to what is drawn.\n' +
    licences
  );
}

const transformerPart = () => `
It is a \`CLIPModel\` of \`transformers\`: an image tower (ViT) and a text tower, both small.

## In Node

\`\`\`ts
// npm install @crossmodal/clip @crossmodal/core @crossmodal/processing @crossmodal/backend-onnx @tensorflow/tfjs-core
import '@crossmodal/backend-onnx';
import { loadCLIP, ZeroShotClassifier } from '@crossmodal/clip';
import { useBackend } from '@crossmodal/core';

await useBackend();
const model = await loadCLIP('.'); // this folder
const classifier = new ZeroShotClassifier({ ...model, labels: ['cat', 'dog'], templates: ['{}'] });
console.log(await classifier.classify('picture.png'));
\`\`\`

## In Python

\`\`\`python
# pip install torch transformers pillow
from PIL import Image
from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel

model = CLIPModel.from_pretrained(".").eval()
tokenizer, processor = AutoTokenizer.from_pretrained("."), CLIPImageProcessor.from_pretrained(".")
picture = Image.open("picture.png").convert("RGBA")
picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
inputs = {**tokenizer(["cat", "dog"], padding=True, return_tensors="pt"), **processor(picture, return_tensors="pt")}
print(model(**inputs).logits_per_image.softmax(-1))
\`\`\`
`;

const convolutionPart = ({ imageSize, stages, textHiddenSize, contextLength, projectionDim }: Recipe) => `
An image tower of residual convolutions and a text tower that takes the mean of a text's tokens: a CLIP of the package
\`@crossmodal/clip\`, which \`transformers\` does not know. Texts go in as words in lower case, a space before each, without
articles.

## In Node

\`\`\`ts
// npm install @crossmodal/clip @crossmodal/core @crossmodal/processing @crossmodal/backend-onnx @tensorflow/tfjs-core
import '@crossmodal/backend-onnx';
import { readFile } from 'node:fs/promises';
import { BagOfTokensEncoder, CLIP, ResidualVisionEncoder, ZeroShotClassifier } from '@crossmodal/clip';
import { Rng, useBackend } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import { ImageProcessor, loadTokenizer } from '@crossmodal/processing';

await useBackend();
const tokenizer = loadTokenizer(await readFile('tokenizer.json', 'utf8'), { pad_token: '<pad>' });
const words = (text: string) =>
  (text.toLowerCase().replace(/\\p{Script=Han}+/gu, ' $& ').match(/[\\p{L}\\p{M}\\p{N}]+|[^\\s\\p{P}\\p{L}\\p{M}\\p{N}]/gu) ?? [])
    .filter((word) => !['a', 'an', 'the'].includes(word))
    .map((word) => \` \${word}\`)
    .join('');
const imageProcessor = ImageProcessor.fromConfig(JSON.parse(await readFile('preprocessor_config.json', 'utf8')));
const rng = new Rng(0);
const clip = new CLIP({
  visionEncoder: new ResidualVisionEncoder({ imageSize: ${imageSize}, stages: ${JSON.stringify(stages)}, rng }),
  textEncoder: new BagOfTokensEncoder({
    vocabSize: tokenizer.vocabSize, hiddenSize: ${textHiddenSize}, contextLength: ${contextLength}, rng,
  }),
  projectionDim: ${projectionDim},
  rng,
});
await clip.loadTensors(await readSafetensorsFile('model.safetensors'));
const classifier = new ZeroShotClassifier({
  clip,
  tokenizer: { tokenize: (texts, options) => tokenizer.tokenize(texts.map(words), options) },
  imageProcessor,
  labels: ['cat', 'dog'],
  templates: ['{}'],
});
console.log(await classifier.classify('picture.png'));
\`\`\`
`;
