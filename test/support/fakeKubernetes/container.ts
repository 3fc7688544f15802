// The container of a fake pod: the pod's command behind bubblewrap, with the walls that its manifest asks for, as far as
// bubblewrap builds them, and its streams.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { unprivileged } from '../../../src/sandbox/native/local/bubblewrap';

export interface ContainerOptions {
  readonly command: readonly string[];
  readonly folder: string;
  /** Path → bytes: memory of its own. */
  readonly mounts: ReadonlyMap<string, number>;
  readonly env: Readonly<Record<string, string>>;
  /** As where no policy is enforced. */
  readonly hasNetwork: boolean;
}

export interface ContainerListener {
  onOutput(bytes: Buffer): void;
  onErrors(bytes: Buffer): void;
  onExit(code: number): void;
}

export class Container {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(options: ContainerOptions, listener: ContainerListener) {
    const user = process.getuid?.() === 0 ? unprivileged : {};
    this.#child = spawn('bwrap', createArgs(options), {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
      ...user,
    });
    this.#child.unref();
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      if (pipe instanceof Socket) {
        pipe.unref();
      }
    }
    this.#child.stdin.on('error', () => undefined); // it has ended
    this.#child.stdout.on('data', (bytes: Buffer) => listener.onOutput(bytes));
    this.#child.stderr.on('data', (bytes: Buffer) => listener.onErrors(bytes));
    this.#child.on('close', (code) => listener.onExit(code ?? 137));
  }

  write(bytes: Buffer): void {
    this.#child.stdin.write(bytes);
  }

  closeInput(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** As a kubelet bounds the processes of a pod. */
const podPidsLimit = ['prlimit', '--nproc=256:256'];

function createArgs(options: ContainerOptions): readonly string[] {
  const { command, folder, mounts, env, hasNetwork } = options;
  const top = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].filter((one) =>
    existsSync(one),
  );
  return [
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-uts'],
    ...(hasNetwork ? [] : ['--unshare-net']),
    ...['--die-with-parent', '--new-session', '--as-pid-1', '--clearenv'],
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--ro-bind', '/usr', '/usr'],
    ...top.flatMap((name) =>
      lstatSync(name).isSymbolicLink()
        ? ['--symlink', readlinkSync(name), name]
        : ['--ro-bind', name, name],
    ),
    ...['--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache'],
    ...['--ro-bind-try', '/etc/alternatives', '/etc/alternatives'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...[...mounts].flatMap(([path, bytes]) => ['--size', String(bytes), '--tmpfs', path]),
    ...['--remount-ro', '/', '--chdir', folder, '--'],
    ...podPidsLimit,
    ...command,
  ];
}
