// An interrupt may land between any two lines of the runner: the step ends as any other that was interrupted, and
// tells what it made.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

/** More than the lines that run between the end of the code and the end of its hooks. */
const lines = 12;

/** Raises what an interrupt raises, before the given line that the runner runs after the code. */
const interruptAt = (line: number, error: string): string => `
import sys
frame = sys._getframe()
while frame.f_code.co_name != "drive": frame = frame.f_back
lines = []
def trace(frame, event, _):
    if event == "line":
        lines.append(frame.f_lineno)
        if len(lines) == ${line}: raise ${error}
    return trace
frame.f_trace = trace
made = [${line}]
kept.append(${line})
sys.settrace(trace)
`;

describePython('an interrupt after the end of the code', (backend) => {
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    repl = await Repl.open(sandboxes);
    await repl.run('kept = []');
  });
  after(() => sandboxes.dispose());

  for (const error of ['KeyboardInterrupt', 'MemoryError']) {
    it(`hides nothing, whatever the line: ${error}`, async () => {
      for (let line = 1; line <= lines; line += 1) {
        const { changes, stateLost, error: told } = await repl.run(interruptAt(line, error));
        const names = changes.map(({ name }) => name);
        assert.deepStrictEqual(
          [stateLost, ['kept', 'made'].filter((name) => !names.includes(name))],
          [false, []],
          `line ${line}: ${told?.message ?? ''}`,
        );
        const last = await repl.evaluate('lines = None; print("said")\nkept[-1]');
        assert.equal(last, String(line));
      }
      const reached = await repl.run(`${interruptAt(0, error)}`);
      assert.equal(reached.error, null);
      assert.ok(Number(await repl.evaluate('len(lines)')) > 3, 'lines of the runner were met');
    });
  }

  it('leaves garbage collection as the code has set it', async () => {
    const isOn = (): Promise<string | null> => repl.evaluate('import gc\ngc.isenabled()');
    assert.equal(await isOn(), 'True');
    await repl.read('kept');
    await repl.run('no code');
    assert.equal(await isOn(), 'True');
    await repl.run('gc.disable()');
    await repl.read('kept');
    await repl.run('no code');
    assert.equal(await isOn(), 'False');
    await repl.run('gc.enable()');
    assert.equal(await isOn(), 'True');
  });
});
