// Baselines in native Python: a fresh process per step, as comparable servers work, and plain `exec`
// in one process that stays, which isolates nothing.

import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { Disposable } from '../src/base/disposable';

export interface PythonProgram {
  /** Of the interpreter itself: version managers put slow scripts before it. */
  readonly path: string;
  readonly version: string;
}

const isolated = ['-I', '-S'];

export async function findPython(): Promise<PythonProgram | null> {
  const code = 'import sys; print(sys.executable); print(sys.version.split()[0])';
  for (const name of ['python3', 'python']) {
    try {
      const { stdout } = await promisify(execFile)(name, ['-c', code]);
      const [path, version] = stdout.split(/\r?\n/u);
      if (path && version?.startsWith('3.')) {
        return { path, version };
      }
    } catch {
      // The next name may do.
    }
  }
  return null;
}

const freshStep = `
import contextlib, io, json, sys
given = json.loads(sys.stdin.read())
scope = given["env"]
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    exec(given["code"], scope)
scope.pop("__builtins__", None)
sys.stdout.write(json.dumps({"stdout": printed.getvalue(), "env": scope}))
`;

const freshAnswer = z.object({ stdout: z.string(), env: z.record(z.string(), z.unknown()) });

/** Keeps the variables here, and sends all of them through each step's process as JSON. */
export class FreshProcess {
  readonly #python: PythonProgram;
  #env: Record<string, unknown>;

  constructor(python: PythonProgram, context: string) {
    this.#python = python;
    this.#env = { context };
  }

  /** What the step printed. */
  async run(code: string): Promise<string> {
    const child = spawn(this.#python.path, [...isolated, '-c', freshStep], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.end(JSON.stringify({ code, env: this.#env }));
    await once(child, 'close');
    const answer = freshAnswer.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    this.#env = answer.env;
    return answer.stdout;
  }
}

const nativeLoop = `
import contextlib, io, json, sys
scope = {}
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(json.loads(line), scope)
    print(json.dumps(printed.getvalue()), flush=True)
`;

/** One process that runs everything it is told in one namespace. */
export class NativePython implements Disposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(python: PythonProgram) {
    this.#child = spawn(python.path, [...isolated, '-c', nativeLoop], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async run(code: string): Promise<string> {
    this.#child.stdin.write(`${JSON.stringify(code)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) {
      throw new Error('The native Python process has ended.');
    }
    return z.string().parse(JSON.parse(answer.value));
  }

  /** Reads a file into `context`. */
  async load(file: string): Promise<void> {
    await this.run(`context = open(${JSON.stringify(file)}, encoding="utf-8").read()`);
  }

  dispose(): void {
    this.#child.kill();
  }
}
