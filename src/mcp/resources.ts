// Resources: the engine's status, its sessions, their traces and variables.

import { ErrorCode as RpcErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { toWellFormedJson } from '../base/wellFormed';
import type { Engine } from '../core/engine';
import { type ErrorCode, RlmError, toRlmError } from '../core/errors';
import type { Summary } from '../core/summary';
import { readChecklist, readProfiles, readTimeline } from './agentResources';
import { readCurrentPage } from './currentPage';
import { cutJsonList, maxResultChars } from './fit';
import { readFittingPage } from './fitPage';
import { Progress, defaultProgressOptions } from './progress';
import { sayReplaced } from './replacedText';
import { parseResourceUri, resourceTemplates, toSessionUri } from './resourceUri';
import { toSessionDetail, toSessionViews } from './sessionView';
import { toStatusView } from './statusView';
import { toUnreadableView } from './unreadableView';
import { toEntryView } from './tools/sandboxFiles';
import { readTracePage } from './tracePage';

/** Source: MCP specification 2025-11-25, resources, "Error Handling". */
const resourceNotFound = -32002;
const sessionsPerPage = 50;
const traceEntries = 500;
const maxFileListChars = 90_000;
const traceDetailChars = 4_000;
const jsonMime = 'application/json';

/** There is nothing of that name, or nothing of that kind here. */
const notFoundCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['SESSION_NOT_FOUND', 'VAR_NOT_FOUND', 'AGENT_NOT_FOUND'] as const),
]);

interface Content {
  readonly mimeType: string;
  readonly text: string;
  readonly _meta?: Record<string, unknown>;
}

export async function listResources(engine: Engine, cursor: string | null) {
  const page = await translateErrors(null, () =>
    engine.traces.listSummaries({ status: null, limit: sessionsPerPage, cursor }),
  );
  const fixed = [
    {
      uri: 'rlm://status',
      name: 'status',
      title: 'RLM engine status',
      description: 'Version, sandboxes, models, storage.',
      mimeType: jsonMime,
    },
    {
      uri: 'rlm://sessions',
      name: 'sessions',
      title: 'RLM sessions',
      description: 'The newest sessions with status and usage.',
      mimeType: jsonMime,
    },
  ];
  const profiles = {
    uri: 'rlm://profiles',
    name: 'profiles',
    title: 'Profiles of agents',
    description: 'What agents can be spawned by, with goals, checklist and limits.',
    mimeType: jsonMime,
  };
  const first = engine.agents ? [...fixed, profiles] : fixed;
  return {
    resources: [...(cursor === null ? first : []), ...page.summaries.map(toSessionResource)],
    ...(page.nextCursor === null ? {} : { nextCursor: page.nextCursor }),
  };
}

const checklistTemplate = {
  uriTemplate: resourceTemplates.checklist,
  name: 'checklist',
  title: 'Checklist of an agent run',
  description: 'Its items, which are done, and by which event.',
  mimeType: jsonMime,
};

export function listResourceTemplates(engine: Engine) {
  return [
    {
      uriTemplate: resourceTemplates.session,
      name: 'session',
      title: 'One session',
      description:
        'Status, limits, usage, contexts and answer of a session; of an agent run what happened, a line each.',
      mimeType: jsonMime,
    },
    {
      uriTemplate: resourceTemplates.trace,
      name: 'trace',
      title: 'Trace of a session',
      description: 'Its events from the first on; next_cursor continues with rlm_get_trace.',
      mimeType: jsonMime,
    },
    {
      uriTemplate: resourceTemplates.files,
      name: 'files',
      title: 'Files of a session',
      description:
        'What lies in the work folder of a session whose sandbox is there; sandbox_files lists other folders, and brings an ended session back.',
      mimeType: jsonMime,
    },
    {
      uriTemplate: resourceTemplates.variable,
      name: 'variable',
      title: 'Variable of a session',
      description:
        'A variable of a session, live or ended: as much of its text as one reply holds; rlm_get_var pages through it.',
    },
    ...(engine.agents ? [checklistTemplate] : []),
  ];
}

/** @throws McpError -32002 with the uri when there is no such resource. */
export async function readResource(engine: Engine, uri: string, signal: AbortSignal) {
  const content = await translateErrors(uri, () => readContent(engine, uri, signal));
  return { contents: [{ uri, ...content }] };
}

/** @throws McpError -32002 with the uri when there is no such resource. */
export async function checkResource(engine: Engine, uri: string): Promise<void> {
  await translateErrors(uri, async () => {
    const address = parseResourceUri(uri);
    if (!address) {
      throw notFound(uri);
    }
    if ('sessionId' in address) {
      await engine.sessions.readSummary(address.sessionId);
    }
  });
}

async function readContent(engine: Engine, uri: string, signal: AbortSignal): Promise<Content> {
  const address = parseResourceUri(uri);
  switch (address?.kind) {
    case undefined:
      throw notFound(uri);
    case 'status':
      return toJsonContent(toStatusView(await engine.readStatus()));
    case 'sessions':
      return toJsonContent(await readSessions(engine));
    case 'session':
      return toJsonContent(await readSession(engine, address.sessionId));
    case 'profiles':
      return toJsonContent(await readProfiles(engine));
    case 'checklist':
      return toJsonContent(await readChecklist(engine, address.sessionId));
    case 'trace':
      return toJsonContent(await readTrace(engine, address.sessionId));
    case 'files':
      return toJsonContent(await readFiles(engine, address.sessionId, signal));
    case 'variable':
      return readVariable(engine, address, signal);
  }
}

