// The ways in which clients come, work and go, as a soak run repeats them.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Language } from '../../src/core/sandbox';
import { type EngineFolders, joinStdio } from './engineProcess';
import { callOk, callTool, connectHttpClient, openSession } from './mcpClient';
import type { Random } from './random';

const forever = { python: 'while True: pass', javascript: 'while (true) {}' } as const;
const slow = { step_timeout_ms: 60_000, max_runtime_ms: 60_000 };
const longestRunMs = 40;
const lanes = 4;
const visitsPerClient = 4;
export const visitsPerRound = lanes * visitsPerClient;

/** One line each: none may hold up other sessions, whatever becomes of its own. `x` is left behind. */
const hostileCodes = {
  python: [
    'x = [{}] * 3_000_000\nllm_query("x", x)',
    'x = "y" * 20_000_000\nprint(x)\nx',
    'x = ["\\ud83d"] * 100_000\nFINAL(x)',
    'x = {str(n): n for n in range(50_000)}\nfor name in x: globals()["v" + name] = x',
    'x = []\nx.append(x)\nfor n in range(10_000): x = [x, x]\nx',
    'x = b"\\xff" * 10_000_000\nFINAL(x)',
    'x = "a" * 1_000_000\nwhile True: llm_query("x" * 1_000_000, x)',
    'x = 1\nsearch(" ".join(f"word{n}" for n in range(2_000)))',
    'x = 1\ngrep("(" * 200 + ")" * 200)\ngrep("(a+)+$")',
  ],
  javascript: [
    'x = new Array(1_500_000).fill(0); llm_query("x", x)',
    'x = "y".repeat(20_000_000); print(x); x',
    'x = new Array(100_000).fill("\\ud83d"); FINAL(x)',
    'x = {}; for (let n = 0; n < 50_000; n++) { x[n] = n; globalThis["v" + n] = x }',
    'x = []; for (let n = 0; n < 10_000; n++) x = [x, x]; x',
    'x = new Uint8Array(10_000_000); FINAL(x)',
    'x = "a".repeat(1_000_000); while (true) { try { llm_query(x, x) } catch {} }',
    'x = 1; search(Array.from({ length: 2_000 }, (_, n) => "word" + n).join(" "))',
    'x = 1; grep("(a+)+$"); grep(new RegExp("(?:a|b)".repeat(2_000), "v"))',
  ],
} as const;

/** Made anew for each use: together they are large. */
const hostileTexts = (): readonly string[] => [
  '"'.repeat(1_500_000),
  '\\"'.repeat(800_000),
  '\n'.repeat(1_500_000),
  '['.repeat(1_000_000),
  '\u0001'.repeat(500_000),
  '# '.repeat(500_000),
];

interface Visit {
  readonly client: Client;
  readonly language: Language;
  readonly random: Random;
}

