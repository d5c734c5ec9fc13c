import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { peerVersions } from './npm-peers';

/** One line: processor, cores, memory, and the versions of what is compared. */
export function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? process.arch;
  const hardware = `${processor}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const software = [
    `Node ${process.versions.node}`,
    `onnxruntime-node ${versionOf('onnxruntime-node')}`,
    `tfjs ${versionOf('@tensorflow/tfjs-core')}`,
    pythonPeers(),
    ...peerVersions(),
  ];
  return `${hardware}; ${software.filter((x) => x !== '').join(', ')}`;
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

function pythonPeers(): string {
  const code = 'import torch; print("PyTorch", torch.__version__)';
  const { status, stdout } = spawnSync(process.env['PYTHON'] ?? 'python3', ['-c', code], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : '';
}
