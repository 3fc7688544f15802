// Our own MCP server for agents: on loopback, with a token for each run that opens what that run may see and no more.

import { createHash, randomBytes } from 'node:crypto';
import type { AgentRuns } from '../core/agent/agentRuns';
import { toChildAgents } from '../core/agent/callerAgents';
import type { AgentServer } from '../core/agent/run/runParts';
import type { Engine } from '../core/engine';
import type { AgentOpened } from '../core/event';
import { type HttpServing, listenHttp } from '../mcp/http';
import type { AccessVerdict, Caller, HttpAccess, Standing } from '../mcp/httpAccess';

interface AgentServersParts {
  readonly readEngine: () => Engine;
  readonly readRuns: () => AgentRuns;
}

/** An agent may wait for a child in a call: this and no more. */
const callMs = 3_660_000;
/** Nobody else can come in, and an agent may be silent for long. */
const limits = { maxSessions: 4_096, idleMs: 7 * 86_400_000, evictAfterMs: 7 * 86_400_000 };

const everyAgentsTools = ['log_context', 'summarize_session'];
const parentsTools = ['list_agents', 'spawn_agent', 'agent_message', 'terminate_session'];

export class AgentServers implements HttpAccess {
  readonly #parts: AgentServersParts;
  /** By the hash of its token. */
  readonly #callers = new Map<string, Caller>();
  #serving: Promise<HttpServing> | null = null;
  #isDisposed = false;

  constructor(parts: AgentServersParts) {
    this.#parts = parts;
  }

  /** Of one run, until it is disposed. @throws RlmError 'BACKEND_UNAVAILABLE' */
  async open(opened: AgentOpened): Promise<AgentServer | null> {
    if (this.#isDisposed) {
      return null;
    }
    const token = randomBytes(32).toString('base64url');
    const key = toKey(token);
    this.#callers.set(key, this.#toCaller(opened));
    try {
      const { url } = await (this.#serving ??= listenHttp(this, { limits }));
      return {
        name: 'rlm',
        secrets: [token],
        server: {
          reached: { kind: 'http', url, headers: { Authorization: `Bearer ${token}` } },
          isRequired: true,
          tools: 'allow', // what an agent may do with them is judged here
          timeoutMs: callMs,
        },
        dispose: () => void this.#callers.delete(key),
      };
    } catch (thrown) {
      this.#callers.delete(key);
      throw thrown;
    }
  }

  async identify(token: string): Promise<AccessVerdict> {
    return this.#callers.get(toKey(token)) ?? { kind: 'unknown' };
  }

  async readStanding(caller: Caller): Promise<Standing> {
    return [...this.#callers.values()].includes(caller) ? 'current' : 'revoked';
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#callers.clear();
    const serving = await this.#serving?.catch(() => null);
    await serving?.dispose();
  }

  #toCaller({ sessionId, agent }: AgentOpened): Caller {
    const engine = this.#parts.readEngine();
    const { permissions, limits: own } = agent;
    const isParent = permissions.maySpawn.length > 0 && own.children > 0 && own.depth > 0;
    return {
      ...{ kind: 'caller', id: sessionId, name: null, engine },
      ...{ credential: null, limits: null, gate: null, mayReadMetrics: false },
      scope: {
        agents: toChildAgents(this.#parts.readRuns(), engine.traces, sessionId),
        toolNames: new Set([...everyAgentsTools, ...(isParent ? parentsTools : [])]),
      },
    };
  }
}

/** Found by its hash, so that the time it takes tells nothing of a token. */
function toKey(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
