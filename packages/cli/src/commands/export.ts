import { exportCLIP } from '@crossmodal/clip';
import type { Command } from 'commander';
import { type CommandIO, print } from '../io';
import { openModel } from '../open-model';
import { commaList } from '../options';

interface ExportOptions {
  model: string;
  revision?: string;
  dtype: string[];
  json?: boolean;
}

/** `crossmodal export`: a model as ONNX files. */
export function addExport(program: Command, io: CommandIO): Command {
  return program
    .command('export <folder>')
    .description('write a model as ONNX files, in a folder that transformers.js loads')
    .requiredOption('-m, --model <model>', 'a folder, or a name on the hub: openai/clip-vit-base-patch32')
    .option('--revision <revision>', 'branch, tag or commit of a name on the hub')
    .option('--dtype <types>', 'weights: float32, float16, int8, with commas between', commaList, ['float32'])
    .option('--json', 'print one line of JSON')
    .addHelpText(
      'after',
      `
The graphs are in onnx/: model (images and texts to logits), vision_model and text_model; those of float16 end in
_fp16, those of int8 in _quantized, as transformers.js' dtypes fp16 and q8 expect. For both, it says how far the features
of a picture of noise and two sentences move.

Examples:
  $ crossmodal export public/clip --model openai/clip-vit-base-patch32
  $ crossmodal export public/clip -m ./my-clip --dtype float32,int8`,
    )
    .action(async (folder: string, options: ExportOptions) => {
      const model = await openModel(options, io);
      const dtypes = options.dtype as ('float32' | 'float16' | 'int8')[]; // exportCLIP says which there are
      const files = await exportCLIP(model, folder, { dtypes });
      print(io, options.json, { folder, files }, () =>
        Object.entries(files)
          .map(([path, { bytes, difference }]) => {
            const change = difference ? `  cosine to float32: ${difference.meanCosine.toFixed(5)}` : '';
            return `${path.padEnd(33)} ${(bytes / 1e6).toFixed(1).padStart(8)} MB${change}`;
          })
          .join('\n'),
      );
    });
}
