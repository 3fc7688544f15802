// An engine that was suspended for so long that another one took its session over, as a laptop's is.

import assert from 'node:assert/strict';
import { readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { TraceStore } from '../../../src/core/traceStore';
import { openTraces } from '../../../src/runtime';
import { type RunningEngine, startEngine } from '../../support/engineProcess';
import { callError, callOk, openSession } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const wholeTrace = { fromStep: null, toStep: null, cursor: null, limit: 1_000 };

describe('an engine that was suspended', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let home: string;
  let traces: TraceStore;
  const engines: RunningEngine[] = [];

  before(function () {
    if (process.platform === 'win32') {
      this.skip(); // nothing there stops a process and lets it go on
    }
  });

  beforeEach(async () => {
    home = path.join(folder(), 'home');
    traces = await openTraces({ home });
  });

  afterEach(async () => {
    for (const engine of engines.splice(0)) {
      process.kill(engine.pid, 'SIGCONT');
      await engine.stop();
    }
    traces?.dispose();
  });

  async function start(): Promise<RunningEngine> {
    const engine = await startEngine('stdio', { home, root: folder() });
    engines.push(engine);
    return engine;
  }

  /** As a minute later: its process is there, and gives no sign of life. */
  async function suspend({ pid }: RunningEngine): Promise<void> {
    process.kill(pid, 'SIGSTOP');
    const minuteAgo = new Date(Date.now() - 61_000);
    const engineFiles = path.join(home, 'engines');
    for (const name of await readdir(engineFiles)) {
      await utimes(path.join(engineFiles, name), minuteAgo, minuteAgo);
    }
  }

  const run = (engine: RunningEngine, sessionId: string, code: string) =>
    callOk(engine.client, 'rlm_run_repl', { session_id: sessionId, code });

  const refuse = async (engine: RunningEngine, tool: string, args: Record<string, unknown>) =>
    (await callError(engine.client, tool, args)).code;

  /** The code of every step that began, and the result of every one that ended, in order. */
  async function readSteps(sessionId: string): Promise<readonly (string | null)[]> {
    const { events } = await traces.readEvents(sessionId, wholeTrace);
    return events.flatMap((event) => {
      if (event.kind === 'step.started') {
        return [event.code];
      }
      return event.kind === 'step.finished' ? [event.outcome.result] : [];
    });
  }

  it('writes nothing more to a session that went on elsewhere, and shows nothing stale of it', async () => {
    const late = await start();
    const id = await openSession(late.client);
    const other = await openSession(late.client);
    await run(late, id, 'x = 1');
    await suspend(late);
    const next = await start();
    await run(next, id, 'x += 10');
    process.kill(late.pid, 'SIGCONT');

    const asked = { session_id: id, var_name: 'x' };
    assert.equal(await refuse(late, 'rlm_get_var', asked), 'SESSION_NOT_FOUND');
    // From here on it is as any session of another engine.
    assert.equal(
      await refuse(late, 'rlm_run_repl', { session_id: id, code: 'x += 100' }),
      'INVALID_INPUT',
    );
    assert.equal(
      await refuse(late, 'rlm_finalize', { session_id: id, final_text: 'late' }),
      'INVALID_INPUT',
    );
    assert.equal((await run(next, id, 'x'))['result'], '11');
    assert.deepStrictEqual(await readSteps(id), ['x = 1', '1', 'x += 10', '11', 'x', '11']);
    // Its other sessions are its own still.
    assert.equal((await run(late, other, '1 + 1'))['result'], '2');

    await callOk(next.client, 'rlm_finalize', { session_id: id, final_var_name: 'x' });
    assert.equal((await traces.readSummary(id))?.finalAnswer, '11');
  });

  it('ends a step that was running without a word in the trace of the one that took over', async () => {
    const late = await start();
    const id = await openSession(late.client);
    const started = new Promise<void>((resolve) => {
      traces.onDidChange(() => {
        void traces.readSummary(id).then((summary) => summary?.running && resolve());
      });
    });
    const code = 'let sum = 0;\nfor (let i = 0; i < 3_000_000; i += 1) sum += i;\nsum';
    const refused = callError(late.client, 'rlm_run_repl', { session_id: id, code });
    await started;
    await suspend(late);
    const next = await start();
    const taken = await callOk(next.client, 'rlm_run_repl', { session_id: id, code: '"taken"' });
    process.kill(late.pid, 'SIGCONT');
    assert.equal((await refused).code, 'SESSION_NOT_FOUND');
    assert.equal(taken['result'], "'taken'");
    assert.deepStrictEqual(await readSteps(id), [code, '"taken"', "'taken'"]);
  });

  it('goes on with its session after the other one has let it go', async () => {
    const late = await start();
    const id = await openSession(late.client);
    await run(late, id, 'x = 1');
    await suspend(late);
    const next = await start();
    await run(next, id, 'x += 10');
    process.kill(late.pid, 'SIGCONT');
    await refuse(late, 'rlm_get_var', { session_id: id, var_name: 'x' });
    engines.splice(engines.indexOf(next), 1);
    await next.stop();
    assert.equal((await run(late, id, 'x'))['result'], '11');
  });
});
