import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPackage } from './create-package';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const [name] = process.argv.slice(2);
if (!name || name.startsWith('-')) {
  console.error('Usage: npm run new -- <name>   makes packages/<name> from the template');
  process.exit(2);
}
try {
  const folder = relative(root, createPackage(root, name));
  console.log(`Made ${folder}. Next:
  npm install                   links it into the workspace
  npx vitest run ${folder}      its tests pass; now make them yours
  npx changeset                 when it is worth a release`);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
