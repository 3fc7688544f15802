// `rlm-companion deploy daytona` over a Daytona of our own: the real build runs as a server in its sandboxes.

import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findLack } from '../../support/backends';
import { FakeDaytona, type Fault } from '../../support/fakeDaytona/fakeDaytona';
import { callOk, connectHttpClient, openSession } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';
import { FakeCli } from '../../unit/cli/fakeCli';

const dist = path.resolve('dist');
const key = 'sk-planted-4411';

interface Reached {
  readonly url: string;
  readonly token: string;
  readonly previewToken: string;
}

describe('rlm-companion deploy daytona', function () {
  this.timeout(120_000);
  let fake: FakeDaytona;
  const folder = useTempFolder();

  before(async function () {
    const lack = findLack('daytona');
    if (lack !== null) {
      if (process.env['CI']) {
        throw new Error(`It cannot be tested: ${lack}. See .ci/installBackends.mjs.`);
      }
      this.skip();
    }
  });
  beforeEach(async () => {
    fake = await FakeDaytona.start();
    fake.keepsFiles = true;
  });
  afterEach(() => fake.stop());

  const create = (programFile = path.join(dist, 'cli.js')): FakeCli =>
    new FakeCli({
      env: { DAYTONA_API_URL: fake.apiUrl, DAYTONA_API_KEY: fake.key, OPENAI_API_KEY: key },
      programFile,
    });
  const run = async (args: readonly string[] = [], programFile?: string) => {
    const cli = create(programFile);
    const exitCode = await cli.run('deploy', 'daytona', ...args);
    return { exitCode, output: cli.output.text, errors: cli.errors.text };
  };
  const deploy = async (args: readonly string[] = [], programFile?: string): Promise<Reached> => {
    const { exitCode, output, errors } = await run([...args, '--json'], programFile);
    assert.equal(exitCode, 0, errors);
    const told = JSON.parse(output) as Record<string, string>; // our own
    return {
      url: told['url'] ?? '',
      token: told['token'] ?? '',
      previewToken: told['preview_token'] ?? '',
    };
  };
  const connect = ({ url, token, previewToken }: Reached) =>
    connectHttpClient({ url, token, headers: { 'X-Daytona-Preview-Token': previewToken } });
  const readOnly = () => {
    const [sandbox, ...others] = fake.sandboxes.values();
    assert.ok(sandbox && others.length === 0);
    return sandbox;
  };
  const listUploads = (): number => fake.calls.filter(({ body }) => body.length > 1_000_000).length;
  const listBuilds = async (): Promise<readonly string[]> => {
    const files = await readdir(path.join(readOnly().home ?? '', 'rlm-server'));
    return files.filter((name) => name.startsWith('app'));
  };
  /** Another build: the same, and what `change` does to it. */
  const createBuild = async (
    name: string,
    change: (build: string) => Promise<void>,
  ): Promise<string> => {
    const build = path.join(folder(), name);
    await cp(dist, build, { recursive: true });
    await change(build);
    return path.join(build, 'cli.js');
  };
  /** A build that ends as soon as it is started. */
  const createBroken = async (): Promise<string> => {
    const programFile = path.join(folder(), 'cli.js');
    await writeFile(programFile, 'console.error("no such luck"); process.exit(3);');
    return programFile;
  };

  it('makes a server that serves its user, behind both tokens, and hands variables on in no argument', async () => {
    const reached = await deploy(['--env', 'OPENAI_API_KEY', '--network']);
    const { wish } = readOnly();
    const { 'rlm-companion.deployment': deployment, ...labels } = wish.labels;
    assert.match(deployment ?? '', /^[0-9a-f-]{36}$/u);
    assert.deepStrictEqual(
      [labels, wish.public, wish.networkBlockAll, wish.autoStopInterval],
      [{ 'rlm-companion': 'server', 'rlm-companion.server': 'main' }, false, false, 0],
    );
    assert.deepStrictEqual(wish.autoDeleteInterval, -1);
    const client = await connect(reached);
    const id = await openSession(client, { language: 'python', context_text: 'in a sandbox' });
    const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'len(context)' });
    assert.deepStrictEqual(step['result'], '12');
    await client.close();
    const preview = { 'X-Daytona-Preview-Token': reached.previewToken };
    const ask = (headers: Readonly<Record<string, string>>) =>
      fetch(reached.url, { headers, redirect: 'manual' }).then(({ status }) => status);
    assert.deepStrictEqual(
      [await ask({ Authorization: `Bearer ${reached.token}` }), await ask(preview)],
      [307, 401],
    );
    const commands = fake.calls.filter(({ path: asked }) => /process/u.test(asked));
    assert.ok(commands.length > 0);
    for (const secret of [key, reached.token]) {
      assert.ok(commands.every(({ body }) => !body.includes(secret)));
    }
    const uploads = fake.calls.filter(({ path: asked }) => asked.endsWith('/files/upload'));
    assert.ok(uploads.some(({ body }) => body.includes(key)));
    assert.ok(
      uploads.every(({ body }) => !body.includes(reached.token)),
      'by its hash alone',
    );
  });

  it('again brings it up to date, with its sessions and its users, also when it was stopped', async () => {
    const first = await deploy();
    const client = await connect(first);
    const id = await openSession(client, { language: 'python', context_text: 'kept' });
    await callOk(client, 'rlm_run_repl', { session_id: id, code: 'x = 41' });
    await client.close();
    const uploads = listUploads();
    const second = await deploy();
    assert.deepStrictEqual([second.token, listUploads()], ['', uploads], 'nothing was missing');
    fake.stopSandbox(readOnly());
    const programFile = await createBuild('newer', (build) =>
      appendFile(path.join(build, 'THIRD_PARTY_NOTICES.md'), 'more'),
    );
    const third = await deploy([], programFile);
    assert.notDeepStrictEqual(third.previewToken, first.previewToken);
    assert.deepStrictEqual([listUploads(), (await listBuilds()).length], [uploads + 1, 1]);
    const again = await connect({ ...third, token: first.token });
    const step = await callOk(again, 'rlm_run_repl', { session_id: id, code: 'x + 1' });
    assert.deepStrictEqual(step['result'], '42');
    await again.close();
  });

  it('runs what ran before when another build does not start, and says why', async () => {
    const { url, previewToken } = await deploy();
    const { exitCode, errors } = await run([], await createBroken());
    assert.notEqual(exitCode, 0);
    assert.match(errors, /did not get ready.*no such luck/su);
    const headers = { 'X-Daytona-Preview-Token': previewToken };
    assert.equal((await fetch(new URL('/readyz', url), { headers })).status, 200);
  });

  it('refuses what a sandbox that is there was not made with, and leaves it as it is', async () => {
    fake.addSandbox('there', { 'rlm-companion': 'server', 'rlm-companion.server': 'main' });
    for (const [args, message] of [
      [['--public', '--network'], /is not public, and was asked for otherwise/u],
      [[], /is one with a network, and was asked for otherwise/u],
    ] as const) {
      const { exitCode, errors } = await run(args);
      assert.notEqual(exitCode, 0);
      assert.match(errors, message);
    }
    assert.ok(fake.calls.every(({ method }) => method === 'GET'));
  });

  it('is anybody’s to reach when told so, but needs the server’s own token', async () => {
    const { url, token, previewToken } = await deploy(['--public']);
    assert.deepStrictEqual(previewToken, '');
    const client = await connectHttpClient({ url, token });
    await client.close();
    assert.equal((await fetch(url)).status, 401);
  });

  const faults: Readonly<Record<string, Partial<Fault>>> = {
    'is refused': { path: /\/api\/sandbox$/u, status: 403 },
    'is not answered': { path: /\/api\/sandbox$/u, status: 504, isDone: true },
    'takes no files': { path: /files\/upload$/u, status: 400 },
    'runs no command': { path: /process\/execute$/u, status: 400 },
    'keeps no process': { path: /process\/session$/u, status: 400 },
    'has no preview': { method: 'GET', path: /preview-url$/u, status: 400 },
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`leaves nothing of a new sandbox that ${what}`, async () => {
      fake.faults.push({ method: 'POST', path: /./u, status: 500, ...fault });
      const { exitCode, errors } = await run([], await createBroken());
      assert.notEqual(exitCode, 0);
      assert.match(errors, /answered 4\d\d|answered 504/u);
      assert.deepStrictEqual([fake.faults.length, fake.sandboxes.size], [0, 0]);
      assert.ok(!errors.includes(fake.key));
    });
  }

  it('leaves nothing of a new sandbox that does not start, whose server does not, or that is cancelled', async () => {
    fake.failsToStart = true;
    assert.match((await run([], await createBroken())).errors, /no runner has room/u);
    fake.failsToStart = false;
    assert.match((await run([], await createBroken())).errors, /no such luck/u);
    const cli = create(await createBroken());
    const ran = cli.run('deploy', 'daytona');
    await fake.until(() => fake.calls.some(({ path: asked }) => asked.endsWith('files/upload')));
    cli.interrupts.interrupt();
    assert.notEqual(await ran, 0);
    assert.equal(fake.sandboxes.size, 0);
  });

  it('says what it would do, with names of variables and no values, and does nothing', async () => {
    const args = ['--dry-run', '--env', 'OPENAI_API_KEY'];
    const { output, errors } = await run(args);
    assert.match(output, /a sandbox would be made.*OPENAI_API_KEY.*Nothing was done/su);
    assert.match(errors, /Without --network/u);
    assert.ok(!`${output}${errors}`.includes(key));
    fake.addSandbox('there', { 'rlm-companion': 'server', 'rlm-companion.server': 'main' });
    assert.match((await run(args)).output, /would be brought up to date/u);
    assert.deepStrictEqual(
      fake.calls.filter(({ method }) => method !== 'GET'),
      [],
    );
  });

  it('removes a server only when told so, and no other sandbox', async () => {
    fake.addSandbox('there', { 'rlm-companion': 'server', 'rlm-companion.server': 'main' });
    fake.addSandbox('other', { 'rlm-companion': 'server', 'rlm-companion.server': 'other' });
    fake.addSandbox('session', { 'rlm-companion': 'session' });
    const shown = await run(['--remove']);
    assert.match(shown.errors, /--yes, without --dry-run/u);
    assert.equal(fake.sandboxes.size, 3);
    assert.match((await run(['--remove', '--yes'])).errors, /Deleted server main/u);
    const left = [...fake.sandboxes.values()].map(({ wish }) => wish.name);
    assert.deepStrictEqual(left, ['other', 'session']);
    assert.match((await run(['--remove', '--yes'])).errors, /There is no server main/u);
  });

  it('deletes nothing at a dry run, whatever else it is told', async () => {
    fake.addSandbox('there', { 'rlm-companion': 'server', 'rlm-companion.server': 'main' });
    const { output, errors } = await run(['--remove', '--yes', '--dry-run']);
    assert.equal(fake.sandboxes.size, 1);
    assert.match(`${output}${errors}`, /Nothing is deleted/u);
  });

  it('deletes no sandbox of another that has the name of one which was not made', async () => {
    fake.addSandbox('rlm-server-main', { whose: 'another' });
    fake.faults.push({ method: 'POST', path: /\/sandbox$/u, status: 502 });
    assert.notEqual((await run()).exitCode, 0);
    assert.equal(fake.sandboxes.size, 1);
  });

  it('says what is wrong with what it was given, before anything is done', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--env', 'NOT_SET_HERE'], /no variable NOT_SET_HERE/u],
      [['--name', '../x'], /no name of a server/u],
      [['--port', '80'], /3,000/u],
      [['--users', path.join(folder(), 'none')], /none/u],
    ];
    for (const [args, message] of wrong) {
      const { exitCode, errors } = await run(args);
      assert.notEqual(exitCode, 0);
      assert.match(errors, message);
    }
    const empty = path.join(folder(), 'empty');
    await mkdir(empty);
    assert.match((await run([], path.join(empty, 'cli.js'))).errors, /no build of this program/u);
    assert.deepStrictEqual(fake.calls, []);
  });
});
