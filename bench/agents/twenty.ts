// Twenty agents at once: command and patch each, the memory of their program, and the end of all.

import { setTimeout as delay } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { listLeftovers } from '../../src/agents/codex/leftovers';
import { isAtRest } from '../../src/core/agent/agentState';
import { type AgentEngine } from '../../test/support/agentEngine';
import { patch, run } from '../../test/support/plannedModel';
import { type Figure, toCount, toFigure } from '../figure';
import { toSpread } from '../measure';
import type { AgentBench, AgentCase } from './agentBench';

const count = 20;
const lookMs = 3_000;

export const twenty: AgentCase = {
  name: 'twenty',
  title: 'Twenty agents at once',
  async run(bench) {
    const figures: Figure[] = [];
    const { engine, repository } = await bench.startEngine({ maxRunning: count });
    figures.push(...(await measureFirstEvents(bench, engine, repository)));
    const walls: number[] = [];
    const peaks: number[] = [];
    let done = 0;
    for (let round = 0; round < bench.pick(3, 1); round += 1) {
      bench.noise.sample();
      const started = performance.now();
      const runs = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          engine.spawn(
            [
              run(`echo from-${index}; pwd > where.txt`),
              patch(`*** Add File: b.txt\n+agent ${index}`),
              { say: 'Done.' },
            ],
            repository,
          ),
        ),
      );
      await engine.untilRest(runs);
      walls.push((performance.now() - started) / 1_000);
      done += runs.filter(({ status }) => status === 'completed').length;
      peaks.push(await readPeakMb(engine));
      await Promise.all(runs.map((one) => one.end('terminated', 'The round is over.')));
    }
    const rounds = walls.length;
    figures.push(
      {
        name: `${count} agents, a worktree, a command and a patch each`,
        unit: 's',
        found: toSpread(walls),
        target: { atMost: 10 },
      },
      {
        name: 'peak of the memory of their Codex',
        unit: 'MB',
        found: toSpread(peaks),
        target: { atMost: 250 },
      },
      toCount('of these agents completed', 'agents', done, { target: { atLeast: count * rounds } }),
    );
    return [...figures, ...(await measureStop(bench, engine, repository))];
  },
};

/** From the call to what is on disk of it, and to the first sign of the program. */
async function measureFirstEvents(
  bench: AgentBench,
  engine: AgentEngine,
  repository: string,
): Promise<readonly Figure[]> {
  const opened: number[] = [];
  const running: number[] = [];
  for (let round = 0; round < bench.pick(10, 3); round += 1) {
    const started = performance.now();
    const one = await engine.spawn([{ say: 'Here.' }], repository);
    opened.push(performance.now() - started);
    const listening = one.trace.onDidAppend((event) => {
      if (event.kind === 'agent.changed' && event.to === 'running') {
        running.push(performance.now() - started);
      }
    });
    await engine.untilRest([one]);
    listening.dispose();
    if (one.status !== 'completed') {
      throw new Error(`The agent is ${one.status}: ${one.trace.lastLines.at(-1)}`);
    }
    await one.end('terminated', 'The round is over.');
  }
  return [
    toFigure('spawn to its first event on disk', toSpread(opened), { target: { atMost: 1_000 } }),
    toFigure('spawn to its first turn, worktree and thread made', toSpread(running), {
      target: { atMost: 1_000 },
    }),
  ];
}

async function measureStop(
  bench: AgentBench,
  engine: AgentEngine,
  repository: string,
): Promise<readonly Figure[]> {
  const ends: number[] = [];
  let left = 0;
  let unended = 0;
  for (let round = 0; round < bench.pick(3, 1); round += 1) {
    const runs = await Promise.all(
      Array.from({ length: count }, () =>
        engine.spawn([run('sleep 1000'), { say: 'never' }], repository),
      ),
    );
    for (const one of runs) {
      while ((await listLeftovers(one.id)).length === 0) {
        if (isAtRest(one.status)) {
          throw new Error(`The agent is ${one.status}: ${one.trace.lastLines.at(-1)}`);
        }
        await delay(20);
      }
    }
    const started = performance.now();
    await Promise.all(runs.map(({ id }) => engine.agents.terminate(id, 'Measured.')));
    ends.push((performance.now() - started) / 1_000);
    unended += runs.filter(({ status }) => !isAtRest(status)).length;
    await delay(Math.max(0, started + lookMs - performance.now()));
    left += (await Promise.all(runs.map(({ id }) => listLeftovers(id)))).flat().length;
  }
  return [
    {
      name: `stop of ${count} agents with running commands, all on record as ended`,
      unit: 's',
      found: toSpread(ends),
      target: { atMost: 2 },
    },
    toCount('agents not ended', 'agents', unended, { target: { atMost: 0 } }),
    toCount('processes left after 3 s', 'processes', left, { target: { atMost: 0 } }),
  ];
}

/** Of the process that all threads share, since it has started. */
async function readPeakMb(engine: AgentEngine): Promise<number> {
  const { pid } = await engine.agents.parts.driver.readStatus();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmHWM:\s+(\d+)/u.exec(status)?.[1]) * 1_024) / 1e6;
}
