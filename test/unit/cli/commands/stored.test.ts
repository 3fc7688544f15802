import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createSampleTrace, sampleSessionId } from '../../../support/sampleTrace';
import { useTempFolder } from '../../../support/tempFolder';
import { FakeCli, type FakeCliOptions } from '../fakeCli';

const title = 'Why did checkout latency double on 14 July?';

describe('commands over stored sessions', () => {
  const folder = useTempFolder();
  const createCli = (options: FakeCliOptions = {}): FakeCli => {
    const cli = new FakeCli({ cwd: folder(), ...options });
    cli.traces.addForeignTrace(sampleSessionId, createSampleTrace());
    return cli;
  };

  it('sessions shows whole ids and titles in a table', async () => {
    const cli = createCli();
    assert.equal(await cli.run('sessions'), 0);
    const [head = '', row = ''] = cli.output.text.split('\n');
    assert.match(head, /^ID +STATUS +LANGUAGE +STEPS +AGE +TITLE$/u);
    assert.match(row, new RegExp(`^${sampleSessionId} +finalized +python +8 +\\d+ \\w+ +Why`, 'u'));
  });

  it('sessions --json prints wire keys and ISO times', async () => {
    const cli = createCli();
    await cli.run('sessions', '--json');
    const { sessions } = JSON.parse(cli.output.text) as { sessions: Record<string, unknown>[] }; // our own
    assert.equal(sessions[0]?.['session_id'], sampleSessionId);
    assert.match(String(sessions[0]?.['created_at']), /^\d{4}-\d\d-\d\dT.*Z$/u);
  });

  it('sessions says so when there are none', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('sessions'), 0);
    assert.equal(cli.output.text, '');
    assert.match(cli.errors.text, /No sessions/u);
  });

  it('trace shows code, output and the answer of a session named by the start of its id', async () => {
    const cli = createCli();
    assert.equal(await cli.run('trace', sampleSessionId.slice(0, 6)), 0);
    assert.match(
      cli.output.text,
      /opened .*checkout[^]*\[1\] code[^]*\[8\][^]*finalized from report/u,
    );
  });

  it('trace shows only the steps asked for', async () => {
    const cli = createCli();
    await cli.run('trace', sampleSessionId, '--from', '2', '--to', '3', '--json');
    const lines = cli.output.text.trimEnd().split('\n');
    const steps = lines.map((line) => (JSON.parse(line) as { step: number }).step); // our own
    assert.deepStrictEqual([...new Set(steps)], [2, 3]);
  });

  it('refuses the start of an id that fits several sessions', async () => {
    const cli = createCli();
    cli.traces.addForeignTrace(
      sampleSessionId.replace(/.$/u, '1'),
      createSampleTrace().map((event) =>
        event.kind === 'session.opened'
          ? { ...event, sessionId: sampleSessionId.replace(/.$/u, '1') }
          : event,
      ),
    );
    assert.equal(await cli.run('trace', sampleSessionId.slice(0, 8)), 2);
    assert.equal(await cli.run('trace', sampleSessionId), 0);
  });

  it('export writes to stdout, or to a file that is new', async () => {
    const cli = createCli();
    const kinds = createSampleTrace().map(({ kind }) => `${kind}\n`);
    const text = `markdown of ${title}\n${kinds.join('')}`;
    assert.equal(await cli.run('export', sampleSessionId, '--format', 'markdown'), 0);
    assert.equal(cli.output.text, text);
    const args = ['export', sampleSessionId, '--format', 'markdown', '--output', 'x.md'];
    assert.equal(await cli.run(...args), 0);
    assert.equal(await readFile(path.join(folder(), 'x.md'), 'utf8'), text);
  });

  it('export replaces a file only with --force', async () => {
    const cli = createCli();
    const file = path.join(folder(), 'x.json');
    await writeFile(file, 'mine');
    const args = ['export', sampleSessionId, '--format', 'json', '--output', file];
    assert.equal(await cli.run(...args), 2);
    assert.equal(await readFile(file, 'utf8'), 'mine');
    assert.equal(await cli.run(...args, '--force'), 0);
    assert.notEqual(await readFile(file, 'utf8'), 'mine');
  });

  it('export names an HTML page by its session when a person looks on', async () => {
    const cli = createCli({ isTerminal: true });
    assert.equal(await cli.run('export', sampleSessionId, '--format', 'html'), 0);
    const page = await readFile(path.join(folder(), `${sampleSessionId}.html`), 'utf8');
    assert.match(page, /^html of/u);
  });
});

describe('rlm-companion status', () => {
  it('shows sandboxes, storage and sessions', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('status'), 0);
    assert.match(
      cli.output.text,
      /Python +works {2}fake 1[^]*Storage[^]*0 active[^]*Folders +\/data/u,
    );
  });

  it('prints the whole status with --json', async () => {
    const cli = new FakeCli();
    await cli.run('status', '--json');
    const status = JSON.parse(cli.output.text) as Record<string, unknown>; // our own
    assert.equal(status['engine_id'], (await cli.engine.readStatus()).engineId);
  });
});

describe('servers', () => {
  it('mcp prints nothing to stdout and ends when its client goes', async () => {
    const cli = new FakeCli({ cwd: path.resolve('/work') });
    assert.equal(await cli.run('mcp', '--root', 'a', '--root', 'b', '--standalone'), 0);
    assert.equal(cli.output.text, '');
    const { cwd } = cli;
    assert.deepStrictEqual(cli.engineOptions?.roots, [path.join(cwd, 'a'), path.join(cwd, 'b')]);
  });

  it('serve names its address and the file of the token until it is interrupted', async () => {
    const cli = new FakeCli();
    const ended = cli.run('serve', '--port', '8000');
    await cli.output.until('Ctrl+C');
    cli.interrupts.interrupt();
    assert.equal(await ended, 0);
    assert.match(cli.output.text, /http:\/\/127\.0\.0\.1:8000\/mcp[^]*engines\/1\.json/u);
  });
});
