// What the system's sandboxes are told, argument for argument: a change here is a change of the walls.

import assert from 'node:assert/strict';
import { createBubblewrapArgs } from '../../../../src/sandbox/native/local/bubblewrap';
import {
  createContainerArgs,
  createContainerRequest,
} from '../../../../src/sandbox/native/container/hardening';
import { createSeatbeltArgs } from '../../../../src/sandbox/native/local/seatbelt';

const pythonArgs = ['-c', 'pass'];

/** Which a container would else get from the user's own settings, with what opens a proxy. */
const proxyVariables = ['http', 'https', 'ftp', 'all', 'no'].flatMap((kind) => [
  `${kind}_proxy`,
  `${kind.toUpperCase()}_PROXY`,
]);

describe('the walls of a Python of this machine', () => {
  it('are, by bubblewrap, namespaces, a system that is read and memory for files', () => {
    const args = createBubblewrapArgs({
      python: '/home/me/venv/bin/python',
      folders: ['/home/me/venv'],
      links: { '/bin': 'usr/bin', '/lib': 'usr/lib' },
      topFolders: ['/lib64'],
      fileBytes: 1_000,
      hasNetwork: false,
      pythonArgs,
    });
    assert.deepStrictEqual(args.join(' ').split(' --').slice(0), [
      '--unshare-user',
      'unshare-ipc',
      'unshare-pid',
      'unshare-net',
      'unshare-uts',
      'unshare-cgroup-try',
      'disable-userns',
      'hostname sandbox',
      'die-with-parent',
      'new-session',
      'as-pid-1',
      'clearenv',
      'ro-bind /usr /usr',
      'symlink usr/bin /bin',
      'symlink usr/lib /lib',
      'ro-bind /lib64 /lib64',
      'ro-bind-try /etc/ld.so.cache /etc/ld.so.cache',
      'ro-bind-try /etc/ld.so.conf /etc/ld.so.conf',
      'ro-bind-try /etc/ld.so.conf.d /etc/ld.so.conf.d',
      'ro-bind-try /etc/alternatives /etc/alternatives',
      'proc /proc',
      'dev /dev',
      'size 1000',
      'tmpfs /dev/shm',
      'remount-ro /dev',
      'size 1000',
      'tmpfs /tmp',
      'size 1000',
      'tmpfs /work',
      'ro-bind /home/me/venv /home/me/venv',
      'remount-ro /',
      'chdir /work',
      ' /home/me/venv/bin/python -c pass',
    ]);
  });

  it('are, by Seatbelt, a profile that denies what it does not name', () => {
    const [flag, profile = '', ...rest] = createSeatbeltArgs({
      python: '/v/bin/python',
      folders: ['/v', '/with "quotes" and \\'],
      folder: '/private/tmp/place',
      pythonArgs,
    });
    assert.deepStrictEqual([flag, ...rest], ['-p', '/v/bin/python', '-c', 'pass']);
    const lines = profile.split('\n');
    assert.deepStrictEqual(lines.slice(0, 3), ['(version 1)', '(deny default)', '(deny network*)']);
    const writes = lines.filter((line) => line.includes('file-write'));
    assert.deepStrictEqual(writes, [
      '(allow file-read* file-write-data (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") (literal "/dev/urandom"))',
      '(allow file-read* file-write* (subpath "/private/tmp/place"))',
    ]);
    assert.ok(profile.includes('(subpath "/with \\"quotes\\" and \\\\")'));
    assert.ok(!profile.includes('allow network'));
  });
});

describe('the walls of a container', () => {
  it('are these arguments and no others', () => {
    const args = createContainerArgs({
      imageId: `sha256:${'0'.repeat(64)}`,
      name: 'rlm-1',
      owner: 'host:7',
      memoryBytes: 2_000,
      cpus: 2,
      maxProcesses: 64,
      fileBytes: 1_000,
      pythonArgs,
    });
    assert.deepStrictEqual(args.join(' ').split(' --'), [
      'run',
      'rm',
      'interactive',
      'pull never',
      'name rlm-1',
      'label rlm-companion.owner=host:7',
      'hostname sandbox',
      'network none',
      'read-only',
      'tmpfs /work:rw,size=1000,mode=1777',
      'tmpfs /tmp:rw,size=1000,mode=1777',
      'shm-size 1000',
      'user 65532:65532',
      'cap-drop ALL',
      'security-opt no-new-privileges',
      'pids-limit 64',
      'memory 2000',
      'memory-swap 2000',
      'cpus 2',
      'ulimit nofile=1024:1024',
      'ulimit core=0:0',
      'ulimit nproc=4096:4096',
      'log-driver none',
      'init=false',
      ...proxyVariables.map((name) => `env ${name}=`),
      'workdir /work',
      `entrypoint python3 sha256:${'0'.repeat(64)} -c pass`,
    ]);
  });

  it('are the same by the API of a server', () => {
    const request = createContainerRequest({
      imageId: `sha256:${'0'.repeat(64)}`,
      name: 'rlm-1',
      owner: 'host:7',
      memoryBytes: 2_000,
      cpus: 2,
      maxProcesses: 64,
      fileBytes: 1_000,
      pythonArgs,
    });
    assert.deepStrictEqual(request, {
      Image: `sha256:${'0'.repeat(64)}`,
      Hostname: 'sandbox',
      User: '65532:65532',
      Env: proxyVariables.map((name) => `${name}=`),
      Labels: { 'rlm-companion.owner': 'host:7' },
      WorkingDir: '/work',
      Entrypoint: ['python3'],
      Cmd: ['-c', 'pass'],
      OpenStdin: true,
      StdinOnce: true,
      Tty: false,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: {
        AutoRemove: true,
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        Tmpfs: { '/work': 'rw,size=1000,mode=1777', '/tmp': 'rw,size=1000,mode=1777' },
        ShmSize: 1_000,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        PidsLimit: 64,
        Memory: 2_000,
        MemorySwap: 2_000,
        NanoCpus: 2_000_000_000,
        Ulimits: [
          { Name: 'nofile', Soft: 1_024, Hard: 1_024 },
          { Name: 'core', Soft: 0, Hard: 0 },
          { Name: 'nproc', Soft: 4_096, Hard: 4_096 },
        ],
        LogConfig: { Type: 'none' },
        Init: false,
      },
    });
  });
});
