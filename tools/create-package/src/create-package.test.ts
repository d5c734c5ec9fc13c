import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPackage } from './create-package';

describe('createPackage', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'create-package-'));
    mkdirSync(join(root, 'packages/core'), { recursive: true });
    writeFileSync(join(root, 'packages/core/package.json'), '{ "version": "0.3.0" }');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('fills in the name and the version everywhere', () => {
    const folder = createPackage(root, 'late-fusion');
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(manifest.name).toBe('@crossmodal/late-fusion');
    expect(manifest.dependencies['@crossmodal/core']).toBe('0.3.0');
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).not.toMatch(/__\w+__/);
  });

  it('refuses names that would leave the folder or are taken', () => {
    expect(() => createPackage(root, '../evil')).toThrow(
      'expected a name such as "late-fusion", received "../evil"',
    );
    expect(() => createPackage(root, 'Upper')).toThrow('received "Upper"');
    expect(() => createPackage(root, 'core')).toThrow('exists already');
  });
});
