// Search as an engine has it: the index in its thread, over real traces, and beside other engines.

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunQuery, RunSearchResult } from '../../../src/core/search/runSearch';
import { RunSearch } from '../../../src/core/search/runSearch';
import type { TraceEvent } from '../../../src/core/event';
import type { Embedder } from '../../../src/core/search/embedder';
import { IndexThread } from '../../../src/search/indexThread';
import { RlmError } from '../../../src/core/errors';
import { SecretMasker } from '../../../src/agents/masking/secretMasker';
import type { FileTraceStore } from '../../../src/store/fileTraceStore';
import { createHome, type Home } from '../../../src/store/home';
import { systemClock } from '../../../src/systemClock';
import { EngineStores } from '../../support/engineStores';
import {
  createClosed,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';
import { start } from '../cli/program';

const never = new AbortController().signal;
const anything: RunQuery = {
  ...{ query: '', sessionId: null, profileId: null, tags: [], kinds: null, status: null },
  ...{ since: null, until: null, offset: 0, limit: 10, textChars: 200, waitMs: 60_000 },
};

describe('search over a home', () => {
  const temp = useTempFolder();
  const workerFile = path.resolve('dist', 'searchIndex.js');
  let home: Home;
  let stores: EngineStores;
  let engines: RunSearch[];

  beforeEach(async () => {
    home = await createHome(temp());
    stores = new EngineStores(home);
    engines = [];
  });
  afterEach(async () => {
    await Promise.all(engines.map((engine) => engine.dispose()));
    stores.dispose();
  });

  const toFile = (): string => path.join(home.path, 'index', 'sessions.sqlite');

  function createEngine(
    engineId: string,
    embedder: Embedder | null = null,
  ): {
    readonly search: RunSearch;
    readonly traces: FileTraceStore;
  } {
    const traces = stores.create(engineId);
    const index = new IndexThread({ workerFile, file: toFile() });
    const masker = new SecretMasker(['a-known-secret-value']);
    const search = new RunSearch({ traces, index, masker, embedder, clock: systemClock });
    engines.push(search);
    return { search, traces };
  }

  async function record(
    traces: FileTraceStore,
    sessionId: string,
    said: readonly string[],
  ): Promise<void> {
    const sink = await traces.createTrace(createOpened({ sessionId, title: `About ${sessionId}` }));
    const events: readonly TraceEvent[] = said.flatMap((stdout, at) => [
      createStepStarted({ step: at + 1 }),
      createStepFinished({ step: at + 1, outcome: createOutcome({ stdout }) }),
    ]);
    for (const event of [...events, createClosed({ step: said.length })]) {
      await sink.append(event);
    }
    await sink.close();
  }

  const toIds = ({ hits }: RunSearchResult): string[] => hits.map(({ id }) => id);

  it('finds what was written before, since, and by another engine, without being told', async () => {
    const one = createEngine('engine-one');
    const two = createEngine('engine-two');
    await record(one.traces, 'session-1', ['a zebra']);
    assert.deepStrictEqual(toIds(await one.search.search({ ...anything, query: 'zebra' }, never)), [
      'session-1:2',
    ]);
    await record(two.traces, 'session-2', ['two zebras']);
    const both = await Promise.all(
      [one, two].map(({ search }) => search.search({ ...anything, query: 'zebra' }, never)),
    );
    assert.deepStrictEqual(
      both.map((result) => toIds(result).toSorted()),
      [
        ['session-1:2', 'session-2:2'],
        ['session-1:2', 'session-2:2'],
      ],
    );
  });

  it('holds nothing of a session as soon as it is deleted', async () => {
    const { search, traces } = createEngine('engine-one');
    await record(traces, 'session-1', ['zebrasecretword']);
    await search.search({ ...anything, query: 'zebrasecretword' }, never);
    search.followDeletions();
    await traces.deleteTrace('session-1');
    await search.dispose(); // what it has begun is done then
    for (const name of await readdir(path.dirname(toFile()))) {
      const bytes = await readFile(path.join(path.dirname(toFile()), name));
      assert.ok(!bytes.includes('zebrasecretword'), name);
    }
  });

  it('drops at its start what was deleted while no engine ran', async () => {
    const one = createEngine('engine-one');
    await record(one.traces, 'session-1', ['zebrasecretword']);
    await one.search.search({ ...anything, query: 'zebrasecretword' }, never);
    await one.search.dispose();
    await one.traces.deleteTrace('session-1');
    const two = createEngine('engine-two');
    two.search.followDeletions();
    await two.search.dispose();
    assert.ok(!(await readFile(toFile())).includes('zebrasecretword'));
  });

  it('never holds a secret, known or by its form', async () => {
    const { search, traces } = createEngine('engine-one');
    const token = 'ghp_0123456789abcdefghijABCDEFGHIJ456789';
    await record(traces, 'session-1', [`key a-known-secret-value and ${token}`]);
    const { hits } = await search.search({ ...anything, query: 'key' }, never);
    assert.match(hits[0]?.snippet ?? '', /masked: known secret.*masked: token/u);
    await search.dispose();
    const bytes = await readFile(toFile());
    assert.ok(!bytes.includes('a-known-secret-value') && !bytes.includes(token));
  });

  it('answers right, with a word, after its file was destroyed while it was open', async () => {
    const { search, traces } = createEngine('engine-one');
    await record(traces, 'session-1', ['a zebra']);
    await search.search({ ...anything, query: 'zebra' }, never);
    await search.dispose();
    await writeFile(toFile(), Buffer.alloc(40_000, 1));
    const next = createEngine('engine-two').search;
    const first = await next.search({ ...anything, query: 'zebra' }, never);
    const second = await next.search({ ...anything, query: 'zebra' }, never);
    assert.deepStrictEqual([toIds(first), toIds(second)], [['session-1:2'], ['session-1:2']]);
    assert.match(first.notes.join(), /damaged/u);
    assert.deepStrictEqual(second.notes, []);
  });

  it('gives the same answers from an index made anew', async () => {
    const { search, traces } = createEngine('engine-one');
    await record(traces, 'session-1', ['alpha', 'beta alpha', 'gamma']);
    await record(traces, 'session-2', ['beta']);
    const queries = ['alpha beta', 'gamma', ''].map((query) => ({ ...anything, query }));
    const ask = async (from: RunSearch) =>
      Promise.all(queries.map(async (query) => toIds(await from.search(query, never))));
    const before = await ask(search);
    await search.dispose();
    await writeFile(toFile(), '');
    assert.deepStrictEqual(await ask(createEngine('engine-two').search), before);
  });

  it('filters by what a session’s status is now', async () => {
    const { search, traces } = createEngine('engine-one');
    await record(traces, 'session-1', ['zebra']);
    const sink = await traces.createTrace(
      createOpened({ sessionId: 'session-2', title: 'zebra', engineId: 'engine-one' }),
    );
    const ask = async (status: RunQuery['status']) =>
      toIds(await search.search({ ...anything, query: 'zebra', status }, never));
    const found = [await ask('active'), await ask('finalized')];
    await sink.close();
    assert.deepStrictEqual(found[1], []);
    assert.ok(found[0]?.includes('session-2:0'));
  });

  it('says what is missing while the index is being built, and has it afterwards', async () => {
    const { search, traces } = createEngine('engine-one');
    await record(traces, 'session-1', ['zebra']);
    const early = await search.search({ ...anything, query: 'zebra', waitMs: 0 }, never);
    assert.deepStrictEqual([early.hits.length, early.pendingSessions], [0, 1]);
    assert.match(early.notes.join(), /still being built/u);
    const late = await search.search({ ...anything, query: 'zebra' }, never);
    assert.deepStrictEqual([toIds(late), late.notes], [['session-1:2'], []]);
  });

  it('ends when its caller does not want it any more', async () => {
    const { search } = createEngine('engine-one');
    await assert.rejects(search.search(anything, AbortSignal.abort()), { code: 'CANCELLED' });
  });

  it('names a session that is not there', async () => {
    const { search } = createEngine('engine-one');
    const query = { ...anything, sessionId: 'session-404' };
    await assert.rejects(search.search(query, never), { code: 'SESSION_NOT_FOUND' });
  });

  it('is a status, and an error of a search, where its file cannot be had', async () => {
    const file = path.join(home.path, 'index');
    await writeFile(file, 'a file where the folder should be');
    const { search } = createEngine('engine-one');
    await assert.rejects(search.search(anything, never));
    assert.deepStrictEqual((await search.readHealth()).state, 'not-built');
  });

  /** Knows that some words mean the same. */
  function createEmbedder(): Embedder & { texts: string[]; fails: boolean } {
    const meanings = [/car|automobile|vehicle/u, /cat|feline/u, /money|price/u];
    const embedder = {
      ...{ model: 'meanings', texts: [] as string[], fails: false },
      embed: async (texts: readonly string[]) => {
        if (embedder.fails) {
          throw new RlmError('MODEL_UNAVAILABLE', 'It is down.', { nextStep: 'Start it.' });
        }
        embedder.texts.push(...texts);
        return texts.map((text) => [...meanings.map((one) => (one.test(text) ? 1 : 0)), 0.01]);
      },
    };
    return embedder;
  }

  it('finds by meaning what shares no word, and says by what', async () => {
    const embedder = createEmbedder();
    const { search, traces } = createEngine('engine-one', embedder);
    await record(traces, 'session-1', ['the vehicle broke down', 'a feline sleeps', 'automobile']);
    const { hits } = await search.search({ ...anything, query: 'automobile' }, never);
    assert.deepStrictEqual(
      hits.map(({ id, why }) => [id, why]),
      [
        ['session-1:6', '1 of 1 words: automobile; meaning: 1.00'],
        ['session-1:2', 'meaning: 1.00'],
      ],
    );
    const quoted = await search.search({ ...anything, query: '"automobile"' }, never);
    assert.deepStrictEqual(toIds(quoted), ['session-1:6']);
    const elsewhere = { ...anything, query: 'automobile', kinds: ['note' as const] };
    assert.deepStrictEqual(toIds(await search.search(elsewhere, never)), []);
  });

  it('asks for each entry’s vector once, and shows the server no secret', async () => {
    const embedder = createEmbedder();
    const { search, traces } = createEngine('engine-one', embedder);
    await record(traces, 'session-1', ['a-known-secret-value of a cat']);
    await search.search({ ...anything, query: 'cat a-known-secret-value' }, never);
    const before = embedder.texts.length;
    await search.search({ ...anything, query: 'cat' }, never);
    assert.deepStrictEqual(embedder.texts.length, before + 1);
    assert.ok(!embedder.texts.join().includes('a-known-secret-value'));
    assert.deepStrictEqual((await search.readHealth()).meaning, {
      ...{ model: 'meanings', works: true, detail: '2 vectors' },
    });
  });

  it('finds by words alone, and says so, where the server of embeddings fails', async () => {
    const embedder = createEmbedder();
    embedder.fails = true;
    const { search, traces } = createEngine('engine-one', embedder);
    await record(traces, 'session-1', ['the cat']);
    const result = await search.search({ ...anything, query: 'cat' }, never);
    assert.deepStrictEqual(
      [toIds(result), result.notes],
      [['session-1:2'], ['Found by words alone. It is down.']],
    );
    assert.deepStrictEqual((await search.readHealth()).meaning?.works, false);
  });

  it('is a command: hits, JSON, nothing found, and wrong options', async () => {
    const { traces } = createEngine('engine-one');
    await record(traces, 'session-1', ['a zebra here', 'no animal']);
    const run = (...args: string[]) =>
      start(['search', ...args], { home: home.path, cwd: temp() }).ended;
    const [shown, json, none, wrong] = await Promise.all([
      run('zebra', '--limit', '1'),
      run('animal', 'zebra', '--json', '--kind', 'run_repl'),
      run('unicorn'),
      run('zebra', '--since', 'yesterday'),
    ]);
    assert.match(shown.output, /^session-1:2 {2}run_repl, ok, .* 1 of 1 words: zebra/u);
    const document = JSON.parse(json.output) as {
      hits: { id: string }[];
      total: number;
      more: number;
    };
    assert.deepStrictEqual(
      [document.hits.map(({ id }) => id).toSorted(), document.total, document.more],
      [['session-1:2', 'session-1:4'], 2, 0],
    );
    assert.deepStrictEqual([none.exitCode, none.output], [0, '']);
    assert.match(none.errors, /Nothing found/u);
    assert.deepStrictEqual([wrong.exitCode, wrong.output], [2, '']);
  });
});
