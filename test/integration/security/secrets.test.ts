// Secrets of the engine's environment, and its own bearer token, planted and then looked for wherever
// code, clients, files and other users of the machine could find them.

import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type Language, languages } from '../../../src/core/sandbox';
import { runChild } from '../../support/childProcess';
import {
  cliPath,
  readEndpoint,
  type RunningServer,
  startServer,
} from '../../support/engineProcess';
import { type FakeModelServer, startFakeModelServer } from '../../support/fakeModelServer';
import { callOk, callTool, connectHttpClient, openSession } from '../../support/mcpClient';
import { hasProcessTree, listChildren } from '../../support/processTree';
import { useTempFolder } from '../../support/tempFolder';

const planted = {
  RLM_PLANTED_SECRET: 'planted-3b9e1',
  OPENAI_API_KEY: 'sk-planted-7d20c',
  ANTHROPIC_API_KEY: 'sk-ant-planted-5f8a4',
  AWS_SECRET_ACCESS_KEY: 'planted-aws-0c6d2',
  DAYTONA_API_KEY: 'dtn_planted_8e41b',
} as const;

/**
 * Lists what it finds of texts that it is given backwards, so that neither the code nor the trace holds
 * them: in every object it can reach and every file it can read.
 */
const scans: Readonly<Record<Language, (backwards: readonly string[]) => string>> = {
  python: (backwards) => `
import gc, os, sys
needles = [text[::-1] for text in ${JSON.stringify(backwards)}]
found = []
def look(where, text):
    text = text if isinstance(text, str) else bytes(text).decode("latin-1")
    found.extend(where for needle in needles if needle in text)
look("environ", repr(dict(os.environ)))
look("argv", repr([sys.argv, sys.orig_argv, sys.path, sys.flags, sys.executable]))
look("modules", repr([(name, sorted(vars(module))) for name, module in list(sys.modules.items()) if hasattr(module, "__dict__")]))
objects = 0
for held in gc.get_objects():
    if held is needles: continue
    for value in (list(held.values()) if isinstance(held, dict) else held if isinstance(held, (list, tuple)) else ()):
        if isinstance(value, (str, bytes)) and not any(value is needle for needle in needles):
            objects += 1
            look("object", value)
files = 0
for folder, _, names in os.walk("/"):
    for name in names:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                look(os.path.join(folder, name), file.read(5_000_000))
            files += 1
        except OSError: pass
print(objects > 1000, files > 0)
found`,
  javascript: (backwards) => `
var needles = ${JSON.stringify(backwards)}.map((text) => [...text].reverse().join(''));
var found = [], seen = new Set([needles]), waiting = [globalThis, Function('return this')()], looked = 0;
while (waiting.length > 0 && looked < 100_000) {
  const held = waiting.pop();
  if (held === null || seen.has(held)) continue;
  seen.add(held);
  for (const name of Reflect.ownKeys(held)) {
    let value;
    try { value = held[name]; } catch { continue; }
    looked += 1;
    if (typeof value === 'object' || typeof value === 'function') { waiting.push(value); continue; }
    for (const needle of needles) if (String(value).includes(needle) || String(name).includes(needle)) found.push(String(name));
  }
  try { waiting.push(Object.getPrototypeOf(held)); } catch {}
  if (typeof held === 'function') for (const needle of needles) if (Function.prototype.toString.call(held).includes(needle)) found.push('code');
}
print(looked > 300, true);
found.join()`,
};

const plantDecoy = {
  python: 'hoard = {"deep": ["yoced a"[::-1]]}',
  javascript: 'var hoard = { deep: [[..."yoced a"].reverse().join("")] }; 0',
} as const;

function toBackwards(text: string): string {
  return [...text].reverse().join('');
}