/** Each opens one session, works in it and leaves it in its own way; tells how many are there then. */
const lives: Readonly<Record<string, (visit: Visit) => Promise<number>>> = {
  finalized: async ({ client, language }) => {
    const session_id = await openSession(client, { language });
    await callOk(client, 'rlm_run_repl', { session_id, code: 'x = [1, 2]' });
    await callOk(client, 'rlm_get_var', { session_id, var_name: 'x' });
    await callOk(client, 'rlm_finalize', { session_id, final_var_name: 'x' });
    return 1;
  },
  cancelled: async ({ client, language, random }) => {
    const session_id = await openSession(client, { language, config: slow });
    const controller = new AbortController();
    const args = { session_id, code: forever[language] };
    const call = callTool(client, 'rlm_run_repl', args, { signal: controller.signal });
    const ended = assert.rejects(call);
    const runMs = random.nextInt(longestRunMs); // half are cancelled at once
    await (runMs % 2 === 0 ? delay(runMs) : undefined);
    controller.abort();
    await ended;
    await callOk(client, 'rlm_run_repl', { session_id, code: '1' });
    return 1;
  },
  expired: async ({ client, language }) => {
    const config = { max_session_ms: 1_000 };
    const session_id = await openSession(client, { language, config });
    const args = { session_id, code: forever[language] };
    const { payload } = await callTool(client, 'rlm_run_repl', args);
    assert.equal(payload['guardrail_stop'], 'timeout');
    return 1;
  },
  stopped: async ({ client, language }) => {
    const session_id = await openSession(client, { language, config: { max_steps: 1 } });
    const step = await callOk(client, 'rlm_run_repl', { session_id, code: '1' });
    assert.equal(step['guardrail_stop'], 'max_steps');
    return 1;
  },
  forked: async ({ client, language }) => {
    const session_id = await openSession(client, { language });
    await callOk(client, 'rlm_run_repl', { session_id, code: 'x = 1' });
    await callOk(client, 'rlm_fork', { session_id });
    return 2;
  },
  watched: async ({ client, language }) => {
    const session_id = await openSession(client, { language });
    const uri = `rlm://sessions/${session_id}`;
    await client.subscribeResource({ uri });
    await callOk(client, 'rlm_run_repl', { session_id, code: '1' });
    await client.readResource({ uri: `${uri}/trace` });
    await callOk(client, 'rlm_list_sessions', { limit: 5 });
    return 1;
  },
  hostile: async ({ client, language, random }) => {
    const config = { max_memory_mb: 64, step_timeout_ms: 1_000 };
    const session_id = await openSession(client, { language, config });
    const codes = hostileCodes[language];
    const code = codes[random.nextInt(codes.length)] ?? '';
    await callTool(client, 'rlm_run_repl', { session_id, code });
    await callTool(client, 'rlm_get_var', { session_id, var_name: 'x', max_chars: 90_000 });
    await callTool(client, 'rlm_get_trace', { session_id });
    await callTool(client, 'rlm_finalize', { session_id, final_var_name: 'x' });
    return 1;
  },
  hostileArguments: async ({ client, language, random }) => {
    const texts = hostileTexts();
    const context_text = texts[random.nextInt(texts.length)] ?? '';
    const session_id = await openSession(client, { language, context_text });
    await callTool(client, 'rlm_run_repl', { session_id, code: context_text.slice(0, 40_000) });
    await callTool(client, 'rlm_init_context', { context_paths: [`*a${'*a'.repeat(30)}*b`] });
    return 1;
  },
  refused: async ({ client, language }) => {
    const args = { context_paths: ['/nowhere'], language };
    assert.equal((await callTool(client, 'rlm_init_context', args)).isError, true);
    return 0;
  },
};
const names = Object.keys(lives);

export interface Soaked {
  readonly endpoint: { readonly url: string; readonly token: string };
  readonly folders: EngineFolders;
  readonly random: Random;
  /** How many visits ended in which way, and how many sessions they made. */
  readonly counts: Record<string, number>;
}

/** A few clients at once, each with a few visits one after another; they go without a word. */
export async function runRound(soaked: Soaked): Promise<void> {
  const served = Array.from({ length: lanes }, () => serveClient(soaked));
  await Promise.allSettled(served); // a client that failed must not leave the others behind
  await Promise.all(served);
}

async function serveClient({ endpoint, folders, random, counts }: Soaked): Promise<void> {
  const transport = random.nextInt(4) > 0 ? 'http' : 'stdio';
  const client = await (transport === 'http' ? connectHttpClient(endpoint) : joinStdio(folders));
  try {
    for (let served = 0; served < visitsPerClient; served += 1) {
      const name = pickLife(random);
      const language = random.nextInt(8) === 0 ? 'python' : 'javascript';
      const visit = { client, language, random } as const;
      const made = await lives[name]?.(visit).catch((cause: unknown) => {
        const how = `${name}, ${language}, ${transport}, RLM_SEED=${random.seed}`;
        throw new Error(`${how}: ${String(cause)}`, { cause });
      });
      counts[name] = (counts[name] ?? 0) + 1;
      counts['sessions'] = (counts['sessions'] ?? 0) + (made ?? 0);
    }
  } finally {
    await client.close();
  }
}

/** Expiring takes a second, so it is rarer. */
function pickLife(random: Random): string {
  const name = names[random.nextInt(names.length)] ?? 'finalized';
  return name === 'expired' && random.nextInt(4) > 0 ? pickLife(random) : name;
}
