// Lines of a script run by the shell of WebAssembly and by bash with GNU's tools of this machine, each in a folder of its
// own with the same files: what they say, how they end, and what they leave.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { toShell } from './fileOperations';
import type { Repl } from './repl';

const seed: Readonly<Record<string, string>> = {
  'a.txt': 'apple 3\nbanana 1\ncherry 2\napple 10\nBanana 7\n',
  'n.txt': '10\n9\n2\n33\n1\n-5\n2.5\n',
  'u.txt': 'über\nzebra\nÄpfel\napfel\nßtraße\n日本語\n😀 smile\n',
  'c.csv': 'id,name,score\n1,ann,3.5\n2,bob,4.25\n3,"c, d",9\n',
  'nolf.txt': 'one\ntwo',
  'empty.txt': '',
  'sp ace.txt': 'with space\n',
  'dir/x.log': 'ERROR one\nINFO two\nERROR three\n',
  'dir/y.log': 'WARN four\nERROR five\n',
  'dir/sub/z.log': 'ERROR six\n',
  'tabs.tsv': 'k\tv\na\t1\nb\t2\na\t3\n',
  'log.txt':
    '2024-01-02 10:00:01 GET /a 200 12\n2024-01-02 10:00:02 POST /b 500 7\n2024-01-03 11:00:00 GET /a 404 3\n2024-01-03 11:30:00 GET /c 200 99\n',
};
const refusal =
  /not supported by this shell|not in this shell|command not found|which this shell needs here/u;

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly hasErrors: boolean;
  readonly exitCode: number;
  /** What lies in its folder afterwards: kind and content of each. */
  readonly files: string;
}

export const isRefused = ({ stderr }: Ran): boolean => refusal.test(stderr);

/** Without the words of errors, which are each shell's own. */
export const toShown = ({ stdout, hasErrors, exitCode, files }: Ran) => ({
  stdout,
  hasErrors,
  exitCode,
  files,
});

const never = new AbortController().signal;
/** Lines in one command: each takes a thread. */
const batchSize = 64;

/** Runs each line in a folder of its own; what came of it is left beside that. */
const runAll = (count: number): string =>
  `cd cases; n=0; while [ $n -lt ${count} ]; do cd $n; bash -c "$(cat ../$n.cmd)" > ../$n.out 2> ../$n.err < /dev/null; echo $? > ../$n.code; cd ..; n=$((n+1)); done`;

/** Python that makes the folders. */
const prepare = (lines: readonly string[]): string => `
import os, shutil
shutil.rmtree("cases", ignore_errors=True)
seed = ${JSON.stringify(seed)}
for number, line in enumerate(${JSON.stringify(lines)}):
    for name, text in seed.items():
        path = f"cases/{number}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", newline="") as file:
            _ = file.write(text)
        os.chmod(path, 0o644)
    for path in ("", "/dir", "/dir/sub"):
        os.chmod(f"cases/{number}{path}", 0o755)
    with open(f"cases/{number}.cmd", "w") as file:
        _ = file.write(line)
`;
const collect = `
import base64, hashlib, json, os
def read(number, end):
    with open(f"cases/{number}.{end}", "rb") as file:
        return file.read().decode("utf-8", "replace")
def tell(folder, below):
    found = []
    os.chmod(folder, 0o700)
    for name in sorted(os.listdir(folder), key=os.fsencode):
        path, shown = f"{folder}/{name}", f"{below}{name}"
        if os.path.islink(path):
            found.append(f"{shown} -> {os.readlink(path)}")
        elif os.path.isdir(path):
            found.append(f"{shown}/")
            found += tell(path, f"{shown}/")
        else:
            mode = os.stat(path).st_mode & 0o777
            os.chmod(path, 0o600)
            with open(path, "rb") as file:
                found.append(f"{shown} {hashlib.sha256(file.read()).hexdigest()[:16]} {mode:o}")
    return found
FINAL(json.dumps([[read(n, "out"), read(n, "err"), read(n, "code"), "\\n".join(tell(f"cases/{n}", ""))] for n in range(count)]))
`;

type Told = readonly [stdout: string, stderr: string, code: string, files: string];

const toRan = ([stdout, stderr, code, files]: Told): Ran => ({
  ...{ stdout, stderr, files },
  hasErrors: stderr !== '',
  exitCode: Number(code),
});

function tellFiles(folder: string, below = ''): string[] {
  const names = readdirSync(folder).sort((left, right) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  return names.flatMap((name) => {
    const [file, shown] = [path.join(folder, name), `${below}${name}`];
    const state = lstatSync(file);
    if (state.isSymbolicLink()) {
      return [`${shown} -> ${readlinkSync(file)}`];
    }
    if (state.isDirectory()) {
      return [`${shown}/`, ...tellFiles(file, `${shown}/`)];
    }
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
    return [`${shown} ${hash} ${(state.mode & 0o777).toString(8)}`];
  });
}

/** By bash and the tools of this machine, below `folder`. */
export function runReal(lines: readonly string[], folder: string): Ran[] {
  lines.forEach((line, number) => {
    for (const [name, text] of Object.entries(seed)) {
      const file = path.join(folder, 'cases', String(number), name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    writeFileSync(path.join(folder, 'cases', `${number}.cmd`), line);
  });
  const { status } = spawnSync('bash', ['-c', `umask 022; ${runAll(lines.length)}`], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: folder, TZ: 'UTC' },
    timeout: 120_000,
  });
  assert.equal(status, 0);
  return lines.map((_, number) => {
    const read = (end: string) =>
      readFileSync(path.join(folder, 'cases', `${number}.${end}`), 'utf8');
    const files = tellFiles(path.join(folder, 'cases', String(number))).join('\n');
    return toRan([read('out'), read('err'), read('code'), files]);
  });
}

/** By the shell of `repl`, whose language is Python. */
export async function runOwn(lines: readonly string[], repl: Repl): Promise<Ran[]> {
  await repl.run(prepare(lines));
  const { answer } = await repl.sandbox.runFileOperation(
    { operation: toShell(runAll(lines.length)), timeoutMs: 60_000 },
    never,
  );
  assert.deepStrictEqual(answer, {
    ...{ kind: 'shell', stdout: '', stderr: '', exitCode: 0, endedBy: null },
    droppedBytes: { stdout: 0, stderr: 0 },
    replaced: answer?.kind === 'shell' && answer.replaced,
  });
  const { finalAnswer, error } = await repl.run(`count = ${lines.length}\n${collect}`);
  assert.equal(error, null);
  return (JSON.parse(finalAnswer ?? '[]') as Told[]).map(toRan); // of collect
}

/** In pieces of as many as one command of the shell runs well. */
export function toBatches(lines: readonly string[]): (readonly string[])[] {
  return Array.from({ length: Math.ceil(lines.length / batchSize) }, (_, index) =>
    lines.slice(index * batchSize, (index + 1) * batchSize),
  );
}
