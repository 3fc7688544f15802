// The program behind a place: a child process whose stdin and stdout carry the supervisor's frames. What it
// says on stderr is kept to explain its end.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface PlaceUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PlaceCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whom it runs as; left out: whom the engine runs as. */
  readonly user?: PlaceUser | undefined;
}

/** The streams of a place and its end. */
export interface PlaceProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** Settles with the reason when it is gone; never rejects. */
  readonly ended: Promise<string>;
  kill(): void;
}

const maxKeptChars = 2_000;

export function startPlaceProcess({ file, args, env, user }: PlaceCommand): PlaceProcess {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(file, args, {
    cwd: '/', // the engine's would be held open, and may be closed to this user
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...user,
  });
  let said = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    said = `${said}${text}`.slice(-maxKeptChars);
  });
  child.stdin.on('error', () => undefined); // the exit says it
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      const how = signal === null ? `code ${code}` : `signal ${signal}`;
      resolve(said.trim() === '' ? `it ended with ${how}` : said.trim());
    });
  });
  return {
    input: child.stdin,
    output: child.stdout,
    ended,
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
