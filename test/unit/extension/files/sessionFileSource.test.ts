// What the editor is told of a session's files, over the real session rules and a scripted sandbox.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import { RlmError } from '../../../../src/core/errors';
import { hashBytes, isMissingFile } from '../../../../src/core/fileTransfer';
import type { FileAnswer, FileRequest } from '../../../../src/core/sandboxFiles';
import type { Session } from '../../../../src/core/session';
import {
  type FileListing,
  SessionFileSource,
  workFolder,
} from '../../../../src/extension/files/sessionFileSource';
import { SessionSource } from '../../../../src/extension/sessionSource';
import { type FakeEngine, createFakeEngine } from '../../../support/fakeEngine';
import type { FakeSandbox } from '../../../support/fakeSandbox';
import { createClosed, createFileWritten, createOpened } from '../../../support/sampleTrace';

const file = { kind: 'file', bytes: 3, modifiedAt: 1_000, named: true } as const;
const missing = { kind: 'refused', reason: 'missing', message: 'it does not exist' } as const;
const call = { signal: neverAborted };

function listOf(...names: readonly string[]): FileAnswer {
  const entries = names.map((name) => ({ ...file, path: `/work/${name}` }));
  return { kind: 'list', path: '/work', entries, total: entries.length };
}

function namesOf(listing: FileListing): readonly string[] | string {
  return listing.kind === 'listed'
    ? [...listing.entries.map(({ path }) => path.slice(6)), ...(listing.isOld ? ['(old)'] : [])]
    : listing.kind;
}

