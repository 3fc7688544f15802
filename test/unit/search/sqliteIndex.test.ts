import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import type {
  IndexBatch,
  IndexEntry,
  IndexFilter,
  IndexPage,
} from '../../../src/core/search/contextIndex';
import { parseSearchWords } from '../../../src/core/search/searchWords';
import { SqliteIndex } from '../../../src/search/sqliteIndex';
import { useTempFolder } from '../../support/tempFolder';

const sqlite = process.getBuiltinModule('node:sqlite');
const noFilter: IndexFilter = {
  ...{ sessionIds: null, profileId: null, kinds: null, tags: [], since: null, until: null },
};

function createEntry(number: number, text: string, over: Partial<IndexEntry> = {}): IndexEntry {
  return {
    ...{ number, text, at: number * 1_000, step: number, kind: 'run_repl', outcome: 'ok' },
    ...{ title: `Step ${number}`, files: [], tags: [], relatedSessions: [] },
    ...over,
  } as const;
}

function createBatch(put: readonly IndexEntry[], over: Partial<IndexBatch> = {}): IndexBatch {
  const sessionId = over.sessionId ?? 'session-1';
  const position = String(put.length);
  return {
    sessionId,
    session: { sessionId, title: 'A', profileId: null, parentSessionId: null, relationship: null },
    ...{ from: null, isRestart: false, put, remove: [] },
    to: { mark: 'm', position, nextNumber: put.length, held: '', unreadable: 0 },
    ...over,
  };
}

