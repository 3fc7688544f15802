// A program: an engine in a process of its own, as a soak run drives it over IPC. Run with --expose-gc,
// which no test process may have.

import assert from 'node:assert/strict';
import { type TokenServing, serveHttp } from '../../src/mcp/http';
import { createEngine } from '../../src/runtime';
import { watchBlocks } from './blockMonitor';
import { sandboxFolder } from './repl';

export type SoakCommand = 'serve' | 'endRound' | 'quiet' | 'measure';

/** What the process of an engine holds on to, garbage collected. */
export interface HeldByEngine {
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly liveSessions: number;
  readonly liveSandboxes: number;
  /** Longest time for which nobody else was served, CPU time of the thread that all share; null: unknown here. */
  readonly engineBlockMs: number | null;
  readonly sandboxBlockMs: number | null;
  /** What keeps the event loop alive, by name. */
  readonly resources: Readonly<Record<string, number>>;
}

/** What comes and goes while anything happens at all. */
const passing = /^(FSReq|CloseReq|Immediate|Timeout$)/u;
/**
 * Clients go without a word: their MCP sessions end soon, as half an hour would end them. If they did
 * not, later clients would find no room.
 */
const limits = { idleMs: 3_000, maxSessions: 64 };

async function main([home = '', baseFolder = '']: readonly string[]): Promise<void> {
  const engine = await createEngine({
    home,
    baseFolder,
    roots: [],
    log: () => undefined,
    sandboxFolder,
  });
  engine.prewarm();
  const blocks = watchBlocks(() => engine.readStatus());
  let serving: TokenServing | undefined;

  const answers: Readonly<Record<SoakCommand, () => Promise<unknown>>> = {
    serve: async () => {
      blocks.start();
      serving = await serveHttp(engine, { limits });
      await engine.announce(serving);
      return { url: serving.url, token: serving.token };
    },
    endRound: () => engine.sessions.closeAll('the round ended'),
    quiet: async () => {
      await serving?.dispose();
      await engine.announce(null);
      await blocks.stop(); // measuring collects garbage on demand, and counts the files that asking opens
      engine.prewarm(); // a lost worker may have taken a language's spare one
    },
    measure: async (): Promise<HeldByEngine> => {
      const { sandbox, liveSessions } = await engine.readStatus();
      assert.equal(sandbox.placement, 'process');
      const { longest } = blocks;
      assert.ok(globalThis.gc);
      globalThis.gc();
      const resources: Record<string, number> = {};
      for (const name of process.getActiveResourcesInfo().filter((one) => !passing.test(one))) {
        resources[name] = (resources[name] ?? 0) + 1;
      }
      const { liveSandboxes } = sandbox;
      const { heapUsed, rss } = process.memoryUsage();
      return {
        heapBytes: heapUsed,
        residentBytes: rss,
        ...longest,
        liveSessions,
        liveSandboxes,
        resources,
      };
    },
  };
  process.on('message', (command: SoakCommand) => {
    void answers[command]().then((answer) => process.send?.(answer ?? null));
  });
  process.once('disconnect', () => {
    void blocks
      .stop()
      .then(() => serving?.dispose())
      .then(() => engine.close());
  });
}

void main(process.argv.slice(2));
