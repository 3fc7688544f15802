// What the editor calls in its extension host: runs one of the suites with mocha.

import { writeFile } from 'node:fs/promises';
import Mocha from 'mocha';
import { describeFiles } from './suites/files';
import { describeModels } from './suites/models';
import { describeTrusted } from './suites/trusted';
import { describeUntrusted } from './suites/untrusted';

const suites: Readonly<Record<string, () => void>> = {
  trusted: describeTrusted,
  untrusted: describeUntrusted,
  models: describeModels,
  files: describeFiles,
};

/** Rejects when a test fails. The console of a desktop editor is lost, so the report goes to a file. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, color: false });
  mocha.suite.emit('pre-require', globalThis, 'suite', mocha);
  const name = process.env['RLM_TEST_SUITE'] ?? 'trusted';
  suites[name]?.();
  const lines: string[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => lines.push(`  ✔ ${test.fullTitle()} (${test.duration} ms)`));
    runner.on('fail', (test, error: Error) => {
      lines.push(`  ✘ ${test.fullTitle()}\n${error.stack ?? error.message}`);
    });
  });
  lines.push(`  ${lines.length - failures} passed, ${failures} failed`);
  const report = process.env['RLM_TEST_REPORT'];
  if (report) {
    await writeFile(report, `${name}\n${lines.join('\n')}\n`);
  }
  if (failures > 0 || lines.length === 1) {
    throw new Error(`${failures} of the editor's tests failed.`);
  }
}
