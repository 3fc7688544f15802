// rlm_status: what this engine is and whether its parts work.

import * as z from 'zod';
import { toInline, toInlineCode, toTable } from '../../base/markdown';
import { toCounted } from '../../base/text';
import { type AskClient, providerStates } from '../../core/model';
import { backendField, countField, cutSchema, languageField, statusField } from '../fields';
import { fitPayload } from '../fit';
import { toStatusView } from '../statusView';
import { defineTool } from '../tool';

const output = z.object({
  engine_id: z.string(),
  version: z.string(),
  pid: countField,
  uptime_ms: countField,
  sandbox: z.object({
    placement: z
      .enum(['not-started', 'process', 'engine'])
      .describe('Where code runs: a process of its own, or inside the engine.'),
    walls: z.array(z.string()).describe('Permission flags that hold for the sandbox process.'),
    backends: z.array(
      z.object({
        backend: backendField,
        language: languageField,
        works: z.boolean(),
        detail: z.string().describe('Engine and version, or why it does not work.'),
        next_step: z.string().nullable().describe('What would make it work.'),
        image: z.string().nullable(),
        image_digest: z.string().nullable(),
        walls: z.array(z.string()),
        live: countField,
        warm: countField,
      }),
    ),
    live_sandboxes: countField,
    warm_workers: countField,
  }),
  models: z
    .array(
      z.object({
        provider: z.string().describe('What stands before the slash in a model name.'),
        state: z
          .enum(providerStates)
          .describe('Reachable, answers by its client, not set up, or set up and not reachable.'),
        detail: z.string(),
        models: z.array(z.string()).describe('Names to ask by, the first 50.'),
      }),
    )
    .describe('What can answer llm_query.'),
  model_quotas: z
    .array(z.object({ name: z.string(), used: countField, limit: countField.nullable() }))
    .optional()
    .describe('What you may ask of the server’s models, in UTC days and months; null: any number.'),
  sessions_by_status: z.partialRecord(statusField, countField),
  live_sessions: countField.describe('Sessions that hold a sandbox now.'),
  storage: z.object({ path: z.string(), sessions: countField, bytes: countField }),
  index: z
    .object({
      works: z.boolean(),
      state: z.enum(['ready', 'not-built', 'unavailable']),
      detail: z.string(),
      next_step: z.string().optional(),
      embeddings: z
        .object({ model: z.string(), works: z.boolean(), detail: z.string() })
        .optional()
        .describe('Left out: words alone are searched.'),
      sessions: countField.optional(),
      entries: countField.optional(),
      bytes: countField.optional(),
      unreadable_lines: countField.optional(),
      mended: z.string().optional().describe('What was wrong with it.'),
    })
    .describe('What search_runs asks.'),
  allowed_roots: z.array(z.string()).describe('Folders that context_paths may lie in.'),
  truncated: z.boolean(),
  cut: cutSchema,
});

export const status = defineTool({
  name: 'rlm_status',
  title: 'Show the engine’s status',
  description:
    'Says whether the sandboxes work, which models are reachable (without asking them), which folders ' +
    'context_paths may lie in, where traces are kept, and how many sessions there are. Use it after ' +
    'PATH_NOT_ALLOWED, BACKEND_UNAVAILABLE or MODEL_UNAVAILABLE, or before a long run. Costs nothing. ' +
    'Next: rlm_init_context.',
  input: z.strictObject({}),
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ engine, sample }) {
    const { models, ...view } = toStatusView(await engine.readStatus());
    const shown = { ...view, models: models.map((one) => toOwnView(one, sample)) };
    const { payload, cut } = fitPayload(shown, ['models', 'allowed_roots']);
    return { ...payload, truncated: cut.length > 0, cut };
  },
  toMarkdown: (payload) =>
    [
      `## RLM Companion ${toInline(payload.version)}`,
      ...toTable(
        ['backend', 'language', 'works', 'detail', 'walls'],
        payload.sandbox.backends.map((one) => [
          one.backend,
          one.language,
          one.works ? 'yes' : 'no',
          [one.detail, one.next_step ?? ''].join(' ').trim(),
          one.walls.join(', '),
        ]),
      ),
      `**Allowed roots:** ${payload.allowed_roots.map(toInlineCode).join(', ') || 'none'}`,
      ...toTable(
        ['models of', 'state', 'detail', 'names'],
        payload.models.map(({ provider, state, detail, models }) => [
          provider,
          state,
          detail,
          models.join(', '),
        ]),
      ),
      ...toTable(
        ['quota', 'used', 'of'],
        (payload.model_quotas ?? [])
          .filter(({ limit }) => limit !== null)
          .map(({ name, used, limit }) => [name, String(used), String(limit)]),
      ),
      `**Sessions:** ${Object.entries(payload.sessions_by_status)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ')}; ${payload.live_sessions} live`,
      `**Storage:** ${toInlineCode(payload.storage.path)}, ${toCounted(payload.storage.sessions, 'session')}, ${toCounted(payload.storage.bytes, 'byte')}`,
      `**Index of sessions:** ${toInline([payload.index.detail, payload.index.next_step ?? ''].join(' ').trim())}`,
      `Engine ${toInlineCode(payload.engine_id)}, process ${payload.pid}, up ${Math.round(payload.uptime_ms / 1_000)} s; sandbox: ${payload.sandbox.placement}.`,
    ].join('\n\n'),
});

type ModelView = z.output<typeof output>['models'][number];

/** What the client that asks offers is known here. */
function toOwnView(model: ModelView, sample: AskClient | null): ModelView {
  if (model.state !== 'by_client') {
    return model;
  }
  return model.provider === 'sampling' && sample === null
    ? { ...model, state: 'off', detail: 'your client offers no MCP sampling' }
    : { ...model, state: 'ready' };
}
