import type { Counters, WebgpuBackend } from '@crossmodal/backend-webgpu';
import { Rng } from '@crossmodal/core';
import { DALLE, generateImageTokens } from '@crossmodal/dalle';

/** A DALL-E that draws by its own sampling, guided, so of two rows; with `software` a tiny one. */
export function drawing(software: boolean) {
  const [side, textLength, hiddenSize, numLayers, numHeads] = software
    ? [4, 8, 32, 3, 2]
    : [32, 256, 1024, 24, 16];
  const sizes = { textVocabSize: 1000, textLength, codebookSize: software ? 64 : 8192, hiddenSize, numHeads };
  const create = (numLayers: number) =>
    new DALLE({ ...sizes, gridHeight: side, gridWidth: side, numLayers, rng: new Rng(0) });
  const tokens = side * side;
  const draw = async (model: DALLE, onToken?: (tokens: readonly number[], count: number) => void) => {
    await generateImageTokens(model, [[1, 2, 3]], { guidanceScale: 3, topK: 64, onToken });
  };
  const model = create(numLayers);

  /** What a token in the middle of a picture asks of the GPU: its logits, guided, until they are read. */
  async function countsOfToken(backend: WebgpuBackend, model: DALLE): Promise<Counters> {
    let counts: Counters | undefined;
    await draw(model, (_, count) => {
      if (count === tokens / 2) backend.resetCounters();
      if (count === tokens / 2 + 1) counts = { ...backend.counters };
    });
    return counts!;
  }

  return {
    name: `drawing with DALL-E, ${numLayers} x ${hiddenSize}, guided`,
    run: () => draw(model),
    takesLong: true,
    items: { count: tokens, unit: 'tokens' },
    ...(!software && { peer: `dalle ${numLayers} ${hiddenSize} ${numHeads} ${textLength} ${side}` }),
    /** Counts of a token, and those of one block of it. */
    async counts(backend: WebgpuBackend) {
      const token = await countsOfToken(backend, model);
      const small = create(1);
      const rest = await countsOfToken(backend, small);
      small.dispose();
      const ofBlock = (count: keyof Counters) => (token[count] - rest[count]) / (numLayers - 1);
      const counts = ['dispatches', 'copies', 'bytesBound'] as const;
      const block = Object.fromEntries(counts.map((count) => [count, ofBlock(count)])) as Omit<
        Counters,
        'submits'
      >;
      return { token, block };
    },
  };
}