describe('SqliteIndex', () => {
  const temp = useTempFolder();
  const toFile = (): string => path.join(temp(), 'index', 'sessions.sqlite');
  let index: SqliteIndex;

  beforeEach(() => {
    index = new SqliteIndex(toFile(), sqlite);
  });
  afterEach(() => index.close());

  function find(query: string, over: Partial<IndexFilter> = {}): IndexPage {
    const filter = { ...noFilter, ...over };
    return index.search({
      ...{ words: parseSearchWords(query), vector: null, filter, offset: 0, limit: 10 },
    });
  }
  const toNumbers = ({ hits }: IndexPage): number[] => hits.map(({ entry }) => entry.number);

  const texts = [
    'the login test timed out, connection refused by 10.0.0.1',
    'wrote src/loginForm.ts and ran prettier',
    'logging was refused; the connection held',
    'naïve café 日志错误 in parseConfigFile',
    'it\'s 100% "quoted" (and) bracketed* [x] ^y: -z',
  ];
  const finds: readonly [string, readonly number[]][] = [
    ['login timeout', [0, 1]],
    ['tests', [0]],
    ['"connection refused"', [0]],
    ['"refused connection"', []],
    ['connection refused', [0, 2]],
    ['log*', [2, 0, 1]],
    ['cafe', [3]],
    ['志错', [3]],
    ['config', [3]],
    ['parseConfigFile', [3]],
    ['src/loginForm.ts', [1]],
    ['form', [1]],
    ['10.0.0.1', [0]],
    ['"quoted" (and) bracketed*', [4]],
    ['zzz', []],
  ];
  for (const [query, expected] of finds) {
    it(`finds by ${query}`, () => {
      index.write(createBatch(texts.map((text, number) => createEntry(number, text))));
      const page = find(query);
      assert.deepStrictEqual(
        [toNumbers(page).toSorted(), page.total],
        [expected.toSorted(), expected.length],
      );
    });
  }

  it('has what holds all words before what holds some, and says which', () => {
    index.write(
      createBatch([
        createEntry(0, 'alpha alpha alpha alpha'),
        createEntry(1, `alpha ${'x '.repeat(500)} beta`),
        createEntry(2, 'beta'),
      ]),
    );
    const { hits } = find('alpha beta');
    assert.deepStrictEqual(
      [hits[0]?.entry.number, hits.map(({ matched }) => matched.length).toSorted()],
      [1, [1, 1, 2]],
    );
    const scores = hits.map(({ score }) => score);
    assert.deepStrictEqual(
      scores,
      scores.toSorted((left, right) => right - left),
    );
  });

  it('takes any text for a query, and finds what holds it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        index.write(createBatch([createEntry(0, text)], { isRestart: true, from: readPosition() }));
        const words = parseSearchWords(text);
        const { hits } = find(text);
        const isPlain = /^[a-z]{1,20}$/u.test(text) && words.terms.length > 0;
        assert.ok(!isPlain || hits.length === 1, JSON.stringify(text));
      }),
      { numRuns: 300 },
    );
  });

  function readPosition(): string | null {
    return index.readStandings().get('session-1')?.position ?? null;
  }

  it('gives back what it was given, in whole characters', () => {
    const entry = createEntry(0, 'a\0b \ud800 c', {
      ...{ files: ['a.ts'], tags: ['one', 'two'], relatedSessions: ['session-9'] },
    });
    index.write(createBatch([entry]));
    assert.deepStrictEqual(find('').hits[0]?.entry, { ...entry, text: 'a\ufffdb \ufffd c' });
  });

  const filters: readonly [string, Partial<IndexFilter>, readonly number[]][] = [
    ['session', { sessionIds: ['session-2'] }, [7]],
    ['no session', { sessionIds: [] }, []],
    ['kind', { kinds: ['note'] }, [1]],
    ['tags', { tags: ['red', 'blue'] }, [1]],
    ['profile', { profileId: 'reviewer' }, [7]],
    ['time', { since: 1_000, until: 2_000 }, [2, 1]],
  ];
  for (const [name, filter, expected] of filters) {
    it(`filters by ${name}, with words and without`, () => {
      const note = { kind: 'note', tags: ['red', 'blue'] } as const;
      index.write(
        createBatch([createEntry(0, 'word'), createEntry(1, 'word', note), createEntry(2, 'word')]),
      );
      const sessionId = 'session-2';
      const session = { sessionId, title: 'B', profileId: 'reviewer' };
      index.write(
        createBatch([createEntry(7, 'word')], {
          sessionId,
          session: { ...session, parentSessionId: 'session-1', relationship: 'child' },
        }),
      );
      const pages = [find('word', filter), find('', filter)];
      assert.deepStrictEqual(
        pages.map((page) => [toNumbers(page).toSorted(), page.total]),
        [
          [expected.toSorted(), expected.length],
          [expected.toSorted(), expected.length],
        ],
      );
    });
  }

  it('pages without leaving out or repeating a hit', () => {
    index.write(createBatch(Array.from({ length: 23 }, (_, at) => createEntry(at, 'same words'))));
    for (const query of ['same', '']) {
      const words = parseSearchWords(query);
      const seen = [0, 10, 20].flatMap((offset) =>
        toNumbers(index.search({ words, vector: null, filter: noFilter, offset, limit: 10 })),
      );
      assert.deepStrictEqual(
        seen.toSorted((left, right) => left - right),
        Array.from({ length: 23 }, (_, at) => at),
      );
    }
  });

  it('refuses a batch that goes on from elsewhere, and changes nothing then', () => {
    index.write(createBatch([createEntry(0, 'first')]));
    assert.deepStrictEqual(index.write(createBatch([createEntry(1, 'late')])), false);
    assert.deepStrictEqual(find('late').total, 0);
  });

  it('has no byte of a deleted session, nor of what another entry took the place of', async () => {
    const secret = 'zebrasecretword';
    index.write(createBatch([createEntry(0, `some ${secret} text`, { tags: [secret] })]));
    index.write(
      createBatch([createEntry(0, `kept ${secret}2`)], { sessionId: 'session-2', from: null }),
    );
    index.write(
      createBatch([createEntry(1, 'its end')], {
        ...{ sessionId: 'session-2', from: '1', remove: [0] },
      }),
    );
    index.forget(['session-1', 'session-9']);
    const folder = path.dirname(toFile());
    for (const name of await readdir(folder)) {
      assert.ok(!(await readFile(path.join(folder, name))).includes(secret), name);
    }
    assert.deepStrictEqual([find(secret).total, find('end').total], [0, 1]);
  });

  it('is for its owner alone', async () => {
    assert.deepStrictEqual((await stat(toFile())).mode & 0o77, 0);
  });

  const damages: readonly [string, () => Promise<void>, RegExp | null][] = [
    [
      'text in its place',
      () => writeFile(toFile(), 'no database at all, '.repeat(100)),
      /damaged/u,
    ],
    ['a database of another program', () => makeForeign(toFile()), /no index of this product/u],
    ['one of another version', () => setVersion(toFile()), /another version/u],
    ['an empty file', () => writeFile(toFile(), ''), null],
    ['pages of zeros', () => zeroPages(toFile()), /damaged/u],
  ];
  for (const [what, damage, word] of damages) {
    it(`makes the index anew where there is ${what}, and says so`, async () => {
      index.write(createBatch(texts.map((text, number) => createEntry(number, text))));
      index.close();
      await damage();
      index = new SqliteIndex(toFile(), sqlite);
      const { mended, entries } = index.readStats();
      assert.deepStrictEqual(entries, 0);
      assert.ok(word ? word.test(mended ?? '') : mended === null, String(mended));
      assert.deepStrictEqual(index.write(createBatch([createEntry(0, 'again')])), true);
      assert.deepStrictEqual(find('again').total, 1);
    });
  }

  it('keeps what another program had put there', async () => {
    index.close();
    await makeForeign(toFile());
    index = new SqliteIndex(toFile(), sqlite);
    const other = new sqlite.DatabaseSync(`${toFile()}.set-aside`);
    assert.deepStrictEqual({ ...other.prepare('select * from theirs').get() }, { a: 1 });
    other.close();
  });

  it('touches nothing but a regular file', async () => {
    const target = path.join(temp(), 'target');
    await writeFile(target, 'mine');
    await mkdir(path.join(temp(), 'other'));
    const link = path.join(temp(), 'other', 'sessions.sqlite');
    await symlink(target, link);
    assert.throws(() => new SqliteIndex(link, sqlite), { code: 'BACKEND_UNAVAILABLE' });
    assert.deepStrictEqual(await readFile(target, 'utf8'), 'mine');
  });
});

async function makeForeign(file: string): Promise<void> {
  await writeFile(file, '');
  const database = new sqlite.DatabaseSync(file);
  database.exec('create table theirs (a); insert into theirs values (1)');
  database.close();
}

async function setVersion(file: string): Promise<void> {
  const database = new sqlite.DatabaseSync(file);
  database.exec('pragma user_version = 99');
  database.close();
}

async function zeroPages(file: string): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0, 4_096));
}
