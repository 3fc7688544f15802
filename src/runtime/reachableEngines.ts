// Engines that other programs of this user reach: to follow what they hold, to answer and to stop it.

import { randomBytes } from 'node:crypto';
import { connectEngine } from '../join/engineLink';
import {
  findRunningEngine,
  type JoinableEngine,
  listJoinableEngines,
} from '../join/joinableEngines';
import type { LinkEnd } from '../join/link';
import { serveHttp } from '../mcp/http';
import type { Home } from '../store/home';
import type { LocalEngine } from './localEngine';

/** An engine that takes calls of this user's other programs, over MCP. */
export interface ReachableEngine {
  readonly engineId: string;
  readonly pid: number;
  connect(): LinkEnd;
}

/** `reach` null: it takes no calls of others. */
export interface FoundEngine {
  readonly pid: number;
  readonly reach: ReachableEngine | null;
}

/** Those that clients are brought to, longest running first. */
export async function listServing(
  home: Home,
  log: (line: string) => void,
): Promise<readonly ReachableEngine[]> {
  return (await listJoinableEngines(home, log)).map(toReachable);
}

/** Whoever it is for; null: it runs no more. */
export async function findById(
  home: Home,
  engineId: string,
  log: (line: string) => void,
): Promise<FoundEngine | null> {
  const found = await findRunningEngine(home, engineId, log);
  return found && { pid: found.pid, reach: found.endpoint && toReachable(found.endpoint) };
}

interface Reached {
  readonly reach: ReachableEngine;
  readonly dispose: () => Promise<void>;
}

/** On loopback, by a token in the owner's file; clients that join an engine are brought to others. */
export async function serveForOthers(engine: LocalEngine): Promise<Reached> {
  const token = randomBytes(32).toString('base64url');
  const service = await serveHttp(engine, { port: 0, token });
  try {
    const file = await engine.announce({ url: service.url, token, takesClients: false });
    const url = new URL(service.url);
    const { engineId } = engine;
    const reach = toReachable({ engineId, pid: process.pid, url, token, file });
    return { reach, dispose: () => service.dispose() };
  } catch (thrown) {
    await service.dispose();
    throw thrown;
  }
}

/** The same from its first agent run on: without one nothing of it has to be reached. */
export function serveItsRuns(
  engine: LocalEngine,
  log: (line: string) => void,
): { dispose(): Promise<void> } {
  let serving: Promise<Reached | null> | null = null;
  const listening = engine.sessions.onDidChange(({ event }) => {
    if (event?.agentStanding && !serving) {
      serving = serveForOthers(engine).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        log(`Other programs cannot reach the agents of this engine: ${reason}`);
        return null;
      });
    }
  });
  return {
    dispose: async () => {
      listening.dispose();
      await (await serving)?.dispose();
    },
  };
}

function toReachable(engine: JoinableEngine): ReachableEngine {
  return { engineId: engine.engineId, pid: engine.pid, connect: () => connectEngine(engine) };
}
