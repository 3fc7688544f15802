import assert from 'node:assert/strict';
import { FakeCli } from '../fakeCli';

const files = { '/data/a.log': 'one\ntwo\n' };
const block = (code: string): string => `I count.\n\n\`\`\`js\n${code}\n\`\`\`\n`;

describe('rlm-companion ask', () => {
  const ask = async (answer: ((prompt: string) => string) | undefined, ...args: string[]) => {
    const cli = new FakeCli({ files, ...(answer ? { answer } : {}) });
    const words = ['ask', '/data/a.log', 'How long is it?', '--language', 'javascript', ...args];
    return { cli, exitCode: await cli.run(...words) };
  };

  it('prints the answer on stdout, and the work on stderr', async () => {
    const { cli, exitCode } = await ask((prompt) =>
      block(prompt.includes('Step 1 ran') ? 'FINAL("eight")' : 'print("seen", context.length)'),
    );
    assert.deepStrictEqual([exitCode, cli.output.text], [0, 'eight\n']);
    assert.match(cli.errors.text, /Iteration 1 of 15[^]*print\("seen"[^]*seen 8[^]*Iteration 2/u);
  });

  it('prints one JSON document with --json and nothing else', async () => {
    const { cli, exitCode } = await ask(() => block('FINAL(1)'), '--json');
    const document = JSON.parse(cli.output.text) as Record<string, unknown>; // our own document
    assert.deepStrictEqual(
      [exitCode, document['answer'], document['finish_reason'], cli.errors.text],
      [0, '1', 'submitted', ''],
    );
  });

  it('says when the answer was drawn from the variables at the end', async () => {
    const { cli, exitCode } = await ask(
      (prompt) => (prompt.includes('no more iterations') ? 'maybe 8' : block('var n = 8')),
      '--max-iterations',
      '1',
    );
    assert.deepStrictEqual([exitCode, cli.output.text], [0, 'maybe 8\n']);
    assert.match(cli.errors.text, /drawn from what the variables held/u);
  });

  it('says when none could be drawn either', async () => {
    const { cli, exitCode } = await ask(
      (prompt) => (prompt.includes('no more iterations') ? ' ' : block('var n = 8')),
      '--max-iterations',
      '1',
    );
    assert.deepStrictEqual([exitCode, cli.output.text], [1, '']);
    assert.match(cli.errors.text, /none could be drawn/u);
  });

  it('ends with 3 when a guardrail ends the run', async () => {
    const { cli, exitCode } = await ask(() => block('var n = 8'), '--max-steps', '1');
    assert.equal(exitCode, 3);
    assert.match(cli.errors.text, /Guardrail max_steps ended the run/u);
  });

  it('ends with 1 and says what to do when no model is set up', async () => {
    const { cli, exitCode } = await ask(undefined);
    assert.equal(exitCode, 1);
    assert.match(cli.errors.text, /MODEL_UNAVAILABLE: .*\nNext: /u);
  });

  it('ends with 130 when it is interrupted, and leaves the trace', async () => {
    const cli = new FakeCli({ files, answer: () => block('sleep(1)') });
    cli.engine.sessions.onDidChange(({ event }) => {
      if (event.kind === 'step.started') {
        cli.interrupts.interrupt();
      }
    });
    assert.equal(await cli.run('ask', '/data/a.log', 'Why?', '--language', 'javascript'), 130);
    const { summaries } = await cli.traces.listSummaries({ status: null, limit: 9, cursor: null });
    assert.deepStrictEqual(
      summaries.map(({ status }) => status),
      ['stopped'],
    );
  });

  it('shows no control characters of the model to a terminal', async () => {
    const { cli } = await ask(() => `\u001b[2J${block('FINAL("x")')}`);
    assert.ok(!cli.errors.text.includes('\u001b'));
  });
});