describe('the files of sessions in the editor', () => {
  let engine: FakeEngine;
  let source: SessionSource;
  let files: SessionFileSource;
  let session: Session;
  let sandbox: FakeSandbox;
  let asked: FileRequest[];

  beforeEach(async () => {
    engine = createFakeEngine();
    source = new SessionSource(async () => engine.traces);
    source.useEngine(engine);
    files = new SessionFileSource(source);
    const context = { text: 'alpha', paths: [] };
    const request = { context, language: 'python', title: '', limits: {} } as const;
    session = await engine.sessions.openSession(request, neverAborted);
    const [created] = engine.sandboxes;
    assert.ok(created);
    sandbox = created;
    asked = [];
    answerWith(listOf('a.txt'));
  });

  afterEach(async () => {
    files.dispose();
    await engine.close();
    source.dispose();
  });

  function answerWith(answer: FileAnswer): void {
    sandbox.fileScript = async (request) => {
      asked.push(request);
      return { answer };
    };
  }

  const list = async (folder = workFolder) => namesOf(await files.list(session.id, folder));

  it('are asked for once, and again after the trace has grown or when told to', async () => {
    assert.deepStrictEqual(await list(), ['a.txt']);
    await list();
    assert.equal(asked.length, 1);
    answerWith(listOf('a.txt', 'b.txt'));
    await session.runStep({ code: '1' }, neverAborted);
    assert.deepStrictEqual(await list(), ['a.txt', 'b.txt']);
    answerWith(listOf());
    files.forget(session.id);
    assert.deepStrictEqual(await list(), []);
  });

  it('are not asked for while a step runs: they are as they were before it', async () => {
    const slept = new Promise<void>((resolve) => sandbox.onDidSleep(resolve));
    await list();
    const step = session.runStep({ code: 'sleep(1)' }, neverAborted);
    await slept;
    assert.deepStrictEqual(await list(), ['a.txt', '(old)']);
    assert.equal(await list('/work/other'), 'busy');
    assert.equal(asked.length, 1);
    sandbox.wake();
    await step;
    answerWith(listOf('b.txt'));
    assert.deepStrictEqual(await list(), ['b.txt']);
    assert.deepStrictEqual(namesOf(await files.list(session.id, '/work/other')), ['b.txt']);
  });

  it('are listed side by side, folder by folder, without one taking another for a step', async () => {
    const all = await Promise.all(['.', '/work/a', '/work/b', '/work/c'].map(list));
    assert.deepStrictEqual(all, [['a.txt'], ['a.txt'], ['a.txt'], ['a.txt']]);
  });

  it('wait for the step that runs when they are opened', async () => {
    const slept = new Promise<void>((resolve) => sandbox.onDidSleep(resolve));
    const step = session.runStep({ code: 'sleep(1)' }, neverAborted);
    await slept;
    const content = Buffer.from('abc').toString('base64');
    answerWith({ kind: 'read', path: '/work/a.txt', content, totalBytes: 3, version: '1' });
    const reading = files.read(session.id, '/work/a.txt', call);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual([asked.length, files.isBusy(session.id)], [0, true]);
    sandbox.wake();
    await step;
    assert.equal(Buffer.from((await reading).bytes).toString(), 'abc');
  });

  it('that cannot be listed say why', async () => {
    const reasons = ['missing', 'outside', 'failed'] as const;
    for (const reason of reasons) {
      answerWith({ kind: 'refused', reason, message: `it is ${reason}` });
      const listing = await files.list(session.id, `/work/${reason}`);
      assert.equal(listing.kind, 'failed');
    }
    answerWith(listOf('a.txt'));
    assert.deepStrictEqual(await list('/work/failed'), ['a.txt'], 'a failure is not kept');
  });

  it('tell apart what is missing, what is a file and what is a folder', async () => {
    answerWith(missing);
    await assert.rejects(files.stat(session.id, 'none', call), isMissingFile);
    answerWith({
      kind: 'list',
      path: '/work/a',
      entries: [{ ...file, path: '/work/a' }],
      total: 1,
    });
    assert.equal((await files.stat(session.id, 'a', call)).kind, 'file');
    answerWith({ kind: 'list', path: '/work/a', entries: [], total: 0 });
    assert.equal((await files.stat(session.id, 'a', call)).kind, 'folder');
    answerWith({
      kind: 'list',
      path: '/work/a',
      entries: [{ ...file, path: '/work/a/a' }],
      total: 1,
    });
    assert.equal((await files.stat(session.id, 'a', call)).kind, 'folder');
  });

  it('that were lost are told here, and still told to who works in the session', async () => {
    sandbox.fileScript = async () => ({ answer: listOf(), filesLost: true });
    const listing = await files.list(session.id, workFolder);
    assert.ok(listing.kind === 'listed' && listing.filesLost);
    answerWith(listOf());
    assert.equal((await session.files.list('.', neverAborted)).filesLost, true);
  });

  it('go in, and are on record; what is kept of them can be read when the session is gone', async () => {
    answerWith({ kind: 'write', path: '/work/in.txt', replaced: false });
    const bytes = Buffer.from('kept \u00e9');
    const upload = { path: 'in.txt', bytes, overwrite: false, sourcePath: null };
    const { sha256 } = await files.upload(session.id, upload, call);
    await engine.sessions.closeSession(session.id, 'test');
    const listing = await files.list(session.id, workFolder);
    assert.ok(listing.kind === 'recorded');
    assert.deepStrictEqual(
      listing.files.map(({ path }) => path),
      ['/work/in.txt'],
    );
    assert.ok(Buffer.from(await files.readRecorded(session.id, sha256)).equals(bytes));
    await assert.rejects(files.readRecorded(session.id, 'other'), { code: 'INVALID_INPUT' });
  });

  it('are not taken for what was kept where that has changed', async () => {
    const sessionId = 'session-1';
    const [honest, changed] = [
      await hashBytes(Buffer.from('x')),
      await hashBytes(Buffer.from('y')),
    ];
    const sink = await engine.traces.createTrace(createOpened({ sessionId }));
    for (const [path, sha256, text] of [
      ['/work/x', honest, 'x'],
      ['/work/y', changed, 'other'],
    ] as const) {
      await sink.keepText(path, text);
      await sink.append(createFileWritten({ path, sha256, keptAs: path }));
    }
    assert.equal(String(await files.readRecorded(sessionId, honest)), 'x');
    await assert.rejects(files.readRecorded(sessionId, changed), { code: 'INVALID_INPUT' });
  });

  it('say what to do where the sandbox is not there, by how the session stands', async () => {
    const stands = {
      elsewhere: [createOpened({ sessionId: 'elsewhere', engineId: 'another' })],
      closed: [createOpened({ sessionId: 'closed' }), createClosed({ status: 'closed' })],
      finalized: [createOpened({ sessionId: 'finalized', status: 'finalized' })],
    };
    const told: string[] = [];
    for (const [sessionId, events] of Object.entries(stands)) {
      engine.traces.addForeignTrace(sessionId, events);
    }
    for (const sessionId of [...Object.keys(stands), 'deleted']) {
      const error: unknown = await files
        .read(sessionId, 'a', call)
        .catch((thrown: unknown) => thrown);
      assert.ok(error instanceof RlmError && error.code === 'SESSION_NOT_FOUND');
      told.push(error.nextStep.split(/[: ]/u)[0] ?? '');
    }
    assert.deepStrictEqual(told, ['Read', 'Resume', 'Fork', 'Save']);
  });

  it('of an engine that has ended are those of the trace', async () => {
    await list();
    source.useEngine(undefined);
    assert.equal(await list(), 'recorded');
  });
});
