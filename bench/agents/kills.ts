// Random kills of an engine, of its Codex and of agents' commands, and what is lost or left by them.

import { AgentKilling, agentKillKinds } from '../../test/support/agentKilling';
import { createRandom, readSeed } from '../../test/support/random';
import { toCount } from '../figure';
import type { AgentCase } from './agentBench';

export const kills: AgentCase = {
  name: 'kills',
  title: 'Random kills',
  async run(bench) {
    const random = createRandom(readSeed());
    const folder = await bench.createFolder();
    const model = await bench.startModel();
    const killing = new AgentKilling({ folder, codex: bench.codex, model, random });
    bench.onLetGo(() => killing.close());
    await killing.open();
    const rounds = bench.pick(30, 6);
    for (let round = 0; round < rounds; round += 1) {
      const kind = agentKillKinds[round % agentKillKinds.length] ?? 'engine';
      await killing.round(kind);
      bench.report(`${round + 1} of ${rounds}: ${kind}`);
    }
    const report = await killing.report();
    const known = await killing.clean();
    const runs = killing.runIds.length;
    return [
      toCount(
        `kills, of engine, Codex and commands alike many, over ${runs} agents`,
        'kills',
        rounds,
      ),
      toCount(`lost of ${killing.commits.length} commits`, 'commits', report.lostCommits.length, {
        target: { atMost: 0 },
      }),
      toCount(
        `lost of ${killing.patched} files that patches made`,
        'files',
        report.lostFiles.length,
        {
          target: { atMost: 0 },
        },
      ),
      toCount('processes left after the next start', 'processes', report.orphanProcesses.length, {
        target: { atMost: 0 },
      }),
      toCount('worktrees that nobody knows', 'worktrees', report.orphanWorktrees.length, {
        target: { atMost: 0 },
      }),
      toCount('runs without an end on record', 'agents', report.unended.length, {
        target: { atMost: 0 },
      }),
      toCount('worktrees and branches left after all were cleaned', 'worktrees', known.length, {
        target: { atMost: 0 },
      }),
    ];
  },
};