async function readSession(engine: Engine, sessionId: string) {
  const summary = await engine.sessions.readSummary(sessionId);
  const timeline = summary.agent ? await readTimeline(engine, sessionId) : {};
  return { ...toSessionDetail(summary), ...timeline };
}

async function readSessions(engine: Engine) {
  const page = await readFittingPage(
    async (limit, cursor) => {
      const query = { status: null, limit, cursor };
      const { summaries, nextCursor } = await engine.traces.listSummaries(query);
      return { items: toSessionViews(summaries, engine.sessions), nextCursor };
    },
    sessionsPerPage,
    null,
  );
  return { sessions: page.items, next_cursor: page.nextCursor };
}

async function readTrace(engine: Engine, sessionId: string) {
  const page = await readTracePage(engine, {
    sessionId,
    fromStep: null,
    toStep: null,
    cursor: null,
    limit: traceEntries,
    maxChars: maxResultChars,
    detail: { kind: 'full', maxChars: traceDetailChars, textOffset: 0 },
  });
  return {
    events: page.entries,
    next_cursor: page.nextCursor,
    ...toUnreadableView(page.unreadable),
  };
}

/** Of a session that is not live nothing is brought back: reading a resource changes nothing. */
async function readFiles(engine: Engine, sessionId: string, signal: AbortSignal) {
  const { status } = await engine.sessions.readSummary(sessionId);
  const session = engine.sessions.live.find(({ id }) => id === sessionId);
  if (!session || session.isBroken) {
    return { session_id: sessionId, live: false, status, entries: [], next: 'sandbox_files' };
  }
  const list = await session.files.list('.', signal).catch((thrown: unknown) => {
    const error = toRlmError(thrown);
    if (error.code !== 'BACKEND_UNAVAILABLE') {
      throw error;
    }
    return error;
  });
  if (list instanceof RlmError) {
    return { session_id: sessionId, live: true, entries: [], unavailable: list.message };
  }
  const entries = cutJsonList(list.entries.map(toEntryView), maxFileListChars);
  return {
    ...{ session_id: sessionId, live: true, path: list.path, total: list.total, entries },
    ...(entries.length < list.total && { truncated: true }),
    ...(list.filesLost && { files_lost: true }),
  };
}

async function readVariable(
  engine: Engine,
  address: { readonly sessionId: string; readonly name: string },
  signal: AbortSignal,
): Promise<Content> {
  const { sessionId, name } = address;
  const { page, replay, beforeStep } = await readCurrentPage(
    { engine, signal, progress: new Progress(null, defaultProgressOptions) },
    sessionId,
    { name, offset: 0, maxChars: maxResultChars },
  );
  const { text, form, nextOffset, totalChars, incomplete, replaced } = page;
  const isWhole = nextOffset === null && incomplete === null;
  const isCut = nextOffset !== null;
  return {
    mimeType: form === 'json' && isWhole ? jsonMime : 'text/plain',
    text: isCut
      ? `${text}\n… [${toCount(nextOffset)} of ${toCount(totalChars)} characters: read on with rlm_get_var, offset ${nextOffset}]`
      : text,
    _meta: {
      ...(isCut && { truncated: true, total_chars: totalChars, next_offset: nextOffset }),
      ...(incomplete !== null && { incomplete }),
      ...(replaced > 0 && { replaced_surrogates: replaced }),
      ...(replay?.difference_count && { replay_differences: replay.difference_count }),
      ...(beforeStep !== null && { before_step: beforeStep }),
    },
  };
}

function toSessionResource(summary: Summary) {
  return {
    uri: toSessionUri(summary.sessionId),
    name: summary.sessionId,
    title: summary.title,
    description: `${summary.status}, ${summary.language ?? 'agent'}, ${summary.usage.steps} steps`,
    mimeType: jsonMime,
    annotations: { lastModified: new Date(summary.updatedAt).toISOString() },
  };
}

function toCount(count: number): string {
  return count.toLocaleString('en');
}

/** Made well-formed as a value: JSON text would hide half a pair in an escape. */
function toJsonContent(given: object): Content {
  const { value, replaced } = toWellFormedJson(given);
  return { mimeType: jsonMime, text: JSON.stringify(sayReplaced(value, replaced)) };
}

function notFound(uri: string): McpError {
  return new McpError(resourceNotFound, `There is no resource ${uri}.`, { uri });
}

async function translateErrors<T>(uri: string | null, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (thrown) {
    if (thrown instanceof McpError) {
      throw thrown;
    }
    const { code, message, nextStep } = toRlmError(thrown);
    if (uri !== null && notFoundCodes.has(code)) {
      throw notFound(uri);
    }
    throw new McpError(
      code === 'INVALID_INPUT' ? RpcErrorCode.InvalidParams : RpcErrorCode.InternalError,
      message,
      { code, next_step: nextStep },
    );
  }
}
