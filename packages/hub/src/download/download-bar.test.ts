import { expect, it } from 'vitest';
import { downloadBar } from './download-bar';

const at = (loaded: number, filesDone = 0) => ({
  file: 'model.safetensors',
  fileLoaded: loaded,
  fileTotal: 600e6,
  loaded,
  total: 600e6,
  filesDone,
  files: 2,
});

function watch(isTTY: boolean, columns = 120) {
  let seconds = 0;
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const bar = downloadBar('org/name', stream, () => seconds);
  const step = (time: number, ...progress: Parameters<typeof at>) => {
    seconds = time;
    bar.update(at(...progress));
  };
  return { bar, step, text: () => written.join('') };
}

it('draws one line in a terminal', () => {
  const { bar, step, text } = watch(true);
  step(0, 0);
  step(0.01, 1e6); // too soon to be drawn
  step(2, 150e6);
  step(5, 600e6, 2);
  bar.end();
  expect(text().split('\r\x1b[K')).toEqual([
    '',
    'org/name  [....................]  0.00/600 MB  0.00 MB/s  ETA -:--  0/2 files, model.safetensors',
    'org/name  [#####...............]  150/600 MB  75.0 MB/s  ETA 0:06  0/2 files, model.safetensors',
    'org/name  [####################]  600/600 MB  120 MB/s  in 0:05  2 files\n',
  ]);
});

it('cuts what a narrow terminal has no room for', () => {
  const { step, text } = watch(true, 20);
  step(0, 0);
  expect(text()).toBe('\r\x1b[Korg/name  [........');
});

it('writes a line now and then elsewhere', () => {
  const { bar, step, text } = watch(false);
  for (let second = 0; second <= 24; second++) step(second, second * 25e6, second === 24 ? 2 : 0);
  bar.end();
  expect(text()).toBe(
    'org/name  0.00/600 MB  0.00 MB/s  ETA -:--  0/2 files, model.safetensors\n' +
      'org/name  250/600 MB  25.0 MB/s  ETA 0:14  0/2 files, model.safetensors\n' +
      'org/name  500/600 MB  25.0 MB/s  ETA 0:04  0/2 files, model.safetensors\n' +
      'org/name  600/600 MB  25.0 MB/s  in 0:24  2 files\n',
  );
});
