import { format } from 'node:util';

/**
 * Runs an example of a README and returns what it prints.
 *
 * @param code Lines of an ES module in TypeScript; imports are taken from `modules`, by name.
 */
export async function runExample(code: string, modules: Record<string, unknown>): Promise<string> {
  const script = code
    .replace(/^import '(.*)';/gm, '') // what it does is done by whoever gives the modules
    .replace(/^import \{([^}]*)\} from '(.*)';/gm, "const {$1} = modules['$2'];")
    .replace(/^import \* as (\w+) from '(.*)';/gm, "const $1 = modules['$2'];");
  // By a name that bundlers do not follow: this file goes to browsers with the other helpers.
  const esbuild = 'esbuild';
  const { transform } = (await import(/* @vite-ignore */ esbuild)) as typeof import('esbuild');
  const { code: plain } = await transform(script, { loader: 'ts', target: 'node20' });
  const printed: string[] = [];
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (console: { log(...args: unknown[]): void }, modules: Record<string, unknown>) => Promise<void>;
  const log = (...args: unknown[]) => printed.push(`${format(...args)}\n`);
  await new AsyncFunction('console', 'modules', plain)({ log }, modules);
  return printed.join('');
}

/** The blocks of a language in Markdown, in order. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(
    ([, block]) => block!,
  );
}
