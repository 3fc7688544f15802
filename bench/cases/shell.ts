// The shell of WebAssembly: a command that does nothing, one that searches a file, and the memory that a command takes.

import { readFile } from 'node:fs/promises';
import { askOk, toShell } from '../../test/support/fileOperations';
import { listChildren } from '../../test/support/processTree';
import { Repl, createSandboxes } from '../../test/support/repl';
import { type BenchCase, megabyte } from '../bench';
import { type Figure, toCount, toFigure } from '../figure';
import { createText } from '../texts';

const none = { missing: 'not run' };
const commands = {
  nothing: 'true',
  search: 'grep -c e /work/text',
  pipe: 'cut -c1-20 /work/text | sort | uniq -c | sort -rn | head -3',
} as const;

export const shell: BenchCase = {
  name: 'shell',
  title: 'The shell on WebAssembly',
  run: async (bench) => {
    const before = await listChildren(process.pid);
    const sandboxes = bench.store.add(createSandboxes('wasm'));
    const repl = await Repl.open(sandboxes, { context: createText(megabyte).toString('latin1') });
    await repl.run('open("text", "w").write(context)');
    const holder = (await listChildren(process.pid)).find((pid) => !before.includes(pid));
    const resting = await readMegabytes(holder, 'VmRSS');
    const run = (command: string) => () => askOk(repl.sandbox, toShell(command));
    await run(commands.nothing)();
    const most = await readMegabytes(holder, 'VmHWM');
    const result = await bench.race(
      Object.entries(commands).map(([name, command]) => ({
        name,
        run: async () => void (await run(command)()),
      })),
      { rounds: bench.pick(15, 3), budgetMs: bench.pick(20_000, 4_000) },
    );
    const figure = (name: keyof typeof commands, words: string): Figure =>
      toFigure(`shell: ${words}`, result.spread(name) ?? none);
    return [
      figure('nothing', 'a command that does nothing'),
      figure('search', 'grep over 1 MB'),
      figure('pipe', 'cut, sort and uniq over 1 MB'),
      ...(resting === null || most === null
        ? []
        : [toCount('shell: memory of a command', 'MB', most - resting)]),
    ];
  },
};

/** Null: this system does not tell. */
async function readMegabytes(pid: number | undefined, field: string): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'mu').exec(status);
  return found ? Math.round(Number(found[1]) / 1_024) : null;
}
