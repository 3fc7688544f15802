// What search costs: the index of 10,000 events made from their traces, a query, and a query after new events.

import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import type { RunQuery } from '../../src/core/search/runSearch';
import { RunSearch } from '../../src/core/search/runSearch';
import { IndexThread } from '../../src/search/indexThread';
import type { FileTraceStore } from '../../src/store/fileTraceStore';
import { systemClock } from '../../src/systemClock';
import {
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from '../../test/support/sampleTrace';
import type { Bench, BenchCase } from '../bench';
import { openTraces } from '../engine';
import { type Figure, toCount, toFigure } from '../figure';
import { never } from '../repls';

const none = { missing: 'not run' };
const sessions = 50;
/** Of each session: its opening, and two events of each step. */
const stepsEach = 100;
const vocabulary =
  'build test parser timeout agent merge branch review patch memory disk network query index cache error login table price image'.split(
    ' ',
  );

export const search: BenchCase = {
  name: 'search',
  title: 'Search over sessions',
  async run(bench) {
    const home = await mkdtemp(path.join(bench.folder, 'home-'));
    const traces = await openTraces(bench, home);
    const count = bench.pick(sessions, sessions / 10);
    for (let at = 0; at < count; at += 1) {
      await writeSession(traces, at);
    }
    const runs = openSearch(bench, traces, home);
    const started = performance.now();
    await runs.search(toQuery('login'), never);
    const builtSeconds = (performance.now() - started) / 1_000;
    const events = (count * (1 + 2 * stepsEach)).toLocaleString('en');
    let fresh = count;
    const result = await bench.race(
      [
        { name: 'query', run: () => runs.search(toQuery('login timeout'), never), warmUps: 3 },
        { name: 'phrase', run: () => runs.search(toQuery('"cache error"'), never), warmUps: 3 },
        {
          name: 'grown',
          prepare: () => writeSession(traces, (fresh += 1), 5),
          run: () => runs.search(toQuery('login'), never),
        },
      ],
      { rounds: bench.pick(30, 5), budgetMs: bench.pick(10_000, 2_000) },
    );
    return [
      toCount(`index ${events} events, from their traces`, 's', builtSeconds),
      figure('a query of two words among them', result, 'query', 100),
      figure('a query of a phrase', result, 'phrase', 100),
      figure('a query after 11 new events', result, 'grown', 150),
    ];
  },
};

function figure(
  words: string,
  result: Awaited<ReturnType<Bench['race']>>,
  name: string,
  atMost: number,
): Figure {
  return toFigure(words, result.spread(name) ?? none, { target: { atMost } });
}

function openSearch(bench: Bench, traces: FileTraceStore, home: string): RunSearch {
  const index = new IndexThread({
    workerFile: path.resolve('dist', 'searchIndex.js'),
    file: path.join(home, 'index', 'sessions.sqlite'),
  });
  const masker = { mask: (text: string) => text };
  const runs = new RunSearch({ traces, index, masker, embedder: null, clock: systemClock });
  bench.onLetGo(() => runs.dispose());
  return runs;
}

function toQuery(query: string): RunQuery {
  return {
    ...{ query, sessionId: null, profileId: null, tags: [], kinds: null, status: null },
    ...{ since: null, until: null, offset: 0, limit: 10, textChars: 600, waitMs: 600_000 },
  };
}

async function writeSession(
  traces: FileTraceStore,
  seed: number,
  steps = stepsEach,
): Promise<void> {
  const sessionId = `bench-search-${String(seed).padStart(5, '0')}`;
  const sink = await traces.createTrace(createOpened({ sessionId }));
  const writing: Promise<void>[] = [];
  for (let step = 1; step <= steps; step += 1) {
    const words = Array.from(
      { length: 60 },
      (_, at) => vocabulary[(seed * 31 + step * 7 + at * at) % vocabulary.length],
    );
    const outcome = createOutcome({ stdout: `${words.join(' ')} e${seed}x${step}` });
    writing.push(sink.append(createStepStarted({ step, code: `look(${step})` })));
    writing.push(sink.append(createStepFinished({ step, outcome })));
  }
  await Promise.all(writing);
  await sink.close();
}
