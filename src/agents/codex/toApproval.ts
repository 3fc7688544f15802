// What Codex asks, in our words, and our answers in its words. Nothing that is asked stays without an answer: what is
// not known here is refused.

import type {
  ApprovalAnswer,
  ApprovalDecision,
  AskedSubject,
  Patch,
} from '../../core/agent/agentDriver';
import { cutValue } from './cut';
import { type AskedMethod, requestSchemas } from './wire';

export interface Asked {
  readonly itemId: string | null;
  readonly turnId: string | null;
  readonly reason: string | null;
  readonly subject: AskedSubject;
  toResult(answer: ApprovalAnswer): unknown;
}

/** Null: it is not known, or not as it should be. */
export function toAsked(
  method: string,
  params: unknown,
  findPatch: (itemId: string) => Patch | null,
): Asked | null {
  if (!isAskedMethod(method)) {
    return null;
  }
  switch (method) {
    case 'item/commandExecution/requestApproval': {
      const asked = requestSchemas[method].safeParse(params).data;
      return asked
        ? {
            ...toCommon(asked),
            subject: {
              kind: 'command',
              command: asked.command ?? null,
              cwd: asked.cwd ?? null,
              host: asked.networkApprovalContext?.host ?? null,
            },
            toResult: toDecision,
          }
        : null;
    }
    case 'item/fileChange/requestApproval': {
      const asked = requestSchemas[method].safeParse(params).data;
      return asked
        ? {
            ...toCommon(asked),
            subject: {
              kind: 'patch',
              patch: findPatch(asked.itemId),
              grantRoot: asked.grantRoot ?? null,
            },
            toResult: toDecision,
          }
        : null;
    }
    case 'item/permissions/requestApproval':
      return toPermissions(params);
    case 'item/tool/requestUserInput':
      return toInput(params);
    case 'mcpServer/elicitation/request':
      return toForm(params);
  }
}

function isAskedMethod(method: string): method is AskedMethod {
  return Object.hasOwn(requestSchemas, method);
}

function toCommon(asked: {
  readonly itemId: string;
  readonly turnId: string;
  readonly reason?: string | null | undefined;
}) {
  return { itemId: asked.itemId, turnId: asked.turnId, reason: asked.reason ?? null };
}

/** Never for the session: each escalation is asked about by itself. */
function toDecision({ decision }: ApprovalAnswer): unknown {
  return { decision };
}

function toPermissions(params: unknown): Asked | null {
  const asked = requestSchemas['item/permissions/requestApproval'].safeParse(params).data;
  if (!asked) {
    return null;
  }
  const { cwd, permissions } = asked;
  return {
    ...toCommon(asked),
    subject: { kind: 'permissions', cwd, permissions: cutValue(permissions) },
    // To grant nothing is how it is declined.
    toResult: ({ decision }) => ({
      permissions: decision === 'accept' ? permissions : {},
      scope: 'turn',
    }),
  };
}

function toInput(params: unknown): Asked | null {
  const asked = requestSchemas['item/tool/requestUserInput'].safeParse(params).data;
  if (!asked) {
    return null;
  }
  const questions = asked.questions.map(({ id, question, options }) => ({
    id,
    question,
    options: (options ?? []).map(({ label }) => label),
  }));
  return {
    itemId: asked.itemId,
    turnId: asked.turnId,
    reason: null,
    subject: { kind: 'input', questions },
    toResult: ({ decision, values }) => ({
      answers: Object.fromEntries(
        questions.flatMap(({ id }) => {
          const value = decision === 'accept' ? values?.[id] : undefined;
          return value === undefined ? [] : [[id, { answers: toTexts(value) }]];
        }),
      ),
    }),
  };
}

function toTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function toForm(params: unknown): Asked | null {
  const asked = requestSchemas['mcpServer/elicitation/request'].safeParse(params).data;
  if (!asked) {
    return null;
  }
  return {
    itemId: null,
    turnId: asked.turnId ?? null,
    reason: null,
    subject: {
      kind: 'form',
      server: asked.serverName,
      message: asked.message ?? '',
      schema: cutValue(asked.requestedSchema ?? null),
      url: asked.url ?? null,
    },
    toResult: ({ decision, values }) => ({
      action: decision,
      content: decision === 'accept' ? (values ?? {}) : null,
      _meta: null,
    }),
  };
}

/** Without a person: as if it had been asked and refused. */
export function refusal(decision: Exclude<ApprovalDecision, 'accept'>): ApprovalAnswer {
  return { decision, note: null, values: null };
}
