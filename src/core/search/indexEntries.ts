// Which entries of the index an event makes. A step or command that has begun is an entry until its end takes its
// place. Pure.

import { cutMiddle, toCounted, toOneLine } from '../../base/text';
import { toAgentLine } from '../agent/agentWords';
import { type AgentEvent, type ContextLoaded, isAgentEvent, type TraceEvent } from '../event';
import { toEventAction } from '../traceActions';
import type { EntryOutcome, IndexEntry } from './contextIndex';

/** Of a longer one the beginning and the end are indexed. */
const maxTextChars = 40_000;
const titleChars = 200;
const maxFiles = 100;
const promptChars = 4_000;

/** What has begun, and is an entry of its own until its end. */
export interface HeldEntries {
  readonly step: { readonly number: number; readonly step: number; readonly code: string } | null;
  /** Numbers of commands by their action. */
  readonly commands: Readonly<Record<string, number>>;
}

export const nothingHeld: HeldEntries = { step: null, commands: {} };

export interface EntryFold {
  /** Null: it means nothing to who searches. */
  readonly put: IndexEntry | null;
  /** The number of the entry whose place it takes. */
  readonly remove: number | null;
  readonly held: HeldEntries;
}

interface Told {
  readonly title: string;
  readonly text: string;
  readonly outcome?: EntryOutcome;
  readonly files?: readonly string[];
  readonly tags?: readonly string[];
  readonly related?: readonly string[];
}

/** `number`: of the event in the trace of `sessionId`. */
export function foldIntoEntries(
  held: HeldEntries,
  event: TraceEvent,
  { sessionId, number }: { readonly sessionId: string; readonly number: number },
): EntryFold {
  const told = tell(event, held, sessionId);
  const put = told && {
    number,
    at: event.at,
    step: event.step,
    kind: toEventAction(event, sessionId),
    outcome: told.outcome ?? 'ok',
    title: toOneLine(told.title, titleChars),
    text: cutMiddle(told.text, maxTextChars),
    files: [...new Set(told.files ?? [])].slice(0, maxFiles),
    tags: told.tags ?? [],
    relatedSessions: [...new Set(told.related ?? [])],
  };
  return { put, ...holdOn(held, event, number) };
}

/** What waits for its end after the event, and whose place the event takes. */
function holdOn(held: HeldEntries, event: TraceEvent, number: number): Omit<EntryFold, 'put'> {
  if (event.kind === 'step.started') {
    const code = cutMiddle(event.code, maxTextChars / 2);
    return { remove: null, held: { ...held, step: { number, step: event.step, code } } };
  }
  if (event.kind === 'step.finished') {
    return { remove: findStep(held, event.step)?.number ?? null, held: { ...held, step: null } };
  }
  if (event.kind === 'agent.started') {
    const commands = { ...held.commands, [event.actionId]: number };
    return { remove: null, held: { ...held, commands } };
  }
  if (event.kind === 'agent.ran') {
    const { [event.actionId]: started = null, ...commands } = held.commands;
    return { remove: started, held: { ...held, commands } };
  }
  return { remove: null, held };
}

function findStep({ step }: HeldEntries, index: number): HeldEntries['step'] {
  return step?.step === index ? step : null;
}

