// Captions to padded rows of 77 ids with CLIP's byte pairs and BERT's WordPiece: this repository's tokenizers beside
// transformers' fast ones (Rust), batched by 256 and one at a time, and transformers.js's.
// npm run bench -- tokenize; PYTHON names an interpreter with torch and transformers.
import { type Measured, runNode, runTorch } from './lib/peer';
import { reportMeasured } from './lib/report';
import { rounds } from './lib/rounds';
import { textsFolder, writeTexts } from './peers/texts';

writeTexts();
const clip = compare('clip');
compare('bert');
reportMeasured('tokenize', 'batched', 'us/text', clip['ours']!, clip['transformers']);

function compare(kind: string): Record<string, Measured> {
  const ids = `${textsFolder}${kind}-ids.json`;
  runNode('peers/tokenize-texts.ts', [kind, 'ours', ids]);
  let hasPython = false;
  const all = rounds({
    ours: () => runNode('peers/tokenize-texts.ts', [kind, 'ours']),
    transformers: () => {
      const measured = runTorch('peers/tokenize_texts.py', [kind, textsFolder, ids]);
      hasPython = measured !== undefined;
      return measured;
    },
    // Its files are the ones that Python saves.
    'transformers.js': () =>
      hasPython ? runNode('peers/tokenize-texts.ts', [kind, 'transformers.js']) : undefined,
  });
  const { transformers } = all;
  if (transformers?.['different']) {
    throw new Error(`${kind}: the ids of ${transformers['different']} texts are not those of transformers.`);
  }
  const rows = Object.entries(all).map(([name, times]) => row(`${kind}, ${name}`, times, all['ours']!));
  if (transformers) {
    const { rustBatched: batched, rustSingle: single, megabytes } = transformers as Record<string, number>;
    const alone = { batched: batched!, single: single!, megabytes: megabytes! };
    rows.push(row(`${kind}, its Rust library alone`, alone, all['ours']!));
  }
  console.table(rows);
  return all;
}

function row(name: string, { first, batched, single, megabytes }: Measured, ours: Measured) {
  return {
    name,
    'texts/s, first time': first === undefined ? '' : Math.round(1e6 / first),
    'texts/s, batched': Math.round(1e6 / batched!),
    'texts/s, singly': Math.round(1e6 / single!),
    'our time to its, batched': Number((ours['batched']! / batched!).toFixed(2)),
    singly: Number((ours['single']! / single!).toFixed(2)),
    'peak MB': Math.round(megabytes!),
  };
}
