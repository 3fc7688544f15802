// A session whose texts are not there as they were: what can still be read of it, and what going on says.

import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Language, languages } from '../../../src/core/sandbox';
import { type RunningEngine, startEngine } from '../../support/engineProcess';
import { readField, toList } from '../../support/mcpFlows';
import { callError, callOk } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const text = 'INFO start\nERROR disk failed\n';
const withLength: Readonly<Record<Language, string>> = {
  python: 'n = len(context)',
  javascript: 'n = context.length',
};

interface Loss {
  readonly code: string;
  /** What the message and the next step must name. */
  readonly says: RegExp;
  readonly nextStep: RegExp;
  readonly lose: (root: string, home: string, sessionId: string) => Promise<unknown>;
  readonly restore?: (root: string, home: string, sessionId: string) => Promise<unknown>;
  /** Which folder may be read from then on. */
  readonly newRoot?: string;
  readonly given?: Record<string, unknown>;
  /** Of `n`, where it is not the length of the text. */
  readonly result?: Readonly<Record<Language, string | null>>;
}

const log = (root: string): string => path.join(root, 'logs', 'a.log');
const putBack = async (root: string): Promise<void> => {
  await rm(log(root), { recursive: true, force: true });
  await mkdir(path.dirname(log(root)), { recursive: true });
  await writeFile(log(root), text);
};
const back =
  /Put the file back as recorded \(29 characters, SHA-256 [0-9a-f]{64}\).*rlm_init_context/u;
const keptText = (home: string, sessionId: string): string =>
  path.join(home, 'sessions', sessionId, 'context-1.txt');

const losses: Readonly<Record<string, Loss>> = {
  'was deleted': {
    code: 'INVALID_INPUT',
    says: /context .*logs\/a\.log .*does not exist/u,
    nextStep: back,
    lose: (root) => rm(log(root)),
  },
  'was moved with its folder': {
    code: 'INVALID_INPUT',
    says: /logs\/a\.log .*does not exist/u,
    nextStep: back,
    lose: (root) => rename(path.join(root, 'logs'), path.join(root, 'old')),
  },
  'is a folder now': {
    code: 'INVALID_INPUT',
    says: /logs\/a\.log.* was a file and is a folder/u,
    nextStep: back,
    lose: async (root) => {
      await rm(log(root));
      await mkdir(log(root));
      await writeFile(path.join(log(root), 'b.log'), text);
    },
  },
  'is an empty folder now': {
    code: 'INVALID_INPUT',
    says: /logs\/a\.log/u,
    nextStep: back,
    lose: async (root) => {
      await rm(log(root));
      await mkdir(log(root));
    },
  },
  'is no text now': {
    code: 'INVALID_INPUT',
    says: /logs\/a\.log.* not text/u,
    nextStep: back,
    lose: (root) => writeFile(log(root), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2])),
  },
  'cannot be read': {
    code: 'INVALID_INPUT',
    says: /logs\/a\.log .*cannot be read/u,
    nextStep: back,
    lose: async (root) => {
      await rm(log(root));
      await symlink(log(root), log(root)); // a loop: not even its owner reads it
    },
  },
  'lies in a folder that may not be read any more': {
    code: 'PATH_NOT_ALLOWED',
    says: /logs\/a\.log .*outside the folders that may be read/u,
    nextStep: /--root <folder>/u,
    lose: (root) => mkdir(path.join(root, 'other')),
    newRoot: 'other',
  },
  'was given inline and is gone from the home': {
    code: 'INVALID_INPUT',
    says: /context-1/u,
    nextStep: /home folder/u,
    given: { context_text: text },
    lose: (_root, home, sessionId) => rm(keptText(home, sessionId)),
    restore: (_root, home, sessionId) => writeFile(keptText(home, sessionId), text),
  },
  'was the only one that matched': {
    code: 'INVALID_INPUT',
    says: /No text could be read from logs\/\*\.log/u,
    nextStep: back,
    given: { context_paths: ['logs/*.log'] },
    result: { python: '1', javascript: null },
    lose: (root) => rm(log(root)),
  },
};

