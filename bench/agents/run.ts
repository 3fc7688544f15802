// `npm run bench:agents [-- --quick] [-- --only name]`: what agents take and keep, with the real Codex over a planned model.
// A full run writes what it found into bench/agents/README.md.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findCodex } from '../../src/agents/codex/findCodex';
import { describeComputer, describeNoise, readLoad } from '../machine';
import {
  type Findings,
  replaceBetweenMarkers,
  toMarkdown,
  toTerminalText,
  toVerdictLine,
} from '../report';
import { AgentBench, type AgentCase } from './agentBench';
import { budget } from './budget';
import { kills } from './kills';
import { audit, keys } from './records';
import { twenty } from './twenty';

const cases: readonly AgentCase[] = [twenty, audit, keys, budget, kills];
const readmeFile = path.resolve('bench', 'agents', 'README.md');

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
    },
  });
  const chosen = cases.filter(({ name }) => values.only?.includes(name) ?? true);
  if (chosen.length === 0 || !existsSync(path.resolve('dist', 'cli.js'))) {
    const names = cases.map(({ name }) => name).join(', ');
    throw new Error(`Build first, and choose among: ${names}.`);
  }
  const loadBefore = readLoad();
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-bench-agents-')));
  try {
    const bench = new AgentBench(await requireCodex(), folder, values.quick, (line) =>
      print(`      ${line}`),
    );
    const findings: Findings[] = [];
    for (const one of chosen) {
      print(one.title);
      for (let sample = 0; sample < 10; sample += 1) {
        bench.noise.sample();
      }
      findings.push({ title: one.title, figures: await one.run(bench) });
      await bench.letGo();
    }
    const facts = [
      `${describeComputer()}. Load average ${loadBefore} before and ${readLoad()} after.`,
      describeNoise(bench.noise),
      toVerdictLine(findings),
    ].join('\n');
    print(`${toTerminalText(findings)}\n\n${facts}`);
    if (!values.quick && chosen.length === cases.length) {
      const readme = await readFile(readmeFile, 'utf8');
      const content = `${facts}\n\n${toMarkdown(findings)}`;
      await writeFile(readmeFile, replaceBetweenMarkers(readme, content));
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function requireCodex(): Promise<string> {
  const found = await findCodex({
    setting: process.env['RLM_TEST_CODEX'] ?? path.resolve('out/codex'),
    environment: {},
    untrusted: [],
    platform: process.platform,
    arch: process.arch,
    nodePath: process.execPath,
  });
  if (!found) {
    throw new Error('There is no Codex: name it in RLM_TEST_CODEX, or run .ci/installCodex.mjs.');
  }
  return found.path;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
