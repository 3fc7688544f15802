// What a busy home holds is its owner's alone, whatever the process's umask.

import assert from 'node:assert/strict';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { languages } from '../../../src/core/sandbox';
import { startEngine, transports } from '../../support/engineProcess';
import { callOk, openSession } from '../../support/mcpClient';
import { mcpFlows } from '../../support/mcpFlows';
import { useTempFolder } from '../../support/tempFolder';

describe('the home after a busy session', function () {
  this.timeout(120_000);
  const folder = useTempFolder();

  before(function () {
    if (process.platform === 'win32') {
      this.skip(); // folders there inherit the user's own access list
    }
  });

  it('has folders of mode 0700 and files of mode 0600, and nothing else', async () => {
    const home = path.join(folder(), 'deep', 'home');
    const umask = process.umask(0); // inherited by the engines: only what they ask for counts
    try {
      let id = '';
      for (const transport of transports) {
        const engine = await startEngine(transport, { home, root: folder() });
        if (id !== '') {
          await callOk(engine.client, 'rlm_run_repl', { session_id: id, code: '1' }); // takes it over
          await callOk(engine.client, 'rlm_fork', { session_id: id });
        }
        for (const flow of mcpFlows) {
          await Promise.all(languages.map((language) => flow.run(engine.client, language)));
        }
        id = await openSession(engine.client);
        await callOk(engine.client, 'rlm_add_context', { session_id: id, context_text: 'more' });
        await checkModes(home);
        await engine.kill();
      }
      await checkModes(home);
    } finally {
      process.umask(umask);
    }
  });
});

async function checkModes(home: string): Promise<void> {
  const names = ['.', ...(await readdir(home, { recursive: true }))];
  assert.ok(names.some((name) => name.endsWith('trace.jsonl')));
  const wrong: string[] = [];
  for (const name of names) {
    const entry = await lstat(path.join(home, name));
    const mode = entry.mode & 0o7777;
    const isRight = entry.isDirectory() ? mode === 0o700 : entry.isFile() && mode === 0o600;
    if (!isRight) {
      wrong.push(`${name}: ${mode.toString(8)}`);
    }
  }
  assert.deepStrictEqual(wrong, []);
}