describe('a session whose text', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  const root = (): string => path.join(folder(), 'work');
  const home = (): string => path.join(folder(), 'home');
  let engine: RunningEngine | undefined;

  const start = async (below = ''): Promise<RunningEngine> => {
    await engine?.stop();
    engine = await startEngine('stdio', { home: home(), root: path.join(root(), below) });
    return engine;
  };
  beforeEach(async () => {
    await mkdir(path.dirname(log(root())), { recursive: true });
    await putBack(root());
  });
  afterEach(async () => {
    await engine?.stop();
    engine = undefined;
  });

  async function leave(language: Language, given: Record<string, unknown>): Promise<string> {
    const { client } = await start();
    const { session_id } = await callOk(client, 'rlm_init_context', { ...given, language });
    for (const code of ['own = [1, 2]', withLength[language], 'own = [...own_]']) {
      const own = language === 'python' ? 'own = own + [3]' : 'own = own.concat([3])';
      await callOk(client, 'rlm_run_repl', {
        session_id,
        code: code.includes('own_') ? own : code,
      });
    }
    return String(session_id);
  }

  for (const language of languages) {
    for (const [what, loss] of Object.entries(losses)) {
      it(`${what} is read where it does not matter, and goes on once it is back (${language})`, async () => {
        const session_id = await leave(language, loss.given ?? { context_paths: ['logs/a.log'] });
        await engine?.stop();
        await loss.lose(root(), home(), session_id);
        const { client } = await start(loss.newRoot);
        const step = { session_id, code: 'n' };

        const refused = await callError(client, 'rlm_run_repl', step);
        const told = [refused, await callError(client, 'rlm_fork', { session_id })];
        for (const error of told) {
          assert.equal(error.code, loss.code, error.message);
          assert.match(error.message, loss.says);
          assert.match(error.next_step, loss.nextStep);
          assert.match(error.next_step, /rlm_get_trace/u);
        }
        const own = await callOk(client, 'rlm_get_var', { session_id, var_name: 'own' });
        assert.deepStrictEqual(own['value'], [1, 2, 3]);
        assert.match(String(readField(own, 'replay', 'changed_texts')), /not loaded/u);
        for (const var_name of ['n', 'context']) {
          const lost = await callError(client, 'rlm_get_var', { session_id, var_name });
          assert.equal(lost.code, loss.code);
          assert.match(lost.message, loss.says);
        }
        const unknown = await callError(client, 'rlm_get_var', { session_id, var_name: 'none' });
        assert.equal(unknown.code, 'VAR_NOT_FOUND');
        const { events } = await callOk(client, 'rlm_get_trace', { session_id });
        assert.ok(toList(events).length >= 4);

        await (loss.restore ?? putBack)(root(), home(), session_id);
        const again = loss.newRoot === undefined ? client : (await start()).client;
        const gone = await callOk(again, 'rlm_run_repl', step);
        assert.deepStrictEqual(
          [gone['result'], readField(gone, 'replay', 'difference_count')],
          [loss.result ? loss.result[language] : String(text.length), 0],
        );
      });
    }

    it(`has changed goes on, and says which, what and what to do (${language})`, async () => {
      const session_id = await leave(language, { context_paths: ['logs/a.log'] });
      await engine?.stop();
      await writeFile(log(root()), `${text}more\n`);
      const { client } = await start();
      const step = await callOk(client, 'rlm_run_repl', { session_id, code: 'n' });
      assert.equal(step['result'], String(text.length + 5));
      const told = String(readField(step, 'replay', 'changed_texts'));
      assert.match(told, /logs\/a\.log: 29 characters.* → logs\/a\.log: 34 characters.*rlm_fork/u);
    });
  }

  const firstCalls: Readonly<Record<string, Record<string, unknown>>> = {
    rlm_finalize: { final_var_name: 'n' },
    rlm_add_context: { context_paths: ['none/*.log'] },
    rlm_answer: { answers: [] },
    rlm_get_var: { var_name: 'none' },
    rlm_fork: { at_step: 99 },
  };
  for (const language of languages) {
    for (const [tool, args] of Object.entries(firstCalls)) {
      it(`has changed is told by the next step after a refused ${tool} (${language})`, async () => {
        const session_id = await leave(language, { context_paths: ['logs/a.log'] });
        await engine?.stop();
        await writeFile(log(root()), `${text}more\n`);
        const { client } = await start();
        await callError(client, tool, { session_id, ...args });
        const read = await callOk(client, 'rlm_get_var', { session_id, var_name: 'n' });
        assert.match(String(readField(read, 'replay', 'changed_texts')), /logs\/a\.log/u);
        const step = await callOk(client, 'rlm_run_repl', { session_id, code: 'n' });
        assert.match(String(readField(step, 'replay', 'changed_texts')), /logs\/a\.log/u);
        const next = await callOk(client, 'rlm_run_repl', { session_id, code: 'n' });
        assert.equal(next['replay'] ?? null, null);
      });
    }
  }

  it('has changed refuses its variable once as the answer, also where another call ran the record again', async () => {
    const session_id = await leave('python', { context_paths: ['logs/a.log'] });
    await engine?.stop();
    await writeFile(log(root()), `${text}more\n`);
    const { client } = await start();
    await callError(client, 'rlm_add_context', { session_id, context_paths: ['none/*.log'] });
    const given = { session_id, final_var_name: 'n' };
    assert.match((await callError(client, 'rlm_finalize', given)).message, /difference/u);
    assert.equal((await callOk(client, 'rlm_finalize', given))['final_answer'], '34');
  });

  it('was deleted takes its answer as a text all the same', async () => {
    const session_id = await leave('python', { context_paths: ['logs/a.log'] });
    await rm(log(root()));
    const { client } = await start();
    const given = { session_id, final_text: 'done' };
    assert.equal((await callOk(client, 'rlm_finalize', given))['final_answer'], 'done');
    assert.ok((await readdir(path.join(home(), 'sessions'))).includes(session_id));
  });
});
