// What a driver tells, as events of the trace. Deltas are for those who watch, and are not recorded. Pure.

import { cutText } from '../../base/text';
import type { AgentCalled, AgentEventBody, ActionResult, FileChange } from './agentEvent';
import type { ActionStatus, AgentHappening, Patch } from './agentDriver';

const textChars = 100_000;
const auditChars = 4_000;

const results: Readonly<Record<ActionStatus, ActionResult>> = {
  completed: 'ok',
  failed: 'failed',
  declined: 'refused',
  interrupted: 'interrupted',
};

/** `toRelative`: a path as it is from the workspace. Null: nothing to record. */
export function toAgentEvent(
  happening: AgentHappening,
  toRelative: (path: string) => string,
): AgentEventBody | null {
  switch (happening.kind) {
    case 'message':
      return toSaid('message', happening.text);
    case 'reasoning':
      return happening.text === '' ? null : toSaid('reasoning', happening.text);
    case 'plan': {
      const steps = happening.steps.map(({ text, status }) => `[${planMarks[status]}] ${text}`);
      const text = [happening.explanation ?? '', ...steps].filter((line) => line !== '').join('\n');
      return toSaid('plan', text);
    }
    case 'commandStarted': {
      const { itemId, command, cwd } = happening;
      return { kind: 'agent.started', actionId: itemId, command: cut(command).text, cwd }; // cuts are told in the text
    }
    case 'commandEnded': {
      const { itemId, command, cwd, status, exitCode, durationMs } = happening;
      const output = cut(happening.output);
      const told = cut(command);
      const hasFailed = status === 'completed' && exitCode !== null && exitCode !== 0;
      return {
        kind: 'agent.ran',
        actionId: itemId,
        command: told.text,
        cwd,
        result: hasFailed ? 'failed' : results[status],
        exitCode,
        output: output.text,
        droppedChars: happening.droppedChars + output.dropped + told.dropped,
        durationMs,
      };
    }
    case 'patchEnded':
      return toEdited(happening.itemId, happening.patch, results[happening.status], toRelative);
    case 'toolEnded': {
      const { itemId, server, tool, status, durationMs } = happening;
      const output = cut(toJson(happening.result));
      const given = cut(toJson(happening.arguments));
      return {
        kind: 'agent.called',
        actionId: itemId,
        server,
        tool,
        arguments: given.text,
        result: results[status],
        output: output.text,
        droppedChars: output.dropped + given.dropped,
        durationMs,
      };
    }
    case 'unlistedCall': {
      const { callId, tool, output, ran } = happening;
      const told = cut(output ?? '');
      if (ran) {
        const command = cut(ran.command);
        return {
          kind: 'agent.ran',
          actionId: callId,
          command: command.text,
          cwd: null,
          result: ran.exitCode === 0 ? 'ok' : 'failed',
          exitCode: ran.exitCode,
          output: told.text,
          droppedChars: happening.droppedChars + told.dropped + command.dropped,
          durationMs: null,
        };
      }
      const given = cut(happening.arguments);
      return {
        kind: 'agent.called',
        actionId: callId,
        server: null,
        tool,
        arguments: given.text,
        result: 'unknown', // refused, failed before it began, or of a kind that has no item
        output: told.text,
        droppedChars: happening.droppedChars + told.dropped + given.dropped,
        durationMs: null,
      };
    }
    case 'subAgent': {
      const { itemId, action, threadIds, prompt, status } = happening;
      return toOwnTool(
        itemId,
        `agents: ${action}`,
        { threadIds, prompt },
        {
          output: status,
          result: status === 'completed' ? 'ok' : status === 'failed' ? 'failed' : 'unknown',
        },
      );
    }
    case 'webSearch':
      return toOwnTool(
        happening.itemId,
        'web search',
        { query: happening.query },
        {
          output: '',
          result: 'unknown', // what it found is not told
        },
      );
    case 'error': {
      const { message, code } = happening.error;
      return {
        kind: 'agent.failed',
        code: code ?? 'unknown',
        message: cut(message).text,
        willRetry: happening.willRetry,
      };
    }
    case 'warning':
      return toAudited('warning', happening.message, 0);
    case 'raw':
      return happening.method.startsWith('rawResponseItem')
        ? null // what it holds is told by the others, and what they lack by `unlistedCall`
        : toAudited(happening.method, happening.payload, happening.droppedChars);
    case 'turnStarted':
    case 'turnEnded':
    case 'said':
    case 'messageDelta':
    case 'commandOutput':
    case 'patchStarted':
    case 'turnDiff':
    case 'toolStarted':
    case 'approvalAsked':
    case 'approvalResolved':
    case 'usage':
    case 'exited':
      return null;
  }
}

const planMarks = { pending: ' ', inProgress: '~', completed: 'x' } as const;

function toSaid(form: 'message' | 'reasoning' | 'plan', text: string): AgentEventBody {
  const told = cut(text);
  return { kind: 'agent.said', by: 'agent', form, text: told.text, droppedChars: told.dropped };
}

function toEdited(
  actionId: string,
  patch: Patch,
  result: ActionResult,
  toRelative: (path: string) => string,
): AgentEventBody {
  const diff = cut(patch.diff);
  return {
    kind: 'agent.edited',
    actionId,
    changes: toFileChanges(patch, toRelative),
    diff: diff.text,
    droppedChars: patch.droppedChars + diff.dropped,
    result,
  };
}

/** A file that goes elsewhere is one that is gone and another that is new. */
export function toFileChanges(
  { changes }: Patch,
  toRelative: (path: string) => string,
): readonly FileChange[] {
  return changes.flatMap(({ path, change, movedTo }) =>
    movedTo === null
      ? [{ path: toRelative(path), change }]
      : [
          { path: toRelative(path), change: 'delete' as const },
          { path: toRelative(movedTo), change: 'add' as const },
        ],
  );
}

function toOwnTool(
  actionId: string,
  tool: string,
  given: unknown,
  { output, result }: { readonly output: string; readonly result: ActionResult },
): AgentCalled {
  const told = cut(toJson(given));
  return {
    kind: 'agent.called',
    actionId,
    server: null,
    tool,
    arguments: told.text,
    result,
    output,
    droppedChars: told.dropped,
    durationMs: null,
  };
}

function toAudited(source: string, payload: string, droppedChars: number): AgentEventBody {
  const told = payload.slice(0, auditChars);
  return {
    kind: 'agent.audited',
    source,
    actionId: null,
    payload: told,
    droppedChars: droppedChars + payload.length - told.length,
  };
}

function toJson(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** The middle is left out: what a text begins with and how it ends tell most. */
export function cut(text: string): { readonly text: string; readonly dropped: number } {
  if (text.length <= textChars) {
    return { text, dropped: 0 };
  }
  const head = cutText(text, textChars / 2).text;
  const start = text.length - textChars / 2;
  const tail = text.slice((text.charCodeAt(start) & 0xfc00) === 0xdc00 ? start + 1 : start);
  const dropped = text.length - head.length - tail.length;
  return { text: `${head}\n… ${dropped} characters left out …\n${tail}`, dropped };
}
