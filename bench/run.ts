import { readdirSync } from 'node:fs';
import { machine } from './lib/machine';

/** `npm run bench -- <name> [options]`: runs `bench/<name>.ts`. */
const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts' && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`npm run bench -- <name>; the names are ${names.join(', ')}.`);
  process.exit(1);
}
process.argv.splice(2, process.argv.length - 2, ...rest);
console.log(machine());
await import(`./${name}.ts`);
