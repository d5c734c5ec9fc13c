import { ConfigError } from '../errors';
import { byteCharacters } from './byte-characters';
import type { RowTokens } from './byte-level-bpe-tokenizer';

/** Throws unless special tokens differ from each other and from bytes, and those for rows are among them. */
export function checkSpecialTokens(
  specialTokens: readonly string[],
  rowTokens: RowTokens,
  where: string,
): void {
  specialTokens.forEach((token, i) => {
    if (token === '' || specialTokens.indexOf(token) !== i || byteCharacters.includes(token)) {
      throw new ConfigError(
        `${where}: specialTokens[${i}]: expected a token unlike the others, of two characters or more, ` +
          `received ${JSON.stringify(token)}.`,
      );
    }
  });
  for (const [name, token] of Object.entries(rowTokens)) {
    if (token !== undefined && !specialTokens.includes(token)) {
      throw new ConfigError(
        `${where}: ${name}: expected one of specialTokens (${specialTokens.join(', ') || 'none'}), ` +
          `received ${JSON.stringify(token)}.`,
      );
    }
  }
}
