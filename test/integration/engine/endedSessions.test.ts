// What has ended gives its memory back; its variables are read all the same.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { languages } from '../../../src/core/sandbox';
import { type RunningEngine, startEngine } from '../../support/engineProcess';
import { readField } from '../../support/mcpFlows';
import { callOk, openSession } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const keptAtMost = 2;

describe('sessions that have ended', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let engine: RunningEngine;

  beforeEach(async () => {
    const root = path.join(folder(), 'work');
    await mkdir(root);
    engine = await startEngine('stdio', { home: path.join(folder(), 'home'), root });
  });
  afterEach(() => engine.stop());

  async function untilLetGo(): Promise<void> {
    for (;;) {
      const status = await callOk(engine.client, 'rlm_status', {});
      const live = Number(readField(status, 'sandbox', 'live_sandboxes'));
      assert.ok(Number.isFinite(live));
      if (live <= keptAtMost) {
        return;
      }
      await delay(100);
    }
  }

  it('leave at most two sandboxes behind, and are read by running their record again', async () => {
    const { client } = engine;
    const ids: string[] = [];
    for (let number = 0; number < 8; number += 1) {
      const language = languages[number % 2] ?? 'python';
      const session_id = await openSession(client, { language });
      ids.push(session_id);
      await callOk(client, 'rlm_run_repl', { session_id, code: `x = ${number} * 10` });
      await callOk(client, 'rlm_finalize', { session_id, final_text: 'done' });
    }
    await untilLetGo();
    for (const [number, session_id] of ids.entries()) {
      const { value } = await callOk(client, 'rlm_get_var', { session_id, var_name: 'x' });
      assert.equal(value, number * 10);
    }
    await untilLetGo();
  });
});
