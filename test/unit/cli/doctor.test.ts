import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { checks } from '../../../src/cli/doctor/checks';
import type { Environment, Finding, Surroundings } from '../../../src/cli/doctor/finding';
import { createTools } from '../../../src/cli/doctor/surroundings';
import { useTempFolder } from '../../support/tempFolder';
import { FakeCli } from './fakeCli';

describe('the command doctor', () => {
  const folder = useTempFolder();

  /** Programs by their first two words; null: it is there and does not end well. */
  const examine = async (
    programs: Readonly<Record<string, string | null>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly findings: readonly Finding[]; readonly environments: Environment[] }> => {
    const cli = new FakeCli({ cwd: folder(), env });
    const environments: Environment[] = [];
    const around: Surroundings = {
      ...{ cli, runtime: await cli.loadRuntime(), home: folder(), platform: 'linux' },
      run: async (program, args, more = {}) => {
        environments.push(more);
        return programs[`${program} ${args[0]}`] ?? null;
      },
      toInstall: ({ linux }) => `install ${linux}`,
    };
    const findings = (await Promise.all(checks.map((check) => check(around)))).flat();
    return { findings, environments };
  };
  const toStates = (findings: readonly Finding[], ...names: readonly string[]) =>
    findings
      .filter(({ name }) => names.includes(name))
      .map(({ name, state, fix }) => [name, state, fix]);

  const cases: readonly (readonly [string, Record<string, string | null>, string[], unknown])[] = [
    ['no git', {}, ['git'], [['git', 'missing', 'install git']]],
    ['git', { 'git --version': 'git version 2' }, ['git'], [['git', 'works', null]]],
    [
      'no container program',
      {},
      ['podman', 'docker', 'podman or docker'],
      [['podman or docker', 'missing', 'install podman']],
    ],
    [
      'a container program that does not answer',
      { 'docker --version': 'Docker 1' },
      ['podman', 'docker'],
      [['docker', 'broken', 'sudo systemctl start docker']],
    ],
    [
      'one that answers beside one that does not',
      { 'docker --version': 'Docker 1', 'podman --version': 'podman 1', 'podman info': 'ok' },
      ['podman', 'docker'],
      [['podman', 'works', null]],
    ],
    ['no bubblewrap', {}, ['bubblewrap'], [['bubblewrap', 'missing', 'install bubblewrap']]],
    [
      'bubblewrap',
      { 'bwrap --version': 'bubblewrap 1', 'bwrap --ro-bind': '' },
      ['bubblewrap'],
      [['bubblewrap', 'works', null]],
    ],
    [
      'no Codex',
      {},
      ['codex', 'codex login'],
      [['codex', 'missing', 'npm install -g @openai/codex']],
    ],
  ];
  for (const [name, programs, names, expected] of cases) {
    it(`tells of ${name}`, async () => {
      assert.deepStrictEqual(toStates((await examine(programs)).findings, ...names), expected);
    });
  }

  it('says that bubblewrap may make no namespaces, and what allows it', async () => {
    const { findings } = await examine({ 'bwrap --version': 'bubblewrap 1' });
    const [[, state, fix] = []] = toStates(findings, 'bubblewrap');
    assert.equal(state, 'broken');
    assert.match(String(fix), /sysctl -w .*userns/u);
  });

  it('names a command for whatever is missing or broken', async () => {
    const { findings } = await examine({});
    assert.deepStrictEqual(
      findings.filter(({ state, fix }) => state !== 'works' && (fix ?? '') === ''),
      [],
    );
  });

  it('asks container programs of this machine alone', async () => {
    const env = { DOCKER_HOST: 'ssh://elsewhere', CONTAINER_HOST: 'ssh://elsewhere' };
    const { environments } = await examine(
      { 'docker --version': '1', 'podman --version': '1' },
      env,
    );
    const asked = environments.filter((one) => 'DOCKER_HOST' in one);
    assert.equal(asked.length, 2);
    for (const { DOCKER_HOST, DOCKER_CONTEXT, CONTAINER_HOST, CONTAINER_CONNECTION } of asked) {
      assert.deepStrictEqual(
        [DOCKER_HOST, DOCKER_CONTEXT, CONTAINER_HOST, CONTAINER_CONNECTION],
        [undefined, 'default', undefined, undefined],
      );
    }
  });

  it('shows no key, and of addresses the server’s name alone, whatever they are', async () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9 \n]{1,3}SECRET[A-Za-z0-9]{1,20}$/u);
    await fc.assert(
      fc.asyncProperty(secret, secret, async (key, inAddress) => {
        const { findings } = await examine(
          {},
          {
            OPENAI_API_KEY: key,
            ANTHROPIC_API_KEY: inAddress,
            DAYTONA_API_KEY: key,
            OPENAI_BASE_URL: `http://user:${inAddress}@127.0.0.1/${inAddress}`,
            ANTHROPIC_BASE_URL: inAddress,
            RLM_BACKEND: 'wasm',
          },
        );
        assert.doesNotMatch(JSON.stringify(findings), /SECRET/u);
      }),
      { numRuns: 30 },
    );
  });

  it('says what is wrong with the home, and how it is mended', async function () {
    if (process.platform === 'win32') {
      this.skip(); // modes mean nothing there
    }
    await chmod(folder(), 0o755);
    const [[, state, fix] = []] = toStates((await examine({})).findings, 'home');
    assert.deepStrictEqual([state, fix], ['works', `chmod 700 '${folder()}'`]);
    await chmod(folder(), 0o700);
    assert.deepStrictEqual(toStates((await examine({})).findings, 'home'), [
      ['home', 'works', null],
    ]);
  });

  it('ends with 0 where things are merely missing, and with 1 where one does not work', async () => {
    const run = async (env: Readonly<Record<string, string>>) => {
      const cli = new FakeCli({ cwd: folder(), env: { PATH: folder(), ...env } });
      const exitCode = await cli.run('doctor', '--json');
      const { is_well: isWell } = JSON.parse(cli.output.text) as { is_well: boolean }; // ours
      return [exitCode, isWell];
    };
    assert.deepStrictEqual(await run({}), [0, true]);
    assert.deepStrictEqual(await run({ RLM_BACKEND: 'moon' }), [1, false]);
  });

  it('takes the package manager that is there', async () => {
    const packages = { linux: 'git', darwin: 'git', win32: '--id Git.Git', otherwise: 'by hand' };
    await mkdir(path.join(folder(), 'bin'));
    const ask = async (platform: NodeJS.Platform) =>
      (await createTools({ PATH: path.join(folder(), 'bin') }, platform)).toInstall(packages);
    assert.deepStrictEqual(
      [await ask('linux'), await ask('darwin'), await ask('win32')],
      ['by hand', 'brew install git', 'winget install --id Git.Git'],
    );
  });
});
