import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { useTempFolder } from '../../support/tempFolder';
import { type Ended, programFile, start, type Started } from './program';

const log = 'INFO start\nERROR disk failed\nINFO done\n';
const isWindows = process.platform === 'win32';

describe('the built command', () => {
  const folder = useTempFolder();
  const at = (name: string): string => path.join(folder(), name);
  const launch = (args: readonly string[], input?: string): Started =>
    start(args, {
      home: at('home'),
      cwd: folder(),
      ...(input === undefined ? {} : { input }),
    });
  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    launch(args, input).ended;

  beforeEach(async () => {
    await writeFile(at('a.log'), log);
  });

  it('runs Python over a file, keeps its trace, and shows and exports it', async () => {
    const code = 'hits = grep("ERROR")\n# %%\nFINAL(f"{len(hits)} in line {hits[0].line}")\n';
    await writeFile(at('count.py'), code);
    const ran = await run(['run', 'a.log', '--code', 'count.py', '--title', 'Count']);
    assert.deepStrictEqual(ran, { exitCode: 0, output: '1 in line 2\n', errors: '' });

    const listed = await run(['sessions', '--json']);
    const { sessions } = JSON.parse(listed.output) as {
      sessions: { session_id: string; status: string; title: string }[]; // our own document
    };
    assert.deepStrictEqual(
      sessions.map(({ status, title }) => ({ status, title })),
      [{ status: 'finalized', title: 'Count' }],
    );
    const id = sessions[0]?.session_id ?? '';
    const shown = await run(['trace', id.slice(0, 13), '--from', '2']);
    assert.match(shown.output, /\[2\] code\n {4}FINAL[^]*finalized[^]*1 in line 2/u);
    const exported = await run(['export', id, '--format', 'html', '--output', 'trace.html']);
    assert.equal(exported.exitCode, 0);
    const page = await readFile(at('trace.html'), 'utf8');
    assert.match(
      page,
      /^<!doctype html>[^]*<title>Count<\/title>[^]*<script>[^]*"session.opened"/iu,
    );
  });

  it('runs JavaScript from standard input', async () => {
    const ran = await run(['run', 'a.log', '--language', 'javascript'], 'context.length');
    assert.deepStrictEqual(ran, { exitCode: 0, output: `${log.length}\n`, errors: '' });
  });

  it('ends with 1 when the code raises', async () => {
    const { exitCode, errors } = await run(['run', 'a.log'], '1/0');
    assert.equal(exitCode, 1);
    assert.match(errors, /ZeroDivisionError/u);
  });

  it('ends with 2 for wrong commands, wrong options and missing files', async () => {
    for (const args of [['run', 'a.log', '--nosuch'], ['run', 'none.log'], ['nosuch']]) {
      assert.equal((await run(args, '1')).exitCode, 2, args.join(' '));
    }
  });

  it('ends with 3 when a guardrail stops the code', async () => {
    const ran = await run(['run', 'a.log', '--step-timeout-ms', '500'], 'while True: pass');
    assert.equal(ran.exitCode, 3);
  });

  it('ends with 130 and nothing left over when it is interrupted', async function () {
    if (isWindows) {
      this.skip(); // there a signal ends a process on the spot
    }
    await writeFile(at('loop.py'), 'print("ready")\n# %%\nwhile True: pass\n');
    const { child, until, ended } = launch(['run', 'a.log', '--code', 'loop.py']);
    await until('ready');
    child.kill('SIGINT');
    assert.equal((await ended).exitCode, 130);
    assert.deepStrictEqual(await readdir(path.join(at('home'), 'engines')), []);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends a running step, and then itself, by ${signal}`, async function () {
      if (isWindows) {
        this.skip(); // there a signal ends a process on the spot
      }
      await writeFile(at('loop.js'), 'print("ready")\n// %%\nwhile (true) {}\n');
      const { child, until, ended } = launch(['run', 'a.log', '--code', 'loop.js']);
      await until('ready');
      child.kill(signal);
      const { exitCode, output } = await ended;
      assert.deepStrictEqual([exitCode, output], [130, 'ready\n']);
    });
  }

  it('writes all of a long document to a reader that is slower than it, and to a file', async () => {
    await writeFile(
      at('much.js'),
      Array.from({ length: 40 }, (_, index) => `print("${index} ".repeat(6000))`).join('\n// %%\n'),
    );
    const limits = ['--budget-limit', '10000000', '--max-output-chars', '100000'];
    assert.equal((await run(['run', 'a.log', '--code', 'much.js', ...limits])).exitCode, 0);
    const { sessions } = JSON.parse((await run(['sessions', '--json'])).output) as {
      sessions: { session_id: string }[]; // our own document
    };
    const args = ['trace', sessions[0]?.session_id ?? '', '--json'];
    const whole = (await run(args)).output;
    assert.ok(whole.length > 500_000 && whole.endsWith('\n'));

    const { child } = launch(args);
    child.stdout?.removeAllListeners('data').pause();
    const exited = once(child, 'exit');
    let slow = '';
    while (child.stdout && !child.stdout.readableEnded) {
      const piece: unknown = child.stdout.read(1_000) ?? child.stdout.read();
      slow += piece instanceof Buffer ? piece.toString('latin1') : '';
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [exitCode] = (await exited) as [number];
    assert.deepStrictEqual([exitCode, slow.length], [0, Buffer.byteLength(whole)]);

    const file = await open(at('out.jsonl'), 'w');
    const toFile = spawn(process.execPath, [programFile, ...args], {
      env: { ...process.env, RLM_HOME: at('home') },
      stdio: ['ignore', file.fd, 'inherit'],
    });
    await once(toFile, 'exit');
    await file.close();
    assert.equal(await readFile(at('out.jsonl'), 'utf8'), whole);
  });

  it('ends with 141 and not a word when the reader of its output goes', async function () {
    if (isWindows) {
      this.skip(); // a closed pipe has other names there
    }
    await writeFile(at('loop.js'), 'print("ready")\n// %%\nprint("x")\n// %%\nprint("y")\n');
    const { child, ended } = launch(['run', 'a.log', '--code', 'loop.js']);
    child.stdout?.destroy();
    const { exitCode, errors } = await ended;
    assert.deepStrictEqual([exitCode, errors], [141, '']);
  });

  it('ends with 1 and says so when the disk its output goes to is full', async function () {
    const full = await open('/dev/full', 'w').catch(() => null);
    if (!full) {
      this.skip();
    }
    const child = spawn(process.execPath, [programFile, 'sessions', '--json'], {
      env: { ...process.env, RLM_HOME: at('home'), NO_COLOR: '1' },
      stdio: ['ignore', full.fd, 'pipe'],
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    const [exitCode] = (await once(child, 'close')) as [number];
    await full.close();
    assert.equal(exitCode, 1);
    assert.match(errors, /^INTERNAL_ERROR: .*ENOSPC[^]*\nNext: /u);
  });

  it('runs code that begins with a byte-order mark, in both languages', async () => {
    for (const name of ['bom.py', 'bom.js']) {
      await writeFile(at(name), '\ufeff6 * 7\n');
      const ran = await run(['run', 'a.log', '--code', name]);
      assert.deepStrictEqual(ran, { exitCode: 0, output: '42\n', errors: '' });
    }
  });

  it('serves a client on stdio and ends with it', async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [programFile, 'mcp', '--home', at('home')],
      cwd: folder(),
      stderr: 'pipe',
    });
    const client = new Client({ name: 'test', version: '1' });
    const problems: Error[] = [];
    client.onerror = (error) => problems.push(error);
    await client.connect(transport);
    const { tools } = await client.listTools();
    assert.ok(tools.some(({ name }) => name === 'rlm_init_context'));
    await client.close();
    assert.deepStrictEqual(problems, []);
    assert.deepStrictEqual(await readdir(path.join(at('home'), 'engines')), []);
  });

  it('serves HTTP until it is interrupted, and never prints the token', async function () {
    if (isWindows) {
      this.skip(); // there a signal ends a process on the spot
    }
    const { child, until, ended } = launch(['serve', '--port', '0']);
    await until('Ctrl+C');
    const [name = ''] = await readdir(path.join(at('home'), 'engines'));
    const file = path.join(at('home'), 'engines', name);
    const { token, url } = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>; // our own
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    child.kill('SIGINT');
    const { exitCode, output, errors } = await ended;
    assert.equal(exitCode, 0);
    assert.ok(output.includes(url ?? 'no url') && output.includes(file));
    assert.ok(!`${output}${errors}`.includes(token ?? ''));
  });

  it('tours TypeScript’s own files', async () => {
    const cwd = process.cwd();
    const { exitCode, output, errors } = await start(['tour', '--output', at('tour.html')], {
      home: at('home'),
      cwd,
    }).ended;
    assert.equal(exitCode, 0, errors);
    assert.match(output, /mark_count counted again here: \d+, the same/u);
    assert.match(output, /message_count counted again here: [\d,]+, the same/u);
    assert.match(await readFile(at('tour.html'), 'utf8'), /^<!doctype html>/iu);
    assert.equal(errors, '');
  });

  it('tours a person’s file, and a person’s code', async () => {
    const profile = await run(['tour', 'a.log', '--output', 'profile.html']);
    assert.equal(profile.exitCode, 0, profile.errors);
    assert.match(profile.output, /Error-like lines: 1\n +line 2 {2}ERROR disk failed/u);
    await writeFile(at('lines.py'), 'n = context.count("\\n")\n# %%\nprint(n, "lines")\n');
    const own = await run(['tour', 'a.log', '--code', 'lines.py', '--output', 'own.html']);
    assert.match(own.output, /rlm_finalize\)[^]*3 lines/u);
    assert.equal(own.exitCode, 0, own.errors);
  });

  it('ends a tour with 1 when the person’s code raises', async () => {
    await writeFile(at('bad.py'), '1/0');
    const { exitCode, output } = await run([
      'tour',
      'a.log',
      '--code',
      'bad.py',
      '--output',
      'x.html',
    ]);
    assert.equal(exitCode, 1);
    assert.match(output, /ZeroDivisionError/u);
  });
});
