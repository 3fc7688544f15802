// `npm run bench [-- --quick] [-- --only name]`: runs the cases, prints what they found, and after a
// full run writes it into bench/README.md and bench/plot.svg.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Bench, type BenchCase } from './bench';
import { backends } from './cases/backends';
import { image } from './cases/image';
import { fleet } from './cases/fleet';
import { grep } from './cases/grep';
import { hostCalls } from './cases/hostCalls';
import { largeValues } from './cases/largeValues';
import { load } from './cases/load';
import { modelBatch } from './cases/modelBatch';
import { search } from './cases/search';
import { sessions } from './cases/sessions';
import { shell } from './cases/shell';
import { start } from './cases/start';
import { steps } from './cases/steps';
import { trace } from './cases/trace';
import { describeMachine, describeNoise, readLoad } from './machine';
import { createPlot } from './plot';
import { findPython } from './python';
import {
  type Findings,
  replaceBetweenMarkers,
  toMarkdown,
  toTerminalText,
  toVerdictLine,
} from './report';

const cases: readonly BenchCase[] = [
  steps,
  largeValues,
  sessions,
  backends,
  shell,
  image,
  load,
  fleet,
  grep,
  hostCalls,
  modelBatch,
  trace,
  search,
  start,
];
const readmeFile = path.resolve('bench', 'README.md');
const plotFile = path.resolve('bench', 'plot.svg');

interface Choice {
  readonly isQuick: boolean;
  readonly cases: readonly BenchCase[];
}

function parseChoice(): Choice {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
    },
  });
  const { only } = values;
  const unknown = only?.find((name) => !cases.some((one) => one.name === name));
  if (unknown !== undefined) {
    const names = cases.map(({ name }) => name).join(', ');
    throw new Error(`There is no case "${unknown}". Cases: ${names}.`);
  }
  const chosen = cases.filter(({ name }) => only?.includes(name) ?? true);
  return { isQuick: values.quick, cases: chosen };
}

async function runCases(bench: Bench, chosen: readonly BenchCase[]): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const [index, one] of chosen.entries()) {
    print(`[${index + 1}/${chosen.length}] ${one.title}`);
    const started = performance.now();
    findings.push({ title: one.title, figures: await bench.runCase(one) });
    print(`      ${((performance.now() - started) / 1_000).toFixed(1)} s`);
  }
  return findings;
}

async function writeFindings(findings: readonly Findings[], facts: string): Promise<void> {
  const plot = createPlot(findings.flatMap(({ figures }) => figures));
  const content = `${facts}\n\n![Time of a step by size of the context](plot.svg)\n\n${toMarkdown(findings)}`;
  const readme = await readFile(readmeFile, 'utf8');
  await writeFile(readmeFile, replaceBetweenMarkers(readme, content));
  await writeFile(plotFile, plot);
}

async function main(): Promise<void> {
  const choice = parseChoice();
  if (!existsSync(path.resolve('dist', 'cli.js'))) {
    throw new Error('There is no build: run `npm run build` in the package folder first.');
  }
  const started = performance.now();
  const loadBefore = readLoad();
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-bench-')));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('SIGINT', () => void remove().finally(() => process.exit(130)));
  try {
    const python = await findPython();
    const bench = new Bench({
      folder,
      python,
      isQuick: choice.isQuick,
      report: (line) => print(`      ${line}`),
    });
    const findings = await runCases(bench, choice.cases);
    const seconds = Math.round((performance.now() - started) / 1_000);
    const facts = [
      describeMachine(python),
      `Load average ${loadBefore} before and ${readLoad()} after the run of ${seconds} s.`,
      describeNoise(bench.noise),
      toVerdictLine(findings),
    ].join('\n');
    print(`${toTerminalText(findings)}\n\n${facts}`);
    if (!choice.isQuick && choice.cases.length === cases.length) {
      await writeFindings(findings, facts);
    }
  } finally {
    await remove();
  }
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