describe('secrets', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let home: string;
  let models: FakeModelServer;
  let server: RunningServer;
  let client: Client;
  let token: string;
  /** What must be found nowhere. */
  let hidden: readonly string[];

  beforeEach(async () => {
    home = path.join(folder(), 'home');
    models = await startFakeModelServer();
    const servers = { OPENAI_BASE_URL: `${models.url}/v1`, ANTHROPIC_BASE_URL: models.url };
    const env = { ...process.env, ...planted, ...servers };
    server = await startServer({ home, root: folder() }, env);
    const endpoint = await readEndpoint(server.tokenFile);
    ({ token } = endpoint);
    hidden = [...Object.values(planted), token];
    client = await connectHttpClient(endpoint);
  });
  afterEach(async () => {
    await client.close();
    await server.end('SIGTERM');
    await models.close();
  });

  const checkHidden = (where: string, text: string): void => {
    const found = hidden.filter((secret) => text.includes(secret));
    assert.deepStrictEqual(found, [], where);
  };

  for (const language of languages) {
    it(`${language} code finds none in anything it can reach`, async () => {
      const session_id = await openSession(client, { language });
      const decoy = { session_id, code: plantDecoy[language] };
      await callOk(client, 'rlm_run_repl', decoy);
      const search = { session_id, code: scans[language]([toBackwards('a decoy')]) };
      const { result } = await callOk(client, 'rlm_run_repl', search);
      assert.match(String(result), /\w/u, 'the search finds what is there');
      const code = scans[language](hidden.map(toBackwards));
      const step = await callOk(client, 'rlm_run_repl', { session_id, code });
      assert.deepStrictEqual(
        [step['error'], String(step['stdout']).trim().toLowerCase()],
        [null, 'true true'],
      );
      assert.match(String(step['result']), /^(\[\]|''|"")$/u);
    });
  }

  it('no reply, trace, export, log, file or process shows one', async () => {
    const ids: string[] = [];
    for (const language of languages) {
      ids.push(await workWith(client, language));
      await askModels(ids.at(-1) ?? '');
      await callOk(client, 'rlm_finalize', { session_id: ids.at(-1), final_var_name: 'x' });
    }
    ids.push(await runModels());
    const replies = await Promise.all([
      callTool(client, 'rlm_status'),
      callTool(client, 'rlm_list_sessions'),
      callTool(client, 'rlm_init_context', { context_paths: ['/proc/self/environ'] }),
      callTool(client, 'rlm_run_repl', { session_id: 'nobody', code: '1' }),
      callTool(client, 'rlm_get_var', { session_id: ids[0], var_name: 'OPENAI_API_KEY' }),
      ...ids.map((session_id) => callTool(client, 'rlm_get_trace', { session_id })),
      client.readResource({ uri: 'rlm://status' }),
      client.listResources(),
      client.listTools(),
    ]);
    checkHidden('replies', JSON.stringify(replies));
    for (const id of ids) {
      for (const format of ['json', 'markdown', 'html']) {
        const args = [cliPath, '--home', home, 'export', id, '--format', format];
        const env = { ...process.env, ...planted };
        const { exitCode, stdout, stderr } = await runChild(process.execPath, args, { env });
        assert.deepStrictEqual([exitCode, stdout.includes(id)], [0, true], stderr);
        checkHidden(`export as ${format}`, stdout + stderr);
      }
    }
    checkHidden('stderr', server.errors());
    await checkFiles();
    if (hasProcessTree) {
      await checkProcesses();
    }
  });

  it('a token is new for each run, and gone with it', async () => {
    await client.close();
    await server.end('SIGTERM');
    await assert.rejects(stat(server.tokenFile), { code: 'ENOENT' });
    server = await startServer({ home, root: folder() });
    const endpoint = await readEndpoint(server.tokenFile);
    assert.notEqual(endpoint.token, token);
    assert.ok(endpoint.token.length >= 43); // 256 bits
    await assert.rejects(connectHttpClient({ url: endpoint.url, token }));
    client = await connectHttpClient(endpoint);
  });

  /** Answers and refusals that hold the key which they were asked with. */
  async function askModels(session_id: string): Promise<void> {
    for (const model of ['openai/small', 'anthropic/small']) {
      const key = planted[model.startsWith('openai') ? 'OPENAI_API_KEY' : 'ANTHROPIC_API_KEY'];
      const before = models.received.length;
      const error = { type: 'authentication_error', message: `No such key: ${key}` };
      models.replies.push(
        { kind: 'answer', pieces: ['Two.'] },
        { kind: 'refusal', status: 401, body: { type: 'error', error } },
        { kind: 'error', pieces: ['T'], code: key },
      );
      const code = `llm_query("How many?", "${model}")`;
      const steps = [];
      for (let asked = 0; asked < 3; asked += 1) {
        const { result, error } = await callOk(client, 'rlm_run_repl', { session_id, code });
        steps.push([String(result).includes('Two.'), error === null]);
      }
      assert.deepStrictEqual(steps, [
        [true, true],
        [false, false],
        [false, false],
      ]);
      const sent = models.received.slice(before).map(({ headers }) => headers.authorization);
      assert.deepStrictEqual(sent, Array<string>(3).fill(`Bearer ${key}`), 'the key is in use');
    }
  }

  /** A whole run that is refused with the key which it was asked with, and one that ends. */
  async function runModels(): Promise<string> {
    const args = { task: 'Count.', context_text: 'abc', language: 'javascript' };
    const model = 'openai/small';
    const error = { message: `No such key: ${planted.OPENAI_API_KEY}` };
    models.replies.push({ kind: 'refusal', status: 401, body: { error } });
    const refused = await callTool(client, 'rlm_execute', { ...args, model });
    assert.equal(refused.isError, true);
    checkHidden('a run that failed', refused.text);
    models.replies.push({ kind: 'answer', pieces: ['```js\nFINAL(context.length)\n```'] });
    const ended = await callOk(client, 'rlm_execute', { ...args, model });
    assert.equal(ended['answer'], '3');
    return String(ended['session_id']);
  }

  /** The token is in its own file, and nothing is in any other. */
  async function checkFiles(): Promise<void> {
    const names = await readdir(home, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    assert.ok(files.length >= 5);
    for (const { name, parentPath } of files) {
      const file = path.join(parentPath, name);
      const text = await readFile(file, 'latin1');
      assert.equal(text.includes(token), file === server.tokenFile, file);
      checkHidden(file, text.replace(token, ''));
    }
  }

  async function checkProcesses(): Promise<void> {
    const { pid = 0 } = server.child;
    const children = await listChildren(pid);
    assert.equal(children.length, 1, 'its sandbox process');
    for (const one of [pid, ...children]) {
      checkHidden(`command line of ${one}`, await readFile(`/proc/${one}/cmdline`, 'latin1'));
    }
    for (const child of children) {
      const environment = await readFile(`/proc/${child}/environ`, 'latin1');
      checkHidden('environment of the sandbox process', environment);
      const names = environment.split('\0').map((entry) => entry.split('=')[0]);
      assert.deepStrictEqual(
        names.filter((name) => name !== '' && !name?.startsWith('NODE_CHANNEL_')),
        ['MALLOC_ARENA_MAX'], // of the allocator; the same for all
      );
    }
  }
});

/** A session with steps that work and steps that fail. */
async function workWith(client: Client, language: Language): Promise<string> {
  const id = await openSession(client, { language });
  for (const code of ['x = 1', 'missing_name', '!!', 'x']) {
    await callOk(client, 'rlm_run_repl', { session_id: id, code });
  }
  return id;
}
