// What the agents of an engine come to together.

import type { AgentRun } from '../../core/agent/agentRun';
import { isAtRest } from '../../core/agent/agentState';
import { toUsdText } from '../../export/wording';
import { toShortCount } from '../sessions/words';

export interface AgentTotals {
  readonly atWork: number;
  /** Approvals. */
  readonly waiting: number;
  readonly tokens: number;
  /** Null: no price is known of any. */
  readonly usd: number | null;
}

type Counted = Pick<AgentRun, 'status' | 'standing' | 'opened'>;

/** A parent's usage has its children's in it. */
export function toAgentTotals(runs: readonly Counted[]): AgentTotals {
  const working = runs.filter(({ status }) => !isAtRest(status));
  const ids = new Set(working.map(({ opened }) => opened.sessionId));
  const leading = working.filter(({ opened }) => !ids.has(opened.parentSessionId ?? ''));
  const used = leading.map(({ standing }) => standing.usage);
  const priced = used.flatMap(({ usd }) => (usd === null ? [] : [usd]));
  return {
    atWork: working.length,
    waiting: working.reduce((sum, { standing }) => sum + standing.waitingFor, 0),
    tokens: used.reduce((sum, { tokens }) => sum + tokens, 0),
    usd: priced.length === 0 ? null : priced.reduce((sum, usd) => sum + usd, 0),
  };
}

/** Money where a price is known, else tokens. */
export function toCostText({ tokens, usd }: Pick<AgentTotals, 'tokens' | 'usd'>): string {
  const count = `${toShortCount(tokens)} tok`;
  return usd === null ? count : `${toUsdText(usd)}, ${count}`;
}
