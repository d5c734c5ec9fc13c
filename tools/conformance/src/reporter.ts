import type { Reporter, TestModule, Vitest } from 'vitest/node';
import type { CoreFindings, Findings } from './findings';

// Not imported: the browser's config puts a shim in place of Node's modules, here too.
const { mkdirSync, writeFileSync } = process.getBuiltinModule('node:fs');

/** Prints a line for each engine when a run ends; a run of all files writes `.cache/conformance/<engine>.json`. */
export default class ConformanceReporter implements Reporter {
  private vitest!: Vitest;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const all = await this.vitest.globTestSpecifications();
    const whole = modules.length === all.length && this.vitest.config.testNamePattern === undefined;
    for (const engine of new Set(modules.map(({ project }) => project.name))) {
      const findings = gather(modules.filter(({ project }) => project.name === engine));
      console.log(`${engine}: ${inWords(findings)}`);
      const complete = findings.missing || (findings.operations && findings.training);
      if (!whole || !complete) continue;
      mkdirSync('.cache/conformance', { recursive: true });
      writeFileSync(`.cache/conformance/${engine}.json`, `${JSON.stringify(findings, null, 2)}\n`);
    }
  }
}

function gather(files: TestModule[]): Findings {
  const core: CoreFindings = { checked: 0, passed: 0, failing: {} };
  const findings: Findings = { core };
  for (const file of files) {
    for (const test of file.children.allTests()) {
      const { missing, failing, ...found } = test.meta() as Findings & { failing?: string };
      if (missing !== undefined) return { missing };
      Object.assign(findings, found);
      if (!file.moduleId.includes('/packages/core/')) continue;
      const { state } = test.result();
      if (state !== 'skipped') core.checked++;
      if (failing !== undefined) core.failing[failing] = (core.failing[failing] ?? 0) + 1;
      else if (state === 'passed') core.passed++;
    }
  }
  return findings;
}

function inWords({ missing, operations, core, training }: Findings): string {
  if (missing !== undefined) return `not run. ${missing}`;
  const list = (counts: Record<string, number> = {}) =>
    Object.entries(counts)
      .map(([reason, count]) => `; ${count}: ${reason}`)
      .join('');
  return [
    operations &&
      `${operations.equal} of ${operations.checked} operations equal cpu's${list(operations.unlike)}`,
    core?.checked && `${core.passed} of ${core.checked} of core's tests pass${list(core.failing)}`,
    training &&
      `${Object.keys(training.models).length} models train as on cpu, to ${Math.max(...Object.values(training.models)).toExponential(1)}`,
  ]
    .filter(Boolean)
    .join('. ');
}
