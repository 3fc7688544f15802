// Completes session ids and variable names for resource templates and prompt arguments.

import type { Engine } from '../core/engine';
import type { StepFinished } from '../core/event';
import { resourceTemplates } from './resourceUri';

interface CompletionRequest {
  readonly ref:
    | { readonly kind: 'template'; readonly uri: string }
    | { readonly kind: 'prompt'; readonly name: string };
  readonly argument: string;
  /** What has been typed so far. */
  readonly value: string;
  /** Arguments filled in before this one. */
  readonly others: Readonly<Record<string, string>>;
}

/** Source: MCP specification 2025-11-25, completion: at most 100 values. */
const maxValues = 100;
const recentSessions = 200;
const eventsPerRead = 1_000;

/** Never fails: what cannot be completed has no completions. */
export async function complete(engine: Engine, request: CompletionRequest) {
  const candidates = await listCandidates(engine, request).catch(() => []);
  const matching = candidates.filter((candidate) => candidate.startsWith(request.value));
  return {
    values: matching.slice(0, maxValues),
    total: matching.length,
    hasMore: matching.length > maxValues,
  };
}

async function listCandidates(
  engine: Engine,
  { ref, argument, others }: CompletionRequest,
): Promise<readonly string[]> {
  const isTemplate =
    ref.kind === 'template' &&
    Object.values(resourceTemplates).some((template) => template === ref.uri);
  if (isTemplate && argument === 'id') {
    return ref.uri === resourceTemplates.checklist ? listRunIds(engine) : listSessionIds(engine);
  }
  if (isTemplate && argument === 'name' && ref.uri === resourceTemplates.variable) {
    return listVariableNames(engine, others['id'] ?? '');
  }
  if (ref.kind === 'prompt' && ref.name === 'rlm_audit' && argument === 'session_id') {
    return listSessionIds(engine);
  }
  if (ref.kind === 'prompt' && argument === 'profile_id') {
    const list = await engine.agents?.parts.profiles.list();
    return list?.profiles.map(({ id }) => id) ?? [];
  }
  return [];
}

async function listRunIds(engine: Engine): Promise<string[]> {
  const query = { status: null, limit: recentSessions, cursor: null };
  const { summaries } = await engine.traces.listSummaries(query);
  return summaries.filter(({ agent }) => agent !== null).map(({ sessionId }) => sessionId);
}

async function listSessionIds(engine: Engine): Promise<string[]> {
  const query = { status: null, limit: recentSessions, cursor: null };
  const { summaries } = await engine.traces.listSummaries(query);
  return summaries.map(({ sessionId }) => sessionId);
}

async function listVariableNames(engine: Engine, sessionId: string): Promise<string[]> {
  const { usage, contexts } = await engine.sessions.readSummary(sessionId);
  const step = await readLastStep(engine, sessionId, usage.steps);
  const names = [...contexts.map(({ variable }) => variable), ...(step?.outcome.variables ?? [])];
  return [...new Set(names)].sort();
}

async function readLastStep(
  engine: Engine,
  sessionId: string,
  step: number,
): Promise<StepFinished | undefined> {
  let cursor: string | null = null;
  do {
    const page = await engine.traces.readEvents(sessionId, {
      fromStep: step,
      toStep: step,
      cursor,
      limit: eventsPerRead,
    });
    const finished = page.events.find((event) => event.kind === 'step.finished');
    if (finished) {
      return finished;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return undefined;
}
