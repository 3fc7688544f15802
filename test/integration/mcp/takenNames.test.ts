// What the engines offer by themselves is refused as the name of a loaded text: their own lists against ours.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { languages } from '../../../src/core/sandbox';
import { checkVariableName } from '../../../src/mcp/takenNames';
import { joinStdio } from '../../support/engineProcess';
import { callError, callOk } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const code = {
  python:
    'import builtins\nprint(" ".join(set(dir(builtins)) | set(globals()) - {"builtins", "context"}))',
  javascript: 'print(Object.getOwnPropertyNames(globalThis).join(" "))',
} as const;

describe('Names that a loaded text must not take', () => {
  const folder = useTempFolder();
  let client: Client;

  beforeEach(async () => {
    client = await joinStdio({ home: folder(), root: folder() });
  });

  afterEach(() => client.close());

  for (const language of languages) {
    it(`are all that ${language} offers, and no other`, async () => {
      const opened = await callOk(client, 'rlm_init_context', { context_text: 'x', language });
      const session = { session_id: String(opened['session_id']) };
      const step = await callOk(client, 'rlm_run_repl', { ...session, code: code[language] });
      const names = String(step['stdout']).trim().split(/\s+/u);
      const words = names.filter((name) => /^[A-Za-z_]\w{0,99}$/u.test(name));
      assert.ok(words.length > 60);
      for (const name of words) {
        assert.throws(() => checkVariableName(name, language), { code: 'INVALID_INPUT' }, name);
      }
      for (const name of ['logs', 'context_2', 'data', '_private', 'Text1']) {
        checkVariableName(name, language);
      }
      const sample = language === 'python' ? 'len' : 'JSON';
      const args = { ...session, context_text: 'y', name: sample };
      assert.deepStrictEqual(
        (await callError(client, 'rlm_add_context', args)).code,
        'INVALID_INPUT',
      );
      await callOk(client, 'rlm_run_repl', { ...session, code: 'kept = 1' });
      const over = await callError(client, 'rlm_add_context', { ...args, name: 'kept' });
      assert.deepStrictEqual(over.code, 'INVALID_INPUT');
    });
  }
});