function tell(event: TraceEvent, held: HeldEntries, sessionId: string): Told | null {
  if (isAgentEvent(event)) {
    return tellOfAgent(event);
  }
  switch (event.kind) {
    case 'session.opened': {
      const { agent, parentSessionId } = event;
      return {
        title: event.title,
        text: agent ? join(agent.task, ...agent.goals, agent.folder) : event.title,
        related: parentSessionId === null ? [] : [parentSessionId],
      };
    }
    case 'context.loaded':
      return tellOfContext(event);
    case 'step.started':
      return { title: `Step ${event.step}`, text: event.code, outcome: 'running' };
    case 'step.finished': {
      const { outcome, stop } = event;
      const { error, interruption } = outcome;
      const code = findStep(held, event.step)?.code ?? '';
      const failed = error !== null || interruption !== null;
      return {
        title: `Step ${event.step}${error ? `: ${error.type}: ${error.message}` : ''}`,
        text: join(
          code,
          outcome.stdout,
          outcome.stderr,
          outcome.result,
          error?.traceback ?? error?.message,
          outcome.finalAnswer,
        ),
        outcome: stop !== null ? 'stopped' : failed ? 'error' : 'ok',
      };
    }
    case 'model.answered': {
      const prompt = event.purpose === 'loop' ? '' : cutMiddle(event.prompt, promptChars);
      return {
        title: event.error === null ? `Answer of ${event.model}` : `${event.model} failed`,
        text: join(event.answer ?? event.error, prompt),
        outcome: event.error === null ? 'ok' : 'error',
        related: event.childSessionId === null ? [] : [event.childSessionId],
      };
    }
    case 'loop.started':
      return { title: 'Task', text: event.task };
    case 'loop.finished':
      return {
        title: `Run ended: ${event.finishReason}`,
        text: event.error ?? event.finishReason,
        outcome:
          event.finishReason === 'submitted' ? 'ok' : event.error === null ? 'stopped' : 'error',
      };
    case 'session.stopped':
      return { title: 'Stopped', text: event.cause, outcome: 'stopped' };
    case 'session.finalized':
      return { title: 'Answer', text: event.answer };
    case 'session.replayed':
      return event.differenceCount === 0 && event.sourceSessionId === sessionId
        ? null
        : {
            title: `Replayed ${event.sourceSessionId}`,
            text: event.differences
              .map(({ field, recorded, replayed }) => `${field}: ${recorded} → ${replayed}`)
              .join('\n'),
            outcome: event.differenceCount === 0 ? 'ok' : 'error',
            related: event.sourceSessionId === sessionId ? [] : [event.sourceSessionId],
          };
    case 'file.written':
      return {
        title: `${event.side === 'sandbox' ? 'Uploaded' : 'Downloaded'} ${event.path}`,
        text: join(event.path, event.sourcePath, event.sha256),
        files: event.sourcePath === null ? [event.path] : [event.path, event.sourcePath],
      };
    case 'shell.finished':
      return {
        title: event.command,
        text: join(event.command, event.stdout, event.stderr),
        outcome:
          event.stop !== null
            ? 'stopped'
            : event.exitCode === 0 && event.interruption === null
              ? 'ok'
              : 'error',
      };
    case 'session.closed':
      return null; // nothing that anybody looks for
  }
}

function tellOfContext({ context, given }: ContextLoaded): Told {
  const paths = [...given.paths, ...context.sources.map(({ path }) => path)];
  return {
    title: `Loaded ${toCounted(context.sourceCount, 'source')} into ${context.variable}`,
    text: join(...paths, context.preview, ...context.warnings),
    files: paths,
  };
}

function tellOfAgent(event: AgentEvent): Told | null {
  const { title, detail } = toAgentLine(event);
  const line = detail === '' ? title : `${title}: ${detail}`;
  switch (event.kind) {
    case 'agent.changed':
      return {
        title: line,
        text: join(event.reason, event.branch, ...event.leftBehind),
        outcome: stateOutcomes[event.to] ?? 'ok',
      };
    case 'agent.said':
      return { title, text: event.text };
    case 'agent.started':
      return { title: line, text: event.command, outcome: 'running' };
    case 'agent.ran':
      return {
        title: line,
        text: join(event.command, event.output),
        outcome: resultOutcomes[event.result],
      };
    case 'agent.edited':
      return {
        title: line,
        text: event.diff,
        files: event.changes.map(({ path }) => path),
        outcome: resultOutcomes[event.result],
      };
    case 'agent.called':
      return {
        title: line,
        text: join(event.arguments, event.output),
        outcome: resultOutcomes[event.result],
      };
    case 'agent.asked':
      return { title: line, text: join(event.command, event.reason, event.diff) };
    case 'agent.decided':
      return {
        title: line,
        text: event.note ?? '',
        outcome: event.decision === 'accept' ? 'ok' : 'stopped',
      };
    case 'agent.noted':
      return { title, text: event.note, tags: event.tags };
    case 'agent.checked':
      return { title: line, text: join(event.item, event.note) };
    case 'agent.summarized':
      return { title: 'Summary', text: join(event.narrative, event.facts) };
    case 'agent.delegated':
      return { title: line, text: event.profileId, related: [event.childSessionId] };
    case 'agent.failed':
      return { title: line, text: join(event.code, event.message), outcome: 'error' };
    case 'agent.audited':
      return { title: line, text: event.payload };
    case 'agent.refused':
      return { title: line, text: event.what, outcome: 'stopped' };
  }
}

const stateOutcomes: Readonly<Record<string, EntryOutcome>> = {
  failed: 'error',
  terminated: 'stopped',
  interrupted: 'stopped',
};

const resultOutcomes = {
  ok: 'ok',
  failed: 'error',
  refused: 'stopped',
  interrupted: 'stopped',
  unknown: 'error',
} as const;

function join(...texts: readonly (string | null | undefined)[]): string {
  return texts.filter((text) => text !== null && text !== undefined && text !== '').join('\n');
}
