import assert from 'node:assert/strict';
import { type BoxOptions, toBoxArgs } from '../../../../src/agents/boxes/boxArguments';
import type { BoxRequest } from '../../../../src/core/agent/agentBoxes';

const request: BoxRequest = {
  runId: 'run-1',
  program: '/opt/codex',
  args: ['app-server'],
  folders: [
    { path: '/w/tree', writes: false },
    { path: '/h/codex', writes: true },
  ],
  cwd: '/w/tree/src',
  environment: { CODEX_HOME: '/h/codex' },
  ports: [4_000, 5_000],
};
const options: BoxOptions = {
  imageId: 'sha256:1',
  label: 'a=b',
  user: { uid: 1_000, gid: 100 },
  runtime: 'docker',
  isRootless: false,
  cpus: 2,
  socketFolder: '/t/s',
  givesProgram: true,
};
const allFlags = (args: readonly string[], flag: string): readonly string[] =>
  args.filter((_, at) => args[at - 1] === flag);

describe('the arguments of an agent’s container', () => {
  it('give it its folders, its program, its sockets, and no other mount', () => {
    assert.deepStrictEqual(allFlags(toBoxArgs(request, options), '--mount'), [
      'type=bind,source=/w/tree,target=/w/tree,readonly',
      'type=bind,source=/h/codex,target=/h/codex',
      'type=bind,source=/t/s,target=/rlm-sockets',
      'type=bind,source=/opt/codex,target=/rlm-program,readonly',
    ]);
  });

  it('name walls, and nothing that opens one', () => {
    const args = toBoxArgs(request, options);
    const line = args.join(' ');
    for (const wall of [
      '--network none',
      '--read-only',
      '--cap-drop ALL',
      'no-new-privileges',
      '--pids-limit',
      '--memory 4g',
      '--pull never',
    ]) {
      assert.ok(line.includes(wall), wall);
    }
    assert.doesNotMatch(
      line,
      /--privileged|--cap-add|--device|--publish|--pid |--ipc|docker\.sock|podman\.sock/u,
    );
    assert.deepStrictEqual(allFlags(args, '--env'), [
      'CODEX_HOME=/h/codex',
      'HOME=/tmp',
      'TMPDIR=/tmp',
    ]);
  });

  it('let the named ports through, and start the program behind them', () => {
    const args = toBoxArgs(request, options);
    assert.deepStrictEqual(args.slice(-5), [
      '4000=/rlm-sockets/4000',
      '5000=/rlm-sockets/5000',
      '--',
      '/rlm-program',
      'app-server',
    ]);
  });

  it('take the image’s own program where this machine’s does not run inside', () => {
    const args = toBoxArgs(request, { ...options, givesProgram: false });
    assert.deepStrictEqual(args.slice(-2), ['codex', 'app-server']);
    assert.ok(!args.join(' ').includes('/opt/codex'));
  });

  for (const [runtime, isRootless, wanted] of [
    ['docker', false, ['--user', '1000:100']],
    ['podman', false, ['--user', '1000:100']],
    ['podman', true, ['--userns', 'keep-id', '--user', '1000:100']],
    ['docker', true, ['--user', '0:0']],
  ] as const) {
    it(`let files belong to whoever runs ${runtime}${isRootless ? ' without root' : ''}`, () => {
      const line = toBoxArgs(request, { ...options, runtime, isRootless }).join(' ');
      assert.ok(line.includes(` ${wanted.join(' ')} `), line);
    });
  }

  for (const name of ['/w/a,b', '/w/a"b', '/w/a\nb']) {
    it(`refuse the folder ${JSON.stringify(name)}, which could be read as another option`, () => {
      const given = { ...request, folders: [{ path: name, writes: true }] };
      assert.throws(() => toBoxArgs(given, options), /No container can be given/u);
    });
  }
});
