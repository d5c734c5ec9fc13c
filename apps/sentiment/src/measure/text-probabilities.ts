import type { MultimodalSentimentAnalyzer } from '@crossmodal/sentiment';
import { textInputs } from '../text/text-inputs';
import { probabilitiesOf } from './probabilities';

/** What a model says of texts: probabilities of the classes, or scores (rows of one). */
export function textProbabilities(
  model: MultimodalSentimentAnalyzer,
  texts: readonly string[],
): Promise<number[][]> {
  return probabilitiesOf(model, texts.length, (start, size) =>
    textInputs(model.processors.tokenizer!, texts.slice(start, start + size)),
  );
}
