// The person behind the calling client, asked by MCP elicitation while one of its tool calls runs.

import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  ElicitResultSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Decision } from '../core/agent/agentEvent';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

export interface PersonsAnswer {
  readonly decision: Decision;
  readonly note: string | null;
}

/** Null: the person gave no answer, or the client could not ask. Never rejects. */
export type AskPerson = (message: string, signal: AbortSignal) => Promise<PersonsAnswer | null>;

/** A person may take long; the approval's own deadline ends it before. */
const timeoutMs = 24 * 3_600_000;
const accept = 'Accept once';
const decline = 'Decline, and let it go on without';
const cancel = 'End its turn';
const decisions: Readonly<Record<string, Decision>> = {
  [accept]: 'accept',
  [decline]: 'decline',
  [cancel]: 'cancel',
};
const contentSchema = z.object({ answer: z.string(), note: z.string().optional() });

/** Null when the client declared no elicitation by forms. */
export function createEliciting(server: Server, extra: Extra): AskPerson | null {
  const declared = server.getClientCapabilities()?.elicitation;
  if (!declared || (Object.keys(declared).length > 0 && !('form' in declared))) {
    return null;
  }
  return async (message, signal) => {
    try {
      const { action, content } = await extra.sendRequest(
        {
          method: 'elicitation/create',
          params: {
            mode: 'form',
            message,
            requestedSchema: {
              type: 'object',
              properties: {
                answer: { type: 'string', title: 'Answer', enum: [decline, accept, cancel] },
                note: { type: 'string', title: 'Note', description: 'Told to the agent.' },
              },
              required: ['answer'],
            },
          },
        },
        ElicitResultSchema,
        { signal, timeout: timeoutMs },
      );
      if (action === 'decline') {
        return { decision: 'decline', note: null };
      }
      const given = action === 'accept' ? contentSchema.safeParse(content).data : undefined;
      const decision = given && decisions[given.answer];
      return decision ? { decision, note: given.note?.trim() || null } : null;
    } catch {
      return null; // answered elsewhere meanwhile, or the client cannot: it waits on
    }
  };
}
