// Models behind a real engine: whom its environment names, what its trace and status say, and that an
// interrupted step hangs up.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import * as z from 'zod';
import { readEndpoint, type RunningServer, startServer } from '../../support/engineProcess';
import { type FakeModelServer, startFakeModelServer } from '../../support/fakeModelServer';
import { callOk, connectHttpClient, openSession } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const statusSchema = z.object({
  models: z.array(z.object({ provider: z.string(), state: z.string(), detail: z.string() })),
});

describe('models behind an engine', function () {
  this.timeout(60_000);
  const folder = useTempFolder();
  let models: FakeModelServer;
  let server: RunningServer;
  let client: Client;

  beforeEach(async () => {
    models = await startFakeModelServer();
    const given = {
      RLM_MODEL: 'openai/large',
      RLM_SUBTASK_MODEL: 'anthropic/small',
      RLM_MAX_ITERATIONS: '2',
      OPENAI_BASE_URL: `${models.url}/v1`,
      ANTHROPIC_BASE_URL: models.url,
    };
    const unset = { OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '' };
    const env = { ...process.env, ...given, ...unset };
    server = await startServer({ home: path.join(folder(), 'home'), root: folder() }, env);
    client = await connectHttpClient(await readEndpoint(server.tokenFile));
  });
  afterEach(async () => {
    await client.close();
    await server.end('SIGTERM');
    await models.close();
  });

  it('code asks the model of the environment, or the one it names; the trace shows which', async () => {
    const session_id = await openSession(client);
    models.replies.push(
      { kind: 'answer', pieces: ['One', '.'] },
      { kind: 'answer', pieces: ['Two', '.'] },
    );
    const code = `llm_query('How many?') + llm_query('And now?', 'openai/org/large')`;
    const { result } = await callOk(client, 'rlm_run_repl', { session_id, code });
    assert.match(String(result), /One\.Two\./u);
    const trace = JSON.stringify(await callOk(client, 'rlm_get_trace', { session_id }));
    assert.match(trace, /"model":"anthropic\/small"[^]*"model":"openai\/org\/large"/u);
    assert.deepStrictEqual(
      models.received.map(({ path: asked, body }) => [asked, body['model']]),
      [
        ['/v1/messages', 'small'],
        ['/v1/chat/completions', 'org/large'],
      ],
    );
  });

  it('a step that is interrupted hangs up on the model', async () => {
    const session_id = await openSession(client, { config: { step_timeout_ms: 1_000 } });
    models.replies.push({ kind: 'stalled', pieces: ['One'] });
    const hungUp = models.waitForHangUp();
    const code = `llm_query('How many?')`;
    const { error } = await callOk(client, 'rlm_run_repl', { session_id, code });
    await hungUp;
    assert.equal(z.object({ type: z.string() }).parse(error).type, 'TimeoutError');
    assert.equal(models.received.length, 1);
  });

  it('a session that waits for its model keeps no other waiting', async () => {
    const slow = await openSession(client);
    const other = await openSession(client);
    let answer: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      answer = resolve;
    });
    models.replies.push({ kind: 'answer', pieces: ['One.'], until });
    const waiting = callOk(client, 'rlm_run_repl', { session_id: slow, code: `llm_query('?')` });
    const step = await callOk(client, 'rlm_run_repl', { session_id: other, code: '6 * 7' });
    answer();
    assert.deepStrictEqual([step['result'], (await waiting)['result']], ['42', "'One.'"]);
  });

  it('a run takes its iterations and its prompts from the user, and its end when cancelled hangs up', async () => {
    const prompts = path.join(folder(), 'home', 'prompts');
    await mkdir(prompts, { recursive: true });
    await writeFile(path.join(prompts, 'taskExecute.md'), 'My own words: {{task}} {{context}}');
    const think = { kind: 'answer', pieces: ['```js\n', 'n = 1', '\n```'] } as const;
    models.replies.push(think, think, { kind: 'answer', pieces: ['It is 1.'] });
    const args = { task: 'Count.', context_text: 'abc', language: 'javascript' };
    const ended = await callOk(client, 'rlm_execute', args);
    assert.deepStrictEqual(
      [ended['answer'], ended['iterations'], ended['finish_reason'], models.received.length],
      ['It is 1.', 2, 'max_iterations', 3],
    );
    assert.match(JSON.stringify(models.received[0]?.body), /My own words: Count\./u);

    models.replies.push({ kind: 'stalled', pieces: ['Let me'] });
    const hungUp = models.waitForHangUp();
    const cancel = new AbortController();
    const onprogress = (): void => {
      if (models.received.length === 4) {
        cancel.abort();
      }
    };
    await assert.rejects(
      callOk(client, 'rlm_execute', args, { signal: cancel.signal, onprogress }),
    );
    await hungUp;
  });

  it('a run whose model never answers ends with its session’s time, and hangs up', async () => {
    models.replies.push({ kind: 'stalled', pieces: [] });
    const hungUp = models.waitForHangUp();
    const ended = await callOk(client, 'rlm_execute', {
      task: 'Count.',
      context_text: 'abc',
      config: { max_session_ms: 2_000 },
    });
    await hungUp;
    assert.deepStrictEqual(
      [ended['status'], ended['answer'], ended['finish_reason'], models.received.length],
      ['finished', null, 'timeout', 1],
    );
  });

  it('the status shows every provider, and asks no model for it', async () => {
    const status = statusSchema.parse(await callOk(client, 'rlm_status'));
    assert.deepStrictEqual(
      status.models.map(({ provider, state }) => [provider, state]),
      [
        ['sampling', 'off'], // this client offers none
        ['caller', 'ready'],
        ['openai', 'ready'],
        ['anthropic', 'ready'],
      ],
    );
    const { contents } = await client.readResource({ uri: 'rlm://status' });
    assert.match(JSON.stringify(contents), /sampling[^}]*by_client/u, 'of no client in particular');
    assert.deepStrictEqual([...new Set(models.received.map(({ method }) => method))], ['GET']);
  });
});
