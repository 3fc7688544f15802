import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { printWarnings } from '../../../../src/cli/render/context';
import { createContext } from '../../../support/sampleTrace';
import { useTempFolder } from '../../../support/tempFolder';
import { FakeCli } from '../fakeCli';

const files = { '/data/a.log': 'one\ntwo\n' };

describe('rlm-companion run', () => {
  const folder = useTempFolder();
  const runCode = async (code: string, ...args: readonly string[]) => {
    const cli = new FakeCli({ files, cwd: folder() });
    await writeFile(path.join(folder(), 'code.js'), code);
    const exitCode = await cli.run('run', '/data/a.log', '--code', 'code.js', ...args);
    return { cli, exitCode };
  };

  it('runs every step of the code and prints what it prints', async () => {
    const { cli, exitCode } = await runCode('var n = context.length\nprint(n)\n// %%\nn + 1\n');
    assert.deepStrictEqual(
      { exitCode, output: cli.output.text, errors: cli.errors.text },
      { exitCode: 0, output: '8\n9\n', errors: '' },
    );
  });

  it('prints the final answer and finalizes the session with it', async () => {
    const { cli, exitCode } = await runCode('FINAL("forty-two")');
    const { summaries } = await cli.traces.listSummaries({ status: null, limit: 9, cursor: null });
    assert.deepStrictEqual(
      { exitCode, output: cli.output.text, answer: summaries[0]?.finalAnswer },
      { exitCode: 0, output: 'forty-two\n', answer: 'forty-two' },
    );
  });

  const cutShort = {
    'raises after it': 'FINAL("early")\nnosuch',
    'raises after it, where an earlier step has given one':
      'FINAL("first")\n// %%\nFINAL("early")\nnosuch',
  };
  for (const [name, code] of Object.entries(cutShort)) {
    it(`takes no answer of code that ${name}`, async () => {
      const { cli, exitCode } = await runCode(code);
      const query = { status: null, limit: 9, cursor: null };
      const { summaries } = await cli.traces.listSummaries(query);
      assert.deepStrictEqual(
        { exitCode, output: cli.output.text, answer: summaries[0]?.finalAnswer },
        { exitCode: 1, output: '', answer: null },
      );
      assert.match(cli.errors.text, /answer that the code gave was not taken/u);
    });
  }

  it('ends with 1 and the traceback on stderr when the code raises, and runs no later step', async () => {
    const { cli, exitCode } = await runCode('nosuch\n// %%\nprint("later")');
    assert.equal(exitCode, 1);
    assert.equal(cli.output.text, '');
    assert.match(cli.errors.text, /ReferenceError/u);
  });

  it('ends with 3 when a guardrail stops the session', async () => {
    const { cli, exitCode } = await runCode('1\n// %%\n2', '--max-steps', '1');
    assert.equal(exitCode, 3);
    assert.equal(cli.output.text, '1\n');
    assert.match(cli.errors.text, /max_steps/u);
  });

  it('ends with 3 when a step takes too long', async () => {
    assert.equal((await runCode('while (true) {}')).exitCode, 3);
  });

  it('ends with 130 when it is interrupted while code runs', async () => {
    const cli = new FakeCli({ files, input: 'sleep(1)' });
    const ended = cli.run('run', '/data/a.log', '--language', 'javascript');
    const opened = new Promise<void>((resolve) => {
      cli.engine.sessions.onDidChange(({ event }) => {
        if (event.kind === 'step.started') {
          resolve();
        }
      });
    });
    await opened;
    cli.interrupts.interrupt();
    assert.equal(await ended, 130);
  });

  it('prints one JSON document with --json', async () => {
    const { cli, exitCode } = await runCode('print("x")\n// %%\nFINAL("y")', '--json');
    const document = JSON.parse(cli.output.text) as Record<string, unknown>; // our own document
    assert.equal(exitCode, 0);
    assert.equal(document['status'], 'finalized');
    assert.equal(document['final_answer'], 'y');
    assert.equal((document['steps'] as { stdout: string }[])[0]?.stdout, 'x\n');
  });

  it('runs code from standard input as one step', async () => {
    const cli = new FakeCli({ files, input: 'print(1)\n// %%\nprint(2)' });
    assert.equal(await cli.run('run', '/data/a.log', '--language', 'javascript'), 0);
    assert.equal(cli.output.text, '1\n2\n');
    const { summaries } = await cli.traces.listSummaries({ status: null, limit: 9, cursor: null });
    assert.equal(summaries[0]?.usage.steps, 1);
  });

  it('allows the folders of the named files, and the given roots in place of the current folder', async () => {
    const { cli } = await runCode('1', '--root', 'more');
    const roots = cli.engineOptions?.roots.map((root) => path.basename(root));
    assert.deepStrictEqual(roots, ['more', 'data']);
  });

  it('tells what is in doubt about the text on stderr', async () => {
    const cli = new FakeCli({ files, cwd: folder() });
    const skipped = ['a', 'b', 'c', 'd'].map((name) => ({ path: `${name}.gz`, reason: 'gzip' }));
    const warnings = ['odd.log: a guess. Give `encoding` if the text looks wrong.'];
    warnings.push(
      'x.log: left out for *.log in .gitignore. Name it itself, or set include_ignored.',
    );
    printWarnings([createContext({ warnings, skipped, skippedCount: 7 })], cli.terminal);
    assert.deepStrictEqual(cli.errors.text.trim().split('\n'), [
      'Warning: odd.log: a guess. Give --encoding if the text looks wrong.',
      'Warning: x.log: left out for *.log in .gitignore. Name it itself, or set --include-ignored.',
      'skipped a.gz: gzip',
      'skipped b.gz: gzip',
      'skipped c.gz: gzip',
      'and 4 more skipped',
    ]);
  });

  it('hands the guardrails to the session', async () => {
    const { cli } = await runCode('1', '--budget-limit', '5000', '--title', 'Mine');
    const { summaries } = await cli.traces.listSummaries({ status: null, limit: 9, cursor: null });
    assert.equal(summaries[0]?.limits.budgetLimit, 5000);
    assert.equal(summaries[0]?.title, 'Mine');
  });

  it('ends with 2 for a path that is missing or not allowed', async () => {
    for (const file of ['/data/none', '/etc/passwd']) {
      const cli = new FakeCli({ files, input: '1' });
      assert.equal(await cli.run('run', file), 2);
    }
  });

  it('refuses empty code and steps that are too long', async () => {
    assert.equal((await runCode('\n\n')).exitCode, 2);
    assert.equal((await runCode(`"${'x'.repeat(50_000)}"`)).exitCode, 2);
  });
});
