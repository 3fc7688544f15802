// What a trace costs: an append, a page out of 100,000 events, the bytes of an ordinary step.

import { mkdtemp, stat } from 'node:fs/promises';
import path from 'node:path';
import type { EventQuery, TraceSink } from '../../src/core/traceStore';
import type { FileTraceStore } from '../../src/store/fileTraceStore';
import {
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from '../../test/support/sampleTrace';
import { type Bench, type BenchCase, kilobyte, megabyte } from '../bench';
import { openRegistry, openTraces, runSessionStep } from '../engine';
import { type Figure, toCount, toFigure } from '../figure';
import { never, openFromFile, openSandboxes, runStep } from '../repls';

const none = { missing: 'not run' };
const stepCount = 50_000;
const wholeTrace: EventQuery = { fromStep: null, toStep: null, cursor: null, limit: 100 };

/** As a model writes them: looks, counts, prints a little, keeps what it found. */
const ordinaryCode = `
rows = [line for line in context.splitlines() if "status=503" in line]
by_level = {}
for row in rows:
    level = row.split()[2]
    by_level[level] = by_level.get(level, 0) + 1
for level, count in sorted(by_level.items()):
    print(level, count)
print(len(rows), "rows; the first of them:")
for row in rows[:5]:
    print(row)
`;

export const trace: BenchCase = {
  name: 'trace',
  title: 'The trace',
  async run(bench) {
    const home = await mkdtemp(path.join(bench.folder, 'home-'));
    const traces = await openTraces(bench, home);
    return [
      ...(await measureAppends(bench, traces)),
      ...(await measurePages(bench, traces)),
      await measureStepBytes(bench),
    ];
  },
};

async function measureAppends(bench: Bench, traces: FileTraceStore): Promise<Figure[]> {
  const opened = createOpened({ sessionId: 'bench-append-0001' });
  const sink = await traces.createTrace(opened);
  const registry = await openRegistry(bench, {
    home: await mkdtemp(path.join(bench.folder, 'home-')),
    answer: () => Promise.reject(new Error('no model here')),
  });
  const file = await bench.file(kilobyte);
  const limits = { maxSteps: 10_000, budgetLimit: 10_000_000, maxRuntimeMs: 3_600_000 };
  const session = await registry.openSession(
    { context: { text: null, paths: [file] }, language: 'python', title: '', limits },
    never,
  );
  const repl = await openFromFile(openSandboxes(bench), 'python', file);
  const code = 'x = 1\nprint(len(context))';
  const frequent = { burst: 10, warmUps: 50 };
  const result = await bench.race(
    [
      { name: 'append', run: () => appendStep(sink), ...frequent },
      { name: 'session', run: () => runSessionStep(session, code), ...frequent },
      { name: 'port', run: () => runStep(repl, code), ...frequent },
    ],
    { rounds: bench.pick(40, 15), budgetMs: 3_000 },
  );
  await sink.close();
  return [
    toFigure('append an event', result.spread('append') ?? none, { target: { atMost: 1 } }),
    toFigure('a step of a session, its two events on disk', result.spread('session') ?? none),
    toFigure('the same step at the sandbox port, no trace', result.spread('port') ?? none),
  ];
}

function appendStep(sink: TraceSink): Promise<void> {
  return sink.append(createStepFinished({ outcome: createOutcome({ stdout: 'x'.repeat(400) }) }));
}

async function measurePages(bench: Bench, traces: FileTraceStore): Promise<Figure[]> {
  const sessionId = 'bench-pages-0001';
  const sink = await traces.createTrace(createOpened({ sessionId }));
  await writeSteps(sink);
  await sink.close();
  const read = async (query: Partial<EventQuery>): Promise<string | null> => {
    const page = await traces.readEvents(sessionId, { ...wholeTrace, ...query });
    if (page.events.length === 0) {
      throw new Error('The page is empty.');
    }
    return page.nextCursor;
  };
  const cursor = await read({ fromStep: stepCount / 2 });
  const result = await bench.race(
    [
      { name: 'first', run: () => read({}), warmUps: 3 },
      { name: 'middle', run: () => read({ fromStep: stepCount / 2 }), warmUps: 3 },
      { name: 'next', run: () => read({ cursor }), warmUps: 3 },
      { name: 'last', run: () => read({ fromStep: stepCount - 20 }), warmUps: 3 },
    ],
    { rounds: bench.pick(40, 10), budgetMs: 3_000 },
  );
  const target = { atMost: 20 };
  const find = (name: string) => result.spread(name) ?? none;
  return [
    toFigure('a page of 100 out of 100,000 events: the first', find('first'), { target }),
    toFigure('a page of 100 out of 100,000 events: from a step in the middle', find('middle'), {
      target,
    }),
    toFigure('a page of 100 out of 100,000 events: the one after', find('next'), { target }),
    toFigure('a page out of 100,000 events: the last steps', find('last'), { target }),
  ];
}

async function writeSteps(sink: TraceSink): Promise<void> {
  const together = 1_000;
  for (let from = 1; from <= stepCount; from += together) {
    const steps = Array.from({ length: together }, (_, index) => from + index);
    await Promise.all(
      steps.flatMap((step) => {
        const usage = { steps: step, runtimeMs: step, budgetUsed: step, llmCalls: 0, llmTokens: 0 };
        const outcome = createOutcome({ stdout: `line ${step}\n`.repeat(20) });
        return [
          sink.append(createStepStarted({ step, usage, code: ordinaryCode })),
          sink.append(createStepFinished({ step, usage, outcome })),
        ];
      }),
    );
  }
}

async function measureStepBytes(bench: Bench): Promise<Figure> {
  const home = await mkdtemp(path.join(bench.folder, 'home-'));
  const registry = await openRegistry(bench, {
    home,
    answer: () => Promise.reject(new Error('no model here')),
  });
  const file = await bench.file(megabyte);
  const session = await registry.openSession(
    { context: { text: null, paths: [file] }, language: 'python', title: '', limits: {} },
    never,
  );
  const traceFile = path.join(home, 'sessions', session.id, 'trace.jsonl');
  const before = (await stat(traceFile)).size;
  await runSessionStep(session, ordinaryCode);
  const bytes = (await stat(traceFile)).size - before;
  return toCount('bytes of an ordinary step on disk', 'KB', bytes / kilobyte, {
    target: { atMost: 3 },
  });
}
