import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { useTempFolder } from '../../../support/tempFolder';
import { FakeCli } from '../fakeCli';

const files = { '/data/a.log': 'one\ntwo\n', '/data/b.log': 'three' };
const ctrlC = '\u0003';
const ctrlD = '\u0004';

/** What a terminal shows, without the codes that place it. */
function toSeen(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/gu, '').replaceAll('\r', '');
}

describe('the REPL', () => {
  const folder = useTempFolder();
  const start = (...args: readonly string[]) => {
    const cli = new FakeCli({ files, isTerminal: true, cwd: folder() });
    const ended = cli.run('run', '/data/a.log', '--language', 'javascript', ...args);
    return { cli, ended };
  };
  /** Types lines one after the other, leaves, and gives what was shown. */
  const type = async (lines: readonly string[], ...args: readonly string[]): Promise<string> => {
    const { cli, ended } = start(...args);
    await cli.output.until('js> ');
    cli.input.write(lines.map((line) => `${line}\r`).join(''));
    cli.input.write('.exit\r');
    assert.equal(await ended, 0);
    return toSeen(cli.output.text + cli.errors.text);
  };

  it('says what context is before the first prompt', async () => {
    const seen = await type([]);
    assert.match(seen, /context is a string: 8 characters in 3 lines[^]*begins: one two[^]*js> /u);
  });

  it('shows results, changed variables and the use of guardrails after each step', async () => {
    const seen = await type(['var n = context.length', 'n * 2']);
    assert.match(seen, /\+ n: number 8\n.*step 1\/64/u);
    assert.match(seen, /js> 16\n.*step 2\/64/u);
  });

  it('takes code over several lines as one step', async () => {
    const seen = await type(['print([', '1,', '2].length)']);
    assert.match(seen, /\.\.\. /u);
    assert.match(seen, / 2\n.*step 1\/64/u);
  });

  it('runs what was typed before the first prompt', async () => {
    const { cli, ended } = start();
    const { traces } = cli;
    const read = traces.readEvents.bind(traces);
    traces.readEvents = async (...args) => {
      while (cli.input.readableLength > 0) {
        await new Promise((resolve) => setImmediate(resolve)); // it is read while the record is
      }
      return read(...args);
    };
    cli.input.write('var early = 20\rearly + 1\r.exit\r');
    assert.equal(await ended, 0);
    assert.match(toSeen(cli.output.text), /^.*21\n.*step 2\/64/mu);
  });

  for (const [lines, wanted] of [
    [['print([', '1, 2].length)'], /2\n.*step 1\/64/u],
    [['print([', '1, 2].length'], /SyntaxError/u],
  ] as const) {
    it(`runs at the end of the input what was typed without a last line break: ${lines.join(' ')}`, async () => {
      const { cli, ended } = start();
      await cli.output.until('js> ');
      cli.input.write(`${lines.join('\r')}\r${ctrlD}`);
      assert.equal(await ended, 0, cli.errors.text);
      assert.match(toSeen(cli.output.text + cli.errors.text), wanted);
    });
  }

  it('drops a byte-order mark that was pasted before the code', async () => {
    const seen = await type(['\ufeff20 + 1']);
    assert.match(seen, /21\n.*step 1\/64/u);
  });

  it('shows what the code raised and goes on', async () => {
    const seen = await type(['nosuch', '1 + 1']);
    assert.match(seen, /ReferenceError[^]*js> 2\n/u);
  });

  it('shows text that could drive the terminal instead of sending it', async () => {
    const seen = await type(['print("\\u001b]0;owned\\u0007")']);
    assert.ok(seen.includes('\\u001b]0;owned\\u0007\n'));
  });

  it('lists variables and prints one', async () => {
    const seen = await type(['var name = "Ada"', '.vars', '.get name', '.get nosuch']);
    assert.match(seen, /context: 8 characters\nname: string Ada\n/u);
    assert.match(seen, /js> Ada\n/u);
    assert.match(seen, /VAR_NOT_FOUND/u);
  });

  it('adds text, shows guardrails and the trace', async () => {
    const seen = await type(['.add /data/b.log', '.limits', '1 + 1', '.trace']);
    assert.match(seen, /context_2 is a string: 5 characters/u);
    assert.match(seen, /max_steps +0 of 64/u);
    assert.match(seen, /\[1\] code\n {4}1 \+ 1/u);
  });

  it('exports the trace to a file that is new', async () => {
    const seen = await type(['.export html t.html', '.export html t.html', '.export pdf t.pdf']);
    assert.match(await readFile(path.join(folder(), 't.html'), 'utf8'), /^html of/u);
    assert.match(seen, /exists already[^]*\.export takes a format/u);
  });

  it('records a final answer only when told to', async () => {
    const seen = await type(['FINAL("42")', '.finalize', '1']);
    assert.match(seen, /Final answer: 42[^]*Finalized: 42[^]*SESSION_FINALIZED/u);
  });

  it('offers no answer of code that raised', async () => {
    const seen = await type(['FINAL("early"); nosuch', '.finalize']);
    assert.match(seen, /was not taken[^]*Something is missing after the command/u);
    assert.ok(!seen.includes('Final answer: early'));
  });

  it('lists its commands and says when there is no such one', async () => {
    const seen = await type(['.help', '.nosuch', '.get']);
    assert.match(seen, /\.vars +list the variables[^]*no command \.nosuch[^]*Write \.get NAME/u);
  });

  it('says when a guardrail stops the session', async () => {
    const seen = await type(['1', '2'], '--max-steps', '1');
    assert.match(seen, /Guardrail max_steps stopped the session[^]*GUARDRAIL_STOPPED/u);
  });

  it('interrupts the running step on Ctrl+C and keeps the session', async () => {
    const { cli, ended } = start();
    await cli.output.until('js> ');
    const started = new Promise<void>((resolve) => {
      cli.engine.sandboxes[0]?.onDidSleep(resolve);
    });
    cli.input.write('sleep(1)\r');
    await started;
    cli.input.write(ctrlC);
    await cli.output.until('KeyboardInterrupt');
    cli.input.write('40 + 2\r');
    await cli.output.until('step 2/64');
    cli.input.write('.exit\r');
    assert.equal(await ended, 0);
    assert.match(toSeen(cli.output.text), /js> 42\n/u);
  });

  it('drops what is typed on Ctrl+C, and leaves on the second at an empty prompt', async () => {
    const { cli, ended } = start();
    await cli.output.until('js> ');
    cli.input.write('print([\r');
    await cli.output.until('... ');
    cli.input.write(`1${ctrlC}`);
    await cli.output.until('js> ', 2);
    cli.input.write(ctrlC);
    await cli.output.until('Ctrl+C again');
    cli.input.write(ctrlC);
    assert.equal(await ended, 0);
    assert.equal(
      (await cli.traces.listSummaries({ status: null, limit: 1, cursor: null })).summaries[0]?.usage
        .steps,
      0,
    );
  });

  it('leaves on Ctrl+D', async () => {
    const { cli, ended } = start();
    await cli.output.until('js> ');
    cli.input.write(ctrlD);
    assert.equal(await ended, 0);
  });
});
