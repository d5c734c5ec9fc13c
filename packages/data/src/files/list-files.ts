import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Paths of all files under a folder, relative to it, with `/`, in an order that is always the same. Links to files are
 * among them, links to folders are not followed; what begins with a dot is left out.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const visit = async (below: string) => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile()) paths.push(path);
      else if (entry.isSymbolicLink() && !(await isFolder(join(folder, path)))) paths.push(path);
    }
  };
  await visit('');
  return paths.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}
