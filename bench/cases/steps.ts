// A step that leaves the context alone, over the size of the context: at the sandbox's port and
// through both transports, against a fresh process per step and plain `exec`.

import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { RlmError } from '../../src/core/errors';
import { type Language, languages } from '../../src/core/sandbox';
import { type Bench, type BenchCase, kilobyte, megabyte, noPython } from '../bench';
import { type Figure, type Series, type Target, toFigure } from '../figure';
import { createProcessHop, createThreadHop } from '../hops';
import { McpServer } from '../mcpServer';
import type { Contender, RaceResult } from '../measure';
import { FreshProcess, NativePython } from '../python';
import { createLengthStep, openFromFile, openSandboxes, runStep } from '../repls';

const fullSizes = [kilobyte, megabyte, 10 * megabyte, 100 * megabyte, 400 * megabyte];
const quickSizes = [kilobyte, 10 * megabyte, 100 * megabyte];
/** Three sandboxes at once, each with the shared bytes and the interpreter's two copies, and the baselines' JSON. */
const bytesPerContextByte = 20;

const languageNames: Readonly<Record<Language, string>> = {
  python: 'Python',
  javascript: 'JavaScript',
};
const portTargets: Readonly<Record<Language, Target>> = {
  python: { atMost: 1 },
  javascript: { atMost: 0.6 },
};
const portSeries: Readonly<Record<Language, Series>> = {
  python: 'Python session',
  javascript: 'JavaScript session',
};
/** Names of contenders. */
const at = {
  port: 'port',
  reference: 'port at 1 KB',
  stdio: 'stdio',
  http: 'http',
  fresh: 'fresh',
  native: 'native',
  thread: 'thread',
  process: 'process',
} as const;

export const steps: BenchCase = {
  name: 'steps',
  title: 'A step that leaves the context alone',
  async run(bench) {
    const figures: Figure[] = [];
    for (const bytes of bench.pick(fullSizes, quickSizes)) {
      for (const language of languages) {
        if (bench.isQuick && language === 'javascript' && bytes === 10 * megabyte) {
          continue; // judged at 1 KB and 100 MB
        }
        bench.report(`${toSizeText(bytes)}, ${languageNames[language]}`);
        figures.push(...(await measureSize(bench, language, bytes)));
        await bench.letGo();
      }
    }
    return figures;
  },
};

async function measureSize(bench: Bench, language: Language, bytes: number): Promise<Figure[]> {
  const name = `${toSizeText(bytes)}, ${languageNames[language]}`;
  if (freemem() < bytes * bytesPerContextByte) {
    return [toFigure(name, { missing: 'not enough free memory here' })];
  }
  const own = await createOwn(bench, language, bytes).catch(toTooLarge);
  if ('missing' in own) {
    return [toFigure(name, own)];
  }
  const contenders = [
    ...own,
    ...(language === 'python' ? await createBaselines(bench, bytes) : []),
    ...(bytes === kilobyte && language === 'python' ? createHops(bench) : []),
  ];
  const result = await bench.race(contenders, {
    rounds: bench.pick(30, 12),
    budgetMs: bench.pick(2_500, 300),
  });
  return [
    ...toOwnFigures(result, language, bytes),
    ...(language === 'python' ? toBaselineFigures(bench, result, bytes) : []),
  ];
}

async function createOwn(bench: Bench, language: Language, bytes: number): Promise<Contender[]> {
  const file = await bench.file(bytes);
  const sandboxes = openSandboxes(bench);
  const repl = await openFromFile(sandboxes, language, file);
  const small = await openFromFile(sandboxes, language, await bench.file(kilobyte));
  const frequent = { burst: 20, warmUps: 1_000 };
  const contenders: Contender[] = [
    {
      name: at.port,
      run: createLengthStep(language, bytes, (code) => runStep(repl, code)),
      ...frequent,
    },
    {
      name: at.reference,
      run: createLengthStep(language, kilobyte, (code) => runStep(small, code)),
      ...frequent,
    },
  ];
  for (const [name, start] of [
    [at.stdio, () => McpServer.startStdio(bench)],
    [at.http, () => McpServer.startHttp(bench)],
  ] as const) {
    const server = await start();
    const session = await server.open(language, { context_paths: [file] });
    const run = createLengthStep(language, bytes, (code) => server.run(session, code));
    contenders.push({ name, run, ...frequent });
  }
  return contenders;
}

