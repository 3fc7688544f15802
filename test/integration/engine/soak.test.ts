// An hour's work in a minute: sessions opened, stepped, cancelled, expired, forked, finalized and
// abandoned by real clients of an engine in a process of its own. Afterwards it holds what it held
// before. RLM_SOAK=5000 is the full run, RLM_SEED repeats one.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { hasProcessTree, listChildren } from '../../support/processTree';
import { createRandom, readSeed } from '../../support/random';
import { type Soaked, runRound, visitsPerRound } from '../../support/soak';
import type { HeldByEngine, SoakCommand } from '../../support/soakedEngine';
import { useTempFolder } from '../../support/tempFolder';

const visits = Number(process.env['RLM_SOAK'] ?? 48);
/** Until then buffers, compiled code and the pool of workers grow to their size. */
const warmUpVisits = Math.max(16, Math.round(visits / 10));
/**
 * Growth of memory that is none of a leak, in bytes. By design the engine keeps for each session its id
 * and, for up to 1,000, a summary. Allocators give back in their own time what the sessions of a round
 * had: the sandbox process swung between 235 and 505 MB over 900 visits. A session that stayed would cost
 * a worker of 15 MB or more, and show in the counts at once.
 */
const slack = { heapBytes: 10e6, residentBytes: 120e6, sandboxBytes: 300e6 };
const settleMs = 250;
/**
 * Most that the sandbox process may ever have held, in bytes: four sessions at a time of which each may take
 * 64 MB, its engine's own 30 MB and a search thread's, beside what is being let go of. Before searches and
 * frames were bounded one hostile line took 2.3 GB.
 */
const maxSandboxPeakBytes = 0.8e9;
/** CPU time for which a thread that all sessions share may serve nobody else. */
const maxBlockMs = 80;

/** What must be the same before and after; the three last by Linux alone. */
interface Counts extends Pick<HeldByEngine, 'liveSessions' | 'liveSandboxes' | 'resources'> {
  readonly openFiles: number;
  readonly processes: number;
  readonly sandboxThreads: number;
}

interface Measured {
  readonly counts: Counts;
  readonly memory: Record<keyof typeof slack, number>;
  readonly sandboxPeakBytes: number;
  readonly blocks: Pick<HeldByEngine, 'engineBlockMs' | 'sandboxBlockMs'>;
}

describe('a soaked engine', function () {
  this.timeout(120_000 + visits * 1_000);
  const folder = useTempFolder();
  let engine: SoakedProcess;

  beforeEach(async () => {
    const folders = { home: path.join(folder(), 'home'), root: path.join(folder(), 'root') };
    await mkdir(folders.root);
    engine = new SoakedProcess(folders);
  });
  afterEach(() => engine.end());

  it(`holds after ${visits} more visits what it held before`, async () => {
    await engine.soak(warmUpVisits);
    const before = await engine.settle();
    await engine.soak(visits);
    const after = await engine.settle(before.counts);
    const { random, counts } = engine.soaked;
    const report = { seed: random.seed, ...counts, before, after };
    process.stdout.write(`      ${JSON.stringify(report)}\n`);
    assert.deepStrictEqual(after.counts, before.counts);
    for (const name of ['heapBytes', 'residentBytes', 'sandboxBytes'] as const) {
      const grown = after.memory[name] - before.memory[name];
      assert.ok(grown < slack[name], `${name} has grown by ${grown}`);
    }
    assert.ok(after.sandboxPeakBytes < maxSandboxPeakBytes, `${after.sandboxPeakBytes} bytes`);
    for (const { blocks } of [before, after]) {
      for (const [name, blockMs] of Object.entries(blocks)) {
        assert.ok((blockMs ?? 0) < maxBlockMs, `${name}: ${blockMs}`);
      }
    }
    assert.deepStrictEqual(await engine.listFiles(), {
      engines: 1,
      sessions: counts['sessions'],
      strays: [],
    });
  });
});

/** The engine's process, driven over IPC, and what Linux tells of it. */
class SoakedProcess {
  readonly soaked: Omit<Soaked, 'endpoint'>;
  readonly #child: ChildProcess;

  constructor(folders: Soaked['folders']) {
    this.soaked = { folders, random: createRandom(readSeed()), counts: {} };
    this.#child = fork(
      path.resolve('out/test/support/soakedEngine.cjs'),
      [folders.home, folders.root],
      { execArgv: ['--expose-gc'] },
    );
  }

  /** Serves until so many visits have been made and all that they left is let go of. */
  async soak(count: number): Promise<void> {
    const endpoint = (await this.#ask('serve')) as Soaked['endpoint']; // its answer
    for (let done = 0; done < count; done += visitsPerRound) {
      await runRound({ ...this.soaked, endpoint });
      await this.#ask('endRound');
    }
    await this.#ask('quiet');
  }

  /** Waits for the counts `wanted`, else until they stay as they are. */
  async settle(wanted?: Counts): Promise<Measured> {
    let measured = await this.#measure();
    for (let same = 0; same < 8 && !(wanted && isDeepStrictEqual(measured.counts, wanted));) {
      await delay(settleMs); // threads and sockets end in their own time
      const next = await this.#measure();
      same = isDeepStrictEqual(next.counts, measured.counts) ? same + 1 : 0;
      measured = next;
    }
    return measured;
  }

  /** What stands in the home: `strays` are neither a trace nor a text that it keeps. */
  async listFiles() {
    const { home } = this.soaked.folders;
    const sessions = path.join(home, 'sessions');
    const entries = await readdir(sessions, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    return {
      engines: (await readdir(path.join(home, 'engines'))).length,
      sessions: files.filter((name) => name === 'trace.jsonl').length,
      strays: files.filter((name) => !/^(trace\.jsonl|context-\d+\.txt)$/u.test(name)),
    };
  }

  async end(): Promise<void> {
    if (this.#child.connected) {
      const exited = once(this.#child, 'exit');
      this.#child.disconnect();
      await exited;
    }
  }

  async #measure(): Promise<Measured> {
    const held = (await this.#ask('measure')) as HeldByEngine; // its answer
    const { heapBytes, residentBytes, engineBlockMs, sandboxBlockMs, ...counts } = held;
    const { pid = 0 } = this.#child;
    const children = await listChildren(pid);
    const [sandboxPid = 0] = children;
    const status = hasProcessTree ? await readFile(`/proc/${sandboxPid}/status`, 'utf8') : '';
    const openFiles = hasProcessTree ? (await readdir(`/proc/${pid}/fd`)).length : 0;
    const sandboxBytes = readNumber(status, /^VmRSS:\s+(\d+)/mu) * 1_024;
    const sandboxThreads = readNumber(status, /^Threads:\s+(\d+)/mu);
    return {
      counts: { ...counts, openFiles, processes: children.length, sandboxThreads },
      memory: { heapBytes, residentBytes, sandboxBytes },
      sandboxPeakBytes: readNumber(status, /^VmHWM:\s+(\d+)/mu) * 1_024,
      blocks: { engineBlockMs, sandboxBlockMs },
    };
  }

  async #ask(command: SoakCommand): Promise<unknown> {
    const ending = new AbortController();
    const { signal } = ending;
    try {
      const answered = once(this.#child, 'message', { signal });
      const exited = once(this.#child, 'exit', { signal }).then(() => {
        throw new Error(`The engine ended instead of an answer to ${command}.`);
      });
      exited.catch(() => undefined); // told by the race
      this.#child.send(command);
      const [answer] = (await Promise.race([answered, exited])) as [unknown]; // what `once` gives
      return answer;
    } finally {
      ending.abort();
    }
  }
}

function readNumber(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
