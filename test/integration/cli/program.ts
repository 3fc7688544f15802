// The built command in a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

export const programFile = path.resolve('dist', 'cli.js');

export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves when stdout holds `part`; rejects when the process ends without it. */
  readonly until: (part: string) => Promise<void>;
  /** Settles when the process and all that share its output have ended. */
  readonly ended: Promise<Ended>;
}

export function start(
  args: readonly string[],
  options: {
    readonly home: string;
    readonly cwd: string;
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Started {
  const env = { ...process.env, RLM_HOME: options.home, NO_COLOR: '1', ...options.env };
  const child = spawn(process.execPath, [programFile, ...args], { cwd: options.cwd, env });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  child.stdin.on('error', () => undefined); // it may end before it has read all
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, output, errors }));
  });
  const until = async (part: string): Promise<void> => {
    while (!output.includes(part)) {
      const more = new Promise<boolean>((resolve) =>
        child.stdout.once('data', () => resolve(true)),
      );
      if (!(await Promise.race([more, ended.then(() => false)]))) {
        throw new Error(`The program ended without ${part}: ${output}${errors}`);
      }
    }
  };
  return { child, until, ended };
}
