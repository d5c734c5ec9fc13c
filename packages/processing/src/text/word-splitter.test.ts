import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BertWords, bertWordsByPattern } from './bert-words';
import { clipWords, clipWordsByPattern } from './clip-words';

// Golden ids are in the tokenizers' tests; here, that the fast way says what the patterns say, whatever the text.

const ways = {
  clip: { fast: clipWords, exact: clipWordsByPattern },
  'bert, lower case': bert({ lowercase: true, stripAccents: true, tokenizeChineseChars: true }),
  'bert, lower case with accents': bert({ lowercase: true, stripAccents: false, tokenizeChineseChars: true }),
  'bert, cased': bert({ lowercase: false, stripAccents: false, tokenizeChineseChars: false }),
};

function bert(options: ConstructorParameters<typeof BertWords>[0]) {
  const words = new BertWords(options);
  return {
    fast: (text: string, most?: number) => words.split(text, most),
    exact: (text: string) => bertWordsByPattern(text, options),
  };
}

describe.each(Object.entries(ways))('the words of %s', (_, { fast, exact }) => {
  it('are right for every character of the first two planes, alone and between others', () => {
    const wrong: string[] = [];
    for (let code = 0; code < 0x20000; code++) {
      const char = String.fromCodePoint(code);
      const text = `${char} a${char}b !${char}'${char}s`;
      if (fast(text).join('\0') !== exact(text).join('\0')) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('are right for any text, and the first of them too', () => {
    const pieces = fc.constantFrom(
      ...[
        "'",
        's',
        'LL',
        "'re",
        '!',
        '1',
        '½',
        '&amp;',
        '中',
        'Σ',
        'ς',
        'é',
        'e\u0301',
        '\u200d',
        '\x1c',
        '\n',
        '  ',
      ],
      ...['K', 'ſ', '\u0345', '😀', '\ud83d', '\ude00', '\ufffd', 'İ', 'ǅ', '한', '\x7f', '\u0085'],
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (x, most) => {
        const words = exact(x);
        expect(fast(x)).toEqual(words);
        expect(fast(x, most).slice(0, most)).toEqual(words.slice(0, most));
      }),
      { numRuns: 3000 },
    );
  });
});
