// The inside of one fake sandbox: a real file system, processes and terminals behind bubblewrap, without a network.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { unprivileged } from '../../../src/sandbox/native/local/bubblewrap';
import program from './box.py';

/** A disk of Daytona has an end too. */
const diskBytes = String(512 * 2 ** 20);

const saidSchema = z.union([
  z.object({ terminal: z.string(), data: z.string() }),
  z.object({ terminal: z.string(), exit: z.number() }),
  z.object({ socket: z.string(), data: z.string() }),
  z.object({ socket: z.string(), end: z.literal(true) }),
  z.object({ id: z.number(), value: z.unknown() }),
  z.object({ id: z.number(), status: z.number(), message: z.string() }),
]);

export interface BoxListener {
  onOutput(terminal: string, bytes: Buffer): void;
  onExit(terminal: string, code: number): void;
}

/** What the daemon answers to what it cannot do. */
export class BoxError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class Box {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #asked = new Map<number, (said: z.infer<typeof saidSchema>) => void>();
  readonly #sockets = new Map<string, Duplex>();
  #next = 0;

  /** `home`: a folder of this machine that outlives the box; null: its files go with it. */
  constructor(listener: BoxListener, home: string | null = null) {
    const user = process.getuid?.() === 0 ? unprivileged : {};
    this.#child = spawn('bwrap', createArgs(home), {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
      ...user,
    });
    this.#child.unref();
    for (const pipe of [this.#child.stdin, this.#child.stdout]) {
      if (pipe instanceof Socket) {
        pipe.unref();
      }
    }
    this.#child.stdin.on('error', () => undefined); // it was stopped
    createInterface(this.#child.stdout).on('line', (line) => {
      const said = saidSchema.parse(JSON.parse(line));
      if ('socket' in said) {
        this.#sockets
          .get(said.socket)
          ?.push('data' in said ? Buffer.from(said.data, 'base64') : null);
      } else if ('data' in said) {
        listener.onOutput(said.terminal, Buffer.from(said.data, 'base64'));
      } else if ('exit' in said) {
        listener.onExit(said.terminal, said.exit);
      } else {
        this.#asked.get(said.id)?.(said);
        this.#asked.delete(said.id);
      }
    });
  }

  ask(op: string, given: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, (said) => {
        if ('status' in said) {
          reject(new BoxError(said.status, said.message));
        } else {
          resolve('value' in said ? said.value : null);
        }
      });
      this.#tell(op, { id, ...given });
    });
  }

  put(terminal: string, bytes: Buffer): void {
    this.#tell('put', { terminal, data: bytes.toString('base64') });
  }

  /** A connection to a port of its loopback. @throws BoxError where nothing listens. */
  async connect(port: number): Promise<Duplex> {
    const socket = String(this.#next++);
    const stream = new Duplex({
      read: () => undefined,
      write: (data: Buffer, _encoding, done) => {
        this.#tell('pass', { socket, data: data.toString('base64') });
        done();
      },
      destroy: (error, done) => {
        this.#sockets.delete(socket);
        this.#tell('shut', { socket });
        done(error);
      },
    });
    this.#sockets.set(socket, stream);
    await this.ask('connect', { socket, port }).catch((thrown: unknown) => {
      this.#sockets.delete(socket);
      throw thrown;
    });
    return stream;
  }

  /** All its processes end with it, and its files. */
  stop(): void {
    this.#child.kill('SIGKILL');
    this.#sockets.forEach((stream) => stream.destroy());
    const ended = { id: 0, status: 502, message: 'the sandbox has stopped' };
    this.#asked.forEach((settle) => settle(ended));
    this.#asked.clear();
  }

  #tell(op: string, given: Readonly<Record<string, unknown>>): void {
    this.#child.stdin.write(`${JSON.stringify({ op, ...given })}\n`);
  }
}

function createArgs(home: string | null): readonly string[] {
  const top = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].filter((one) =>
    existsSync(one),
  );
  return [
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts'],
    ...['--die-with-parent', '--new-session', '--as-pid-1', '--clearenv'],
    ...['--setenv', 'PATH', '/usr/local/bin:/usr/bin:/bin', '--setenv', 'HOME', '/home/daytona'],
    ...['--setenv', 'DAYTONA_SANDBOX_ID', 'fake', '--ro-bind', '/usr', '/usr'],
    ...top.flatMap((name) =>
      lstatSync(name).isSymbolicLink()
        ? ['--symlink', readlinkSync(name), name]
        : ['--ro-bind', name, name],
    ),
    ...['--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache'],
    ...['--ro-bind-try', '/etc/alternatives', '/etc/alternatives'],
    ...['--proc', '/proc', '--dev', '/dev', '--size', diskBytes, '--tmpfs', '/tmp'],
    ...(home === null
      ? ['--size', diskBytes, '--tmpfs', '/home/daytona']
      : ['--bind', home, '/home/daytona']),
    ...['--chdir', '/home/daytona', '--', 'python3', '-c', program],
  ];
}
