// What any client may count on, over any transport and any engine, in either language.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Language } from '../../src/core/sandbox';
import { callError, callOk, callTool, openSession } from './mcpClient';

interface McpFlow {
  readonly title: string;
  run(client: Client, language: Language): Promise<void>;
}

interface Snippets {
  readonly assign: string;
  readonly raise: string;
  readonly errorType: string;
  readonly forever: string;
  readonly count: string;
  /** Changes what `assign` has made. */
  readonly change: string;
}

const snippets: Readonly<Record<Language, Snippets>> = {
  python: {
    assign: 'x = [1, 2, 3]\nprint("hello")\nlen(x)',
    raise: 'missing_name',
    errorType: 'NameError',
    forever: 'while True: pass',
    count: 'len(context)',
    change: 'x.append(4)',
  },
  javascript: {
    assign: 'var x = [1, 2, 3];\nprint("hello");\nx.length',
    raise: 'missing_name',
    errorType: 'ReferenceError',
    forever: 'while (true) {}',
    count: 'context.length',
    change: 'x.push(4)',
  },
};

export const mcpFlows: readonly McpFlow[] = [
  {
    title: 'a session goes from its context over steps and a variable to its answer and trace',
    async run(client, language) {
      const id = await openSession(client, { language });
      const code = snippets[language];
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: code.assign });
      assert.deepStrictEqual(
        [step['stdout'], step['result'], step['error'], step['step_index']],
        ['hello\n', '3', null, 1],
      );
      const counted = await callOk(client, 'rlm_run_repl', { session_id: id, code: code.count });
      assert.deepStrictEqual(counted['result'], '16');
      const variable = await callOk(client, 'rlm_get_var', { session_id: id, var_name: 'x' });
      assert.deepStrictEqual([variable['value'], variable['form']], [[1, 2, 3], 'json']);
      const final = { session_id: id, final_text: 'three' };
      const finished = await callOk(client, 'rlm_finalize', final);
      assert.deepStrictEqual(finished['finish_reason'], 'completed');
      assert.deepStrictEqual(await callOk(client, 'rlm_finalize', final), finished);
      assert.deepStrictEqual(await listActions(client, id), [
        'init_context',
        'run_repl',
        'run_repl',
        'finalize',
      ]);
    },
  },
  {
    title: 'code that raises is a result, and the session goes on',
    async run(client, language) {
      const id = await openSession(client, { language });
      const code = snippets[language];
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: code.raise });
      assert.deepStrictEqual(readField(step, 'error', 'type'), code.errorType);
      const next = await callOk(client, 'rlm_run_repl', { session_id: id, code: code.count });
      assert.deepStrictEqual([next['error'], next['step_index']], [null, 2]);
    },
  },
  {
    title: 'a step that runs too long is interrupted and earlier variables stay',
    async run(client, language) {
      const id = await openSession(client, { language, config: { step_timeout_ms: 300 } });
      const code = snippets[language];
      await callOk(client, 'rlm_run_repl', { session_id: id, code: code.assign });
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: code.forever });
      assert.deepStrictEqual(
        [step['interrupted'], readField(step, 'error', 'type'), step['state_lost']],
        ['timeout', 'TimeoutError', false],
      );
      const variable = await callOk(client, 'rlm_get_var', { session_id: id, var_name: 'x' });
      assert.deepStrictEqual(variable['value'], [1, 2, 3]);
    },
  },
  {
    title: 'the step that reaches a guardrail answers, and later ones say which it was',
    async run(client, language) {
      const id = await openSession(client, { language, max_steps: 1 });
      const code = snippets[language].count;
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code });
      assert.deepStrictEqual([step['result'], step['guardrail_stop']], ['16', 'max_steps']);
      const refused = await callTool(client, 'rlm_run_repl', { session_id: id, code });
      assert.deepStrictEqual(
        [refused.isError, readField(refused.payload, 'error', 'code')],
        [true, 'GUARDRAIL_STOPPED'],
      );
      assert.deepStrictEqual(refused.payload['guardrail_stop'], 'max_steps');
      const finished = await callOk(client, 'rlm_finalize', { session_id: id, final_text: 'x' });
      assert.deepStrictEqual(finished['finish_reason'], 'max_steps');
    },
  },
  {
    title: 'a long string is read in pages that join to the whole',
    async run(client, language) {
      const text = 'ab\u{1F600}cd\n'.repeat(500);
      const id = await openSession(client, { language, context_text: text });
      let read = '';
      let offset: unknown = 0;
      while (offset !== null) {
        const args = { session_id: id, var_name: 'context', offset, max_chars: 700 };
        const page = await callOk(client, 'rlm_get_var', args);
        read += String(page['value']);
        offset = page['next_offset'];
      }
      assert.deepStrictEqual(read, text);
    },
  },
  {
    title: 'a cancelled step keeps its session',
    async run(client, language) {
      const config = { step_timeout_ms: 3_600_000, max_runtime_ms: 3_600_000 };
      const id = await openSession(client, { language, config });
      const controller = new AbortController();
      const code = snippets[language].forever;
      const call = callTool(
        client,
        'rlm_run_repl',
        { session_id: id, code },
        { signal: controller.signal },
      ).catch(() => undefined);
      controller.abort();
      await call;
      const next = await callOk(client, 'rlm_run_repl', {
        session_id: id,
        code: snippets[language].count,
      });
      assert.deepStrictEqual(next['result'], '16');
    },
  },
  {
    title: 'more text can be loaded beside the context',
    async run(client, language) {
      const id = await openSession(client, { language });
      const args = { session_id: id, context_text: 'delta', name: 'extra' };
      const added = await callOk(client, 'rlm_add_context', args);
      assert.deepStrictEqual(readField(added, 'context', 'variable'), 'extra');
      const read = await callOk(client, 'rlm_get_var', { session_id: id, var_name: 'extra' });
      assert.deepStrictEqual(read['value'], 'delta');
    },
  },
  {
    title: 'a fork has the state after a step, rebuilt from the record, and a life of its own',
    async run(client, language) {
      const id = await openSession(client, { language });
      const code = snippets[language];
      for (const step of [code.assign, code.change, code.count]) {
        await callOk(client, 'rlm_run_repl', { session_id: id, code: step });
      }
      await callOk(client, 'rlm_finalize', { session_id: id, final_text: 'done' });
      const fork = await callOk(client, 'rlm_fork', { session_id: id, at_step: 1 });
      assert.deepStrictEqual(fork['replay'], {
        steps_run: 1,
        steps_skipped: 0,
        difference_count: 0,
        differences: [],
      });
      const read = { session_id: fork['session_id'], var_name: 'x' };
      assert.deepStrictEqual((await callOk(client, 'rlm_get_var', read))['value'], [1, 2, 3]);
      const next = { session_id: fork['session_id'], code: code.count };
      const step = await callOk(client, 'rlm_run_repl', next);
      assert.deepStrictEqual([step['result'], step['step_index']], ['16', 2]);
      const error = await callError(client, 'rlm_fork', { session_id: id, at_step: 9 });
      assert.deepStrictEqual(error.code, 'INVALID_INPUT');
    },
  },
  {
    title: 'sessions are listed, and unknown ones are named in the error',
    async run(client, language) {
      const id = await openSession(client, { language, title: 'listed' });
      const { sessions } = await callOk(client, 'rlm_list_sessions', { status: 'active' });
      const listed = toList(sessions).find((session) => session['session_id'] === id);
      assert.deepStrictEqual(listed?.['title'], 'listed');
      const error = await callError(client, 'rlm_run_repl', { session_id: 'nobody', code: '1' });
      assert.deepStrictEqual(error.code, 'SESSION_NOT_FOUND');
      assert.ok(error.message.includes('nobody'));
    },
  },
  {
    title: 'the status names both sandboxes',
    async run(client) {
      const status = await callOk(client, 'rlm_status');
      const languages = toList(readField(status, 'sandbox', 'backends'))
        .filter(({ backend }) => backend === 'wasm')
        .map((backend) => backend['language']);
      assert.deepStrictEqual(languages.sort(), ['javascript', 'python']);
    },
  },
  {
    title: 'the session’s resources show what the tools show',
    async run(client, language) {
      const id = await openSession(client, { language });
      const { contents } = await client.readResource({ uri: `rlm://sessions/${id}/vars/context` });
      const [content] = contents;
      assert.ok(content && 'text' in content);
      assert.deepStrictEqual(content.text, 'alpha\nbeta\ngamma');
    },
  },
];

async function listActions(client: Client, id: string): Promise<unknown[]> {
  const { events } = await callOk(client, 'rlm_get_trace', { session_id: id });
  return toList(events).map((event) => event['action']);
}

/** A list of objects in a reply. */
export function toList(value: unknown): Record<string, unknown>[] {
  assert.ok(Array.isArray(value));
  return value as Record<string, unknown>[]; // the client has checked the reply against its schema
}

/** `payload[name][inner]`, or undefined. */
export function readField(payload: Record<string, unknown>, name: string, inner: string): unknown {
  const value = payload[name];
  return typeof value === 'object' && value !== null && Object.hasOwn(value, inner)
    ? (value as Record<string, unknown>)[inner] // an own key, as just checked
    : undefined;
}