function toTooLarge(thrown: unknown): { readonly missing: string } {
  if (thrown instanceof RlmError && thrown.code === 'CONTEXT_TOO_LARGE') {
    return { missing: 'does not fit one session' };
  }
  throw thrown;
}

async function createBaselines(bench: Bench, bytes: number): Promise<Contender[]> {
  if (!bench.python) {
    return [];
  }
  const file = await bench.file(bytes);
  const fresh = new FreshProcess(bench.python, await readFile(file, 'latin1'));
  const native = bench.store.add(new NativePython(bench.python));
  await native.load(file);
  return [
    {
      name: at.fresh,
      run: createLengthStep('python', bytes, (code) => fresh.run(code)),
      // Seconds each, and hundreds of times more than what it is compared with.
      ...(bytes >= 100 * megabyte ? { minTurns: 1 } : {}),
    },
    {
      name: at.native,
      run: createLengthStep('python', bytes, (code) => native.run(code)),
      burst: 10,
      warmUps: 50,
    },
  ];
}

function createHops(bench: Bench): Contender[] {
  const thread = bench.store.add(createThreadHop());
  const process = bench.store.add(createProcessHop());
  return [
    { name: at.thread, run: () => thread.run(), burst: 10, warmUps: 50 },
    { name: at.process, run: () => process.run(), burst: 10, warmUps: 50 },
  ];
}

function toOwnFigures(result: RaceResult, language: Language, contextBytes: number): Figure[] {
  const size = toSizeText(contextBytes);
  const label = `${size}, ${languageNames[language]}`;
  const none = { missing: 'not run' };
  const isPlotted = language === 'python';
  const transports = [
    [at.stdio, 'MCP over stdio'],
    [at.http, 'MCP over HTTP'],
  ] as const;
  const figures = [
    toFigure(`${label}: sandbox port`, result.spread(at.port) ?? none, {
      target: portTargets[language],
      point: { series: portSeries[language], contextBytes },
    }),
    ...transports.map(([name, series]) =>
      toFigure(`${label}: ${series}`, result.spread(name) ?? none, {
        target: { atMost: 5 },
        ...(isPlotted ? { point: { series, contextBytes } } : {}),
      }),
    ),
  ];
  if (contextBytes === 100 * megabyte) {
    figures.push({
      name: `${label}: times the same step at 1 KB`,
      unit: '×',
      found: result.ratio(at.port, at.reference) ?? none,
      target: { atMost: 2 },
    });
  }
  return figures;
}

function toBaselineFigures(bench: Bench, result: RaceResult, contextBytes: number): Figure[] {
  const size = toSizeText(contextBytes);
  const none = bench.python ? { missing: 'not run' } : noPython;
  const targets = new Map<number, Target>([
    [kilobyte, { atLeast: 100 }],
    [10 * megabyte, { atLeast: 1_000 }],
  ]);
  const target = targets.get(contextBytes);
  const figures = [
    toFigure(`${size}: fresh Python process, state as JSON`, result.spread(at.fresh) ?? none, {
      point: { series: 'fresh Python process per step', contextBytes },
    }),
    toFigure(`${size}: exec in one native process`, result.spread(at.native) ?? none, {
      point: { series: 'exec in one native process', contextBytes },
    }),
    {
      name: `${size}: fresh process against our Python session`,
      unit: '×',
      found: result.ratio(at.fresh, at.port) ?? none,
      ...(target ? { target } : {}),
    } satisfies Figure,
  ];
  const thread = result.spread(at.thread);
  const process = result.spread(at.process);
  return [
    ...figures,
    ...(thread ? [toFigure('floor: a hop to a thread and back', thread)] : []),
    ...(process ? [toFigure('floor: a hop to a process and back', process)] : []),
  ];
}

function toSizeText(bytes: number): string {
  return bytes < megabyte ? `${bytes / kilobyte} KB` : `${bytes / megabyte} MB`;
}
