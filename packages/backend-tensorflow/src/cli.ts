#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { libtensorflowFolder } from './folder';
import { install } from './install/install';

const HELP = `npx crossmodal-libtensorflow [options]

Builds what the engine 'tensorflow' computes with: tfjs-node's binding on a current libtensorflow. Linux, with a C++
compiler and Python 3; about a minute.

  --from-python <python>  use the TensorFlow that this Python has installed. The way to CUDA:
                            python3 -m venv tf && tf/bin/pip install 'tensorflow[and-cuda]'
                            npx crossmodal-libtensorflow --from-python tf/bin/python
  --wheel <file>          take libtensorflow from this wheel instead of downloading one
  --folder <folder>       where to put it (then set CROSSMODAL_LIBTENSORFLOW to it);
                            default ${libtensorflowFolder()}
  --force                 build anew what is there already`;

try {
  const { values } = parseArgs({
    options: {
      'from-python': { type: 'string' },
      wheel: { type: 'string' },
      folder: { type: 'string' },
      force: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.log(HELP);
  else {
    await install({
      folder: values.folder ?? libtensorflowFolder(),
      wheel: values.wheel,
      fromPython: values['from-python'],
      force: values.force,
      log: (line) => console.log(line),
    });
  }
} catch (error) {
  console.error(`crossmodal-libtensorflow: ${(error as Error).message}`);
  process.exitCode = 1;
}
