// A home in which somebody else has put things: nothing is waited for, nothing else is shown or touched,
// and what is sound beside it stays readable.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';

import { RlmError } from '../../../src/core/errors';
import { listEngines } from '../../../src/store/engineFile';
import { FileTraceStore } from '../../../src/store/fileTraceStore';
import { createHome, type Home } from '../../../src/store/home';
import { decodeEvent, encodeEvent, maxLineBytes } from '../../../src/store/traceCodec';
import { crc32 } from '../../../src/store/crc32';
import { createClosed, createOpened, sampleEngineId } from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

const sound = 'sound-session-1';
const hostile = 'hostile-session';
const allSummaries = { status: null, limit: 100, cursor: null };
const allEvents = { fromStep: null, toStep: null, cursor: null, limit: 1_000 };

/** Puts something that is no regular file, or is no file of this product, where `at` says. */
const plants: Readonly<Record<string, (at: string, secret: string) => Promise<void>>> = {
  'a folder': async (at) => void (await mkdir(at)),
  'a link to a file': (at, secret) => symlink(secret, at),
  'a link to nothing': (at) => symlink('/nowhere/at/all', at),
  'a link to itself': (at) => symlink(at, at),
  'a link to a device that never ends': (at) => symlink('/dev/zero', at),
  'a named pipe': async (at) => void execFileSync('mkfifo', [at]),
  'an empty file': (at) => writeFile(at, ''),
  'a file of zeros': (at) => writeFile(at, Buffer.alloc(3_000_000)),
  'brackets without an end': (at) => writeFile(at, `${'['.repeat(5_000_000)}\n`),
};

/** Where it is put, in the folder of a session or in the home. */
const places: Readonly<Record<string, (home: Home) => string>> = {
  'a trace': ({ sessions }) => path.join(sessions, hostile, 'trace.jsonl'),
  'a later generation of a trace': ({ sessions }) => path.join(sessions, hostile, 'trace-1.jsonl'),
  'a lease': ({ sessions }) => path.join(sessions, hostile, 'lease-1.json'),
  'a kept text': ({ sessions }) => path.join(sessions, hostile, 'context-1.txt'),
  'a session': ({ sessions }) => path.join(sessions, hostile),
  'the file of an engine': ({ engines }) => path.join(engines, 'hostile-engine.json'),
};

