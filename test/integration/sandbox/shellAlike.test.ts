// The shell of WebAssembly beside bash and GNU's tools: the same to the byte, or refused with a word.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { toShell } from '../../support/fileOperations';
import { Repl, createSandboxes } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

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
const refusal = /not supported by this shell|not in this shell|command not found/u;
const table = readFileSync('test/support/shellLines.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replaceAll('␤', '\n'));

interface Ran {
  readonly stdout: string;
  readonly hasErrors: boolean;
  readonly exitCode: number;
  readonly stderr: string;
}

const never = new AbortController().signal;
/** Lines in one command: each takes a thread. */
const batchSize = 64;

/** Runs each line in a folder of its own with the seed's files; what came of it is left beside that. */
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
    with open(f"cases/{number}.cmd", "w") as file:
        _ = file.write(line)
`;
const collect = `
import base64, json
def read(number, end):
    with open(f"cases/{number}.{end}", "rb") as file:
        return file.read().decode("utf-8", "replace")
FINAL(json.dumps([[read(n, "out"), read(n, "err"), read(n, "code")] for n in range(count)]))
`;

function toRan([stdout, stderr, code]: readonly [string, string, string]): Ran {
  return { stdout, stderr, hasErrors: stderr !== '', exitCode: Number(code) };
}

function runReal(lines: readonly string[], folder: string): Ran[] {
  lines.forEach((line, number) => {
    for (const [name, text] of Object.entries(seed)) {
      const file = path.join(folder, 'cases', String(number), name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    writeFileSync(path.join(folder, 'cases', `${number}.cmd`), line);
  });
  const { status } = spawnSync('bash', ['-c', runAll(lines.length)], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: folder, TZ: 'UTC' },
    timeout: 60_000,
  });
  assert.equal(status, 0);
  return lines.map((_, number) => {
    const read = (end: string) =>
      readFileSync(path.join(folder, 'cases', `${number}.${end}`), 'utf8');
    return toRan([read('out'), read('err'), read('code')]);
  });
}

describe('the shell of WebAssembly beside bash', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes('wasm');
    repl = await Repl.open(sandboxes, { context: 'a text' });
  });
  after(() => {
    repl.sandbox.dispose();
    sandboxes.dispose();
  });

  const runOwn = async (lines: readonly string[]): Promise<Ran[]> => {
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
    const { finalAnswer } = await repl.run(`count = ${lines.length}\n${collect}`);
    return (JSON.parse(finalAnswer ?? '[]') as [string, string, string][]).map(toRan); // of collect
  };
  const isRefused = (line: string): boolean => line.startsWith('! ');
  const alike = table.filter((line) => !isRefused(line));
  const refused = table.filter(isRefused).map((line) => line.slice(2));

  for (let at = 0; at < alike.length; at += batchSize) {
    const lines = alike.slice(at, at + batchSize);
    it(`does the same to the byte: lines ${at + 1} to ${at + lines.length}`, async () => {
      const [own, real] = [await runOwn(lines), runReal(lines, folder())];
      const show = (all: readonly Ran[]) =>
        all.map(({ stdout, hasErrors, exitCode }, number) => {
          const line = lines[number];
          return { line, stdout, hasErrors, exitCode };
        });
      assert.deepStrictEqual(show(own), show(real), own.map(({ stderr }) => stderr).join(''));
    });
  }

  it('refuses with a word what it would do otherwise than bash and its tools', async () => {
    const own = await runOwn(refused);
    const silent = refused.filter((_, number) => !refusal.test(own[number]?.stderr ?? ''));
    assert.deepStrictEqual(silent, []);
  });
});
