// Python on each backend that this machine has, and JavaScript on those that run it on Node: a step over 1 KB and over 100 MB, a session from the warm place, the
// first of a process, and how soon nothing runs any more once the process that holds the places is killed.

import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackendName, Language } from '../../src/core/sandbox';
import { findLack, nativeBackends, nodeImage, testImage } from '../../test/support/backends';
import { listChildren } from '../../test/support/processTree';
import { type Bench, type BenchCase, kilobyte, megabyte } from '../bench';
import { type Figure, toCount, toFigure } from '../figure';
import type { Contender } from '../measure';
import type { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { createSandboxes } from '../../test/support/repl';
import { Repl, createLengthStep, runStep } from '../repls';
import { createText } from '../texts';

const small = createText(kilobyte).toString('latin1');
/** Not Daytona: a stand-in on this machine says nothing of its times. */
const measured = ['wasm', 'local', 'container'] as const;
/** Source: what each backend is to reach on two cores. */
const targets: Readonly<
  Record<(typeof measured)[number], { step: number; warm: number; first: number }>
> = {
  wasm: { step: 1, warm: 30, first: 1_000 },
  local: { step: 1.5, warm: 150, first: 1_000 },
  container: { step: 2, warm: 100, first: 2_000 },
};
/** What is measured: where, and in which language. */
interface Kind {
  readonly backend: (typeof measured)[number];
  readonly language: Language;
}
const kinds: readonly Kind[] = [
  ...measured.map((backend) => ({ backend, language: 'python' }) as const),
  { backend: 'local', language: 'javascript' },
  { backend: 'container', language: 'javascript' },
];
const sums: Readonly<Record<Language, { readonly add: string; readonly sum: string }>> = {
  python: { add: 'x.append(len(context))', sum: 'sum(x)' },
  javascript: { add: 'x.push(context.length)', sum: 'x.reduce((all, one) => all + one)' },
};
const maxGoneMs = 1_000;
const atOnce = 20;
const stepsEach = 10;

export const backends: BenchCase = {
  name: 'backends',
  title: 'Backends',
  run: async (bench) => {
    const figures: Figure[] = [];
    for (const kind of kinds) {
      const lack = findLack(kind.backend);
      figures.push(
        ...(lack === null
          ? await measure(bench, kind)
          : [toFigure(`${toTitle(kind)}: a step over 1 KB`, { missing: lack })]),
      );
    }
    return figures;
  },
};

function toTitle({ backend, language }: Kind): string {
  return language === 'python' ? backend : `${backend}, JavaScript`;
}

function openBackend({ backend, language }: Kind): SandboxProcess {
  return createSandboxes(backend, [], language === 'python' ? testImage : nodeImage);
}

async function measure(bench: Bench, kind: Kind): Promise<Figure[]> {
  const { backend, language } = kind;
  const none = { missing: 'not run' };
  const { step, warm, first } = targets[backend];
  const endsWithHolder = nativeBackends.includes(backend) && language === 'python';
  const contenders = [
    ...(await createSteps(bench, kind)),
    createWarm(bench, kind),
    createFirst(kind),
    ...(endsWithHolder ? [createKill(backend)] : []),
  ];
  const options = { rounds: bench.pick(9, 2), budgetMs: bench.pick(20_000, 4_000) };
  const result = await bench.race(contenders, options);
  const figure = (name: string, words: string, atMost: number): Figure =>
    toFigure(`${toTitle(kind)}: ${words}`, result.spread(name) ?? none, { target: { atMost } });
  return [
    figure('small', 'a step over 1 KB', step),
    figure('large', 'a step over 100 MB', 2 * step),
    figure('warm', 'a session from the warm place', warm),
    figure('first', 'the first session of a process', first),
    ...(endsWithHolder ? [figure('kill', 'killed, until nothing of it runs', maxGoneMs)] : []),
    await countAnswering(kind),
    ...(endsWithHolder ? [await countKills(bench, backend)] : []),
  ];
}

/** All open at once, work at once, and answer right. */
async function countAnswering(kind: Kind): Promise<Figure> {
  const { language } = kind;
  const sandboxes = openBackend(kind);
  const work = async (number: number): Promise<boolean> => {
    const repl = await Repl.open(sandboxes, { language, context: small });
    await repl.run(`x = [${number}]`);
    for (let step = 1; step < stepsEach; step += 1) {
      await repl.run(sums[language].add);
    }
    const wanted = number + (stepsEach - 1) * small.length;
    return (await repl.evaluate(sums[language].sum)) === String(wanted);
  };
  try {
    const settled = await Promise.allSettled(Array.from({ length: atOnce }, (_, n) => work(n)));
    const right = settled.filter((one) => one.status === 'fulfilled' && one.value).length;
    return toCount(
      `${toTitle(kind)}: of ${atOnce} sessions at once, those whose steps all answered right`,
      'sessions',
      right,
      { target: { atLeast: atOnce } },
    );
  } finally {
    sandboxes.dispose();
  }
}

async function countKills(bench: Bench, backend: BackendName): Promise<Figure> {
  const kills = bench.pick(100, 3);
  const { prepare, run, cleanUp } = createKill(backend);
  let inTime = 0;
  for (let round = 0; round < kills; round += 1) {
    await prepare?.();
    const begin = performance.now();
    await run();
    inTime += performance.now() - begin <= maxGoneMs ? 1 : 0;
    await cleanUp?.();
  }
  return toCount(
    `${backend}: of ${kills} kills, those after which nothing ran within ${maxGoneMs} ms`,
    'sessions',
    inTime,
    { target: { atLeast: kills } },
  );
}

async function createSteps(bench: Bench, kind: Kind): Promise<Contender[]> {
  const { language } = kind;
  const sandboxes = bench.store.add(openBackend(kind));
  const contenders: Contender[] = [];
  for (const [name, bytes] of [
    ['small', kilobyte],
    ['large', 100 * megabyte],
  ] as const) {
    const text = createText(bytes).toString('latin1');
    const repl = await Repl.open(sandboxes, { language, context: text });
    const run = createLengthStep(language, text.length, (code) => runStep(repl, code));
    contenders.push({ name, run, burst: 20, warmUps: 20 });
  }
  return contenders;
}

function createWarm(bench: Bench, kind: Kind): Contender {
  const { language } = kind;
  const sandboxes = bench.store.add(openBackend(kind));
  let repl: Repl | undefined;
  return {
    name: 'warm',
    prepare: async () => {
      repl ??= await Repl.open(sandboxes, { language, context: small }); // from here on one waits
      while (!(await hasWarm(sandboxes, language))) {
        await delay(20);
      }
    },
    run: async () => {
      const last = repl;
      repl = await Repl.open(sandboxes, { language, context: small });
      last?.sandbox.dispose();
    },
  };
}

async function hasWarm(sandboxes: SandboxProcess, language: Language): Promise<boolean> {
  const { backends: rows } = await sandboxes.readStatus();
  return rows.some((one) => one.language === language && one.warm > 0);
}

function createFirst(kind: Kind): Contender {
  let sandboxes: ReturnType<typeof createSandboxes> | undefined;
  return {
    name: 'first',
    run: async () => {
      sandboxes = openBackend(kind);
      await Repl.open(sandboxes, { language: kind.language, context: small });
    },
    cleanUp: async () => sandboxes?.dispose(),
  };
}

/** The process that holds the places, killed the hard way. */
function createKill(backend: BackendName): Contender {
  let sandboxes: ReturnType<typeof createSandboxes> | undefined;
  let holder = 0;
  let guests: readonly string[] = [];
  return {
    name: 'kill',
    prepare: async () => {
      const before = [await listChildren(process.pid), await listGuests()] as const;
      sandboxes = createSandboxes(backend);
      const repl = await Repl.open(sandboxes, { context: small });
      await repl.run('x = 1');
      holder = (await listChildren(process.pid)).find((pid) => !before[0].includes(pid)) ?? 0;
      guests = (await listGuests()).filter((pid) => !before[1].includes(pid));
    },
    run: async () => {
      process.kill(holder, 'SIGKILL');
      const latest = performance.now() + 10 * maxGoneMs;
      while (
        performance.now() < latest &&
        (await listGuests()).some((pid) => guests.includes(pid))
      ) {
        await delay(5);
      }
    },
    cleanUp: async () => sandboxes?.dispose(),
  };
}

/** Supervisors and interpreters, as this system sees them. */
async function listGuests(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it may have ended
      return /supervisor|own_builtins/u.test(command) ? [pid] : [];
    }),
  );
  return found.flat();
}