describe('a home that somebody else has written to', function () {
  this.timeout(20_000);
  const temp = useTempFolder();
  let home: Home;
  let store: FileTraceStore;

  before(function () {
    if (process.platform === 'win32') {
      this.skip(); // links need a privilege there, and pipes and sockets are no entries of a folder
    }
  });

  beforeEach(async () => {
    home = await createHome(path.join(temp(), 'home'));
    store = new FileTraceStore({
      home,
      engineId: sampleEngineId,
      isEngineAlive: () => Promise.resolve(false),
    });
    for (const sessionId of [sound, hostile]) {
      const sink = await store.createTrace(createOpened({ sessionId, title: sessionId }));
      await sink.keepText('context-1', 'its own text');
      await sink.append(createClosed());
      await sink.close();
    }
  });
  afterEach(() => store.dispose());

  /** Every way to look at the hostile session answers or fails with an RlmError; then it is deleted. */
  async function tryAll(): Promise<string> {
    const results = await Promise.allSettled([
      store.readSummary(hostile),
      store.readEvents(hostile, allEvents),
      store.readText(hostile, 'context-1'),
      store.listSummaries(allSummaries),
      store.readSize(),
      listEngines(home),
      store.reopenTrace(hostile).then((sink) => sink.close()),
      store.deleteTrace(hostile),
    ]);
    for (const result of results) {
      assert.ok(result.status === 'fulfilled' || result.reason instanceof RlmError);
    }
    return JSON.stringify(results);
  }

  for (const [place, toPath] of Object.entries(places)) {
    for (const [plant, put] of Object.entries(plants)) {
      it(`with ${plant} for ${place} holds nothing up, shows nothing else and loses nothing else`, async () => {
        const secret = path.join(temp(), 'secret');
        await writeFile(secret, 'a secret of the user\n');
        if (place === 'a later generation of a trace') {
          const record = { generation: 1, engine_id: 'engine-gone', earlier: [] };
          const lease = path.join(home.sessions, hostile, 'lease-1.json');
          await writeFile(lease, JSON.stringify(record));
        }
        const at = toPath(home);
        await rm(at, { recursive: true, force: true });
        await put(at, secret);
        const seen = await tryAll();
        assert.ok(!seen.includes('a secret of the user'));
        assert.equal(await readFile(secret, 'utf8'), 'a secret of the user\n');
        assert.equal((await store.readSummary(sound))?.title, sound);
        assert.equal((await store.readEvents(sound, allEvents)).events.length, 2);
        assert.equal(await store.readText(sound, 'context-1'), 'its own text');
        const { summaries } = await store.listSummaries(allSummaries);
        assert.ok(summaries.some(({ sessionId }) => sessionId === sound));
      });
    }
  }

  it('with a socket for a trace holds nothing up', async () => {
    const at = places['a trace']?.(home) ?? '';
    await rm(at);
    const server: Server = createServer().listen(at);
    await once(server, 'listening');
    await tryAll();
    server.close();
    await once(server, 'close');
  });

  it('shows no trace of one session under the id of another', async () => {
    await cp(path.join(home.sessions, sound), path.join(home.sessions, 'copied-session'), {
      recursive: true,
    });
    const refused = { code: 'SESSION_NOT_FOUND' };
    await assert.rejects(store.readSummary('copied-session'), refused);
    await assert.rejects(store.readEvents('copied-session', allEvents), refused);
    await assert.rejects(store.readText('copied-session', 'context-1'), refused);
    await assert.rejects(store.reopenTrace('copied-session'), refused);
    const { summaries } = await store.listSummaries(allSummaries);
    assert.deepStrictEqual(
      summaries.map(({ sessionId }) => sessionId),
      [sound, hostile],
    );
    assert.equal(await store.deleteTrace('copied-session'), true);
  });

  for (const id of [
    '../escape-x',
    '..',
    '.',
    '/etc/passwd',
    'a/b/c/d/e',
    'short',
    '',
    'a\0bcdefgh',
    'x'.repeat(65),
    '..\\..\\escape',
  ]) {
    it(`knows no session ${JSON.stringify(id.slice(0, 20))}, and makes no path of it`, async () => {
      await mkdir(path.join(temp(), 'escape-x'));
      await writeFile(path.join(temp(), 'escape-x', 'trace.jsonl'), encodeEvent(createOpened()));
      assert.equal(await store.readSummary(id), undefined);
      assert.equal(await store.readText(id, 'context-1'), undefined);
      assert.equal(await store.deleteTrace(id), false);
      await assert.rejects(store.readEvents(id, allEvents), { code: 'SESSION_NOT_FOUND' });
      await assert.rejects(store.reopenTrace(id), { code: 'SESSION_NOT_FOUND' });
      await assert.rejects(store.createTrace(createOpened({ sessionId: id })), RlmError);
    });
  }

  it('takes no line for an event whose ids or titles no session has', () => {
    const fields: readonly Record<string, unknown>[] = [
      { session_id: '../../elsewhere' },
      { parent_session_id: '../../elsewhere' },
      { engine_id: '/etc/passwd' },
      { title: 'x'.repeat(1_001) },
      { title: {} },
      { depth: -1 },
      { at: 'once' },
      { status: 'odd' },
    ];
    const line = encodeEvent(createOpened()).subarray(0, -1);
    assert.ok(decodeEvent(line));
    for (const changed of fields) {
      assert.equal(
        decodeEvent(forge(line, changed)),
        undefined,
        JSON.stringify(changed).slice(0, 80),
      );
    }
  });

  it('takes the deepest line, the longest and that of the most values for no event', () => {
    const deep = '['.repeat(maxLineBytes / 2 - 100) + ']'.repeat(maxLineBytes / 2 - 100);
    assert.equal(decodeEvent(seal(`{"kind":"session.opened","x":${deep}`)), undefined);
    const many = '[],'.repeat(maxLineBytes / 3 - 100);
    const written = encodeEvent(createOpened()).toString('utf8');
    const line = written.slice(0, written.indexOf(',"crc"'));
    assert.ok(decodeEvent(seal(`${line},"x":[0]`)));
    assert.equal(decodeEvent(seal(`${line},"x":[${many}0]`)), undefined);
    const long = `{"kind":"session.opened","x":"${'x'.repeat(maxLineBytes)}"`;
    assert.equal(decodeEvent(seal(long)), undefined);
  });
});

function forge(line: Buffer, changed: Record<string, unknown>): Buffer {
  const fields = JSON.parse(line.toString('utf8')) as Record<string, unknown>; // just written
  delete fields['crc'];
  return seal(JSON.stringify({ ...fields, ...changed }).slice(0, -1));
}

/** With the checksum that belongs to it: it tells damage, not malice. */
function seal(body: string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.from(`${body},"crc":"${crc32(bytes).toString(16).padStart(8, '0')}"}`);
}
