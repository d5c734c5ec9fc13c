import type { DALLEFigures } from '../measure/measure-dalle';
import type { VQVAEFigures } from '../measure/measure-vqvae';
import type { PromptSimilarity } from '../measure/prompt-similarity';

/** Everything that a run measures. */
export interface Figures {
  vqvae: VQVAEFigures;
  dalle: DALLEFigures;
  /** Absent without a CLIP. */
  similarity?: PromptSimilarity | undefined;
}

/** The figures as rows of a table: what, how much, and of what. */
export function figureRows({ vqvae, dalle, similarity }: Figures): string[][] {
  const below = 1 - dalle.imageLoss / dalle.unigramEntropy;
  const nats = (x: number) => `${x.toFixed(3)} nats`;
  const drawings = `${dalle.pictures} drawings of held-out concepts`;
  const rows = [
    ['VQ-VAE, mean PSNR', `${vqvae.psnr.toFixed(2)} dB`, `${vqvae.pictures} drawings of the unseen designer`],
    ['VQ-VAE, codes used', percent(vqvae.usage), `perplexity ${vqvae.perplexity.toFixed(0)}; same drawings`],
    ['DALL-E, loss of an image token', nats(dalle.imageLoss), drawings],
    ['the same, with another name', nats(dalle.otherNameLoss), 'same drawings'],
    ["the tokens' unigram entropy", nats(dalle.unigramEntropy), 'same drawings'],
    ['loss under that entropy', percent(below), ''],
  ];
  if (similarity) {
    const { own, shuffled, difference } = similarity;
    const interval = ({ mean, low, high }: typeof own) =>
      `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
    rows.push(
      [
        'CLIP similarity to own prompt',
        interval(own),
        `mean and 95 % interval, ${own.count} held-out prompts`,
      ],
      ['to the other prompts', interval(shuffled), 'same pictures'],
      ['own minus others', interval(difference), difference.low > 0 ? 'above 0' : 'not above 0'],
    );
  } else rows.push(['CLIP similarity', '-', 'no CLIP']);
  return rows;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
