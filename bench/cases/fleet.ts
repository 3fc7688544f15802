// Many sessions at once: memory when idle, 20 sessions × 10 steps × 1 MB, throughput, none lost.

import { setTimeout as delay } from 'node:timers/promises';
import { type Language, languages } from '../../src/core/sandbox';
import type { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { type Bench, type BenchCase, kilobyte, megabyte, noPython } from '../bench';
import { type Figure, scale, toCount, toFigure } from '../figure';
import { type Spread, toSpread } from '../measure';
import { FreshProcess } from '../python';
import {
  Repl,
  createLengthStep,
  loadFile,
  openSandboxes,
  readSandboxBytes,
  runStep,
} from '../repls';
import { createText } from '../texts';

const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const idleTargets: Readonly<Record<Language, number>> = { python: 45, javascript: 22 };
const idleCount = 20;
const allCount = 50;
const stepsEach = 10;

export const fleet: BenchCase = {
  name: 'fleet',
  title: 'Many sessions at once',
  async run(bench) {
    const figures: Figure[] = [];
    for (const language of languages) {
      bench.report(names[language]);
      figures.push(...(await measureLanguage(bench, language)));
      await bench.letGo();
    }
    return [...figures, await measureFreshProcesses(bench)];
  },
};

async function measureLanguage(bench: Bench, language: Language): Promise<Figure[]> {
  const name = names[language];
  const sandboxes = openSandboxes(bench);
  const repls = await openMany(sandboxes, language, idleCount);
  const idle = await measureIdle(repls, language);
  const work = await measureWork(bench, repls, language);
  const openedAt = performance.now();
  repls.push(...(await openMany(sandboxes, language, allCount - idleCount)));
  const openMs = (performance.now() - openedAt) / (allCount - idleCount);
  return [
    idle,
    toFigure(`${name}: ${idleCount} sessions × ${stepsEach} steps × 1 MB, workers warm`, work, {
      target: { atMost: 300 },
    }),
    ...(await measureThroughput(bench, repls, language)),
    toCount(`${name}: a session when ${allCount - idleCount} are opened at once`, 'ms', openMs),
    await countSurvivors(repls, language),
  ];
}

async function openMany(
  sandboxes: SandboxProcess,
  language: Language,
  count: number,
): Promise<Repl[]> {
  const context = createText(kilobyte).toString('latin1');
  const opening = Array.from({ length: count }, () => Repl.open(sandboxes, { language, context }));
  return Promise.all(opening);
}

async function measureIdle(repls: readonly Repl[], language: Language): Promise<Figure> {
  const name = `${names[language]}: memory per idle session, of ${repls.length}`;
  const target = { atMost: idleTargets[language] };
  const bytes = await readSettledBytes();
  return bytes === null
    ? { name, unit: 'MB', found: { missing: 'read from /proc, on Linux only' }, target }
    : toCount(name, 'MB', bytes / repls.length / megabyte, { target });
}

/** Once the spare worker has started too. */
async function readSettledBytes(): Promise<number | null> {
  let before = await readSandboxBytes();
  for (let tries = 0; tries < 20 && before !== null; tries += 1) {
    await delay(500);
    const now = await readSandboxBytes();
    if (now === null || Math.abs(now - before) < megabyte) {
      return now;
    }
    before = now;
  }
  return before;
}

async function measureWork(
  bench: Bench,
  repls: readonly Repl[],
  language: Language,
): Promise<Spread> {
  const file = await bench.file(megabyte);
  const result = await bench.race(
    [
      {
        name: 'work',
        warmUps: 1,
        run: () =>
          Promise.all(
            repls.map(async (repl) => {
              await loadFile(repl, file);
              const step = createLengthStep(language, megabyte, (code) => runStep(repl, code));
              await repeat(stepsEach, step);
            }),
          ),
      },
    ],
    { rounds: bench.pick(7, 4), budgetMs: 5_000 },
  );
  return result.spread('work') ?? toSpread([]);
}

async function measureThroughput(
  bench: Bench,
  repls: readonly Repl[],
  language: Language,
): Promise<Figure[]> {
  const counts = bench.pick([1, 2, 5, 10, 20, 50], [1, 10, 50]);
  const stepCount = bench.pick(200, 50);
  const result = await bench.race(
    counts.map((count) => ({
      name: String(count),
      warmUps: 1,
      run: () =>
        Promise.all(
          repls.slice(0, count).map((repl) => {
            let step = 0;
            const run = (): Promise<string> => runStep(repl, `x = ${(step += 1)}`);
            return repeat(Math.ceil(stepCount / count), run);
          }),
        ),
    })),
    { rounds: 5, budgetMs: 3_000 },
  );
  return counts.map((count) => {
    const spread = result.spread(String(count)) ?? toSpread([]);
    const stepsDone = Math.ceil(stepCount / count) * count;
    const { low, high, ...rest } = spread;
    const rate = (milliseconds: number): number => (stepsDone * 1_000) / milliseconds;
    return {
      name: `${names[language]}: ${count} session${count > 1 ? 's' : ''} in parallel`,
      unit: 'steps/s',
      found: { ...rest, median: rate(spread.median), low: rate(high), high: rate(low) },
    };
  });
}

/** Each session keeps a number of its own through a round of steps. */
async function countSurvivors(repls: readonly Repl[], language: Language): Promise<Figure> {
  await Promise.all(repls.map((repl, index) => runStep(repl, `own = ${index}`)));
  const printed = await Promise.all(repls.map((repl) => runStep(repl, 'print(own)')));
  const alive = printed.filter((text, index) => text.trim() === String(index)).length;
  return toCount(
    `${names[language]}: live at once, each with its own variables`,
    'sessions',
    alive,
    {
      target: { atLeast: allCount },
    },
  );
}

async function measureFreshProcesses(bench: Bench): Promise<Figure> {
  const name = `fresh Python process per step: ${idleCount} × ${stepsEach} × 1 MB`;
  if (!bench.python) {
    return { name, unit: 's', found: noPython };
  }
  if (bench.isQuick) {
    return { name, unit: 's', found: { missing: 'not in a quick run' } };
  }
  const { python } = bench;
  const context = createText(megabyte).toString('latin1');
  const started = performance.now();
  await Promise.all(
    Array.from({ length: idleCount }, () => {
      const fresh = new FreshProcess(python, context);
      return repeat(
        stepsEach,
        createLengthStep('python', megabyte, (code) => fresh.run(code)),
      );
    }),
  );
  const found = scale(toSpread([performance.now() - started]), 1 / 1_000);
  return { name, unit: 's', found };
}

async function repeat(times: number, run: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done += 1) {
    await run();
  }
}
