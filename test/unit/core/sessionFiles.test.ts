// Files and commands of a session over a scripted sandbox: pieces, the queue, guardrails, and what is on record.

import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { toFileError } from '../../../src/core/fileTransfer';
import type { FileAnswer, FileRequest, ShellAnswer } from '../../../src/core/sandboxFiles';
import { createFakeSession } from '../../support/fakePorts';

const never = new AbortController().signal;
const mebibyte = 2 ** 20;
const withCode = (code: string) => (error: unknown) =>
  error instanceof RlmError && error.code === code;
const ran: ShellAnswer = {
  kind: 'shell',
  stdout: 'out',
  stderr: '',
  droppedBytes: { stdout: 0, stderr: 0 },
  replaced: { stdout: false, stderr: false },
  exitCode: 0,
  endedBy: null,
};
const input = (bytes: Uint8Array) => ({ path: 'a', bytes, overwrite: false, sourcePath: null });

function answerWith(answer: FileAnswer) {
  return async () => ({ answer });
}

/** Keeps one file, as pieces come. */
function keepFile(start: Uint8Array = new Uint8Array()) {
  let held = Buffer.from(start);
  let version = 1;
  return {
    change: () => (version += 1),
    script: async ({ operation }: FileRequest) => {
      if (operation.kind === 'write') {
        const piece = Buffer.from(operation.content, 'base64');
        held = Buffer.concat([held.subarray(0, operation.offset), piece]);
        return { answer: { kind: 'write', path: '/work/a', replaced: false } as const };
      }
      assert.equal(operation.kind, 'read');
      const { offset, maxBytes } = operation;
      const content = held.subarray(offset, offset + maxBytes).toString('base64');
      const facts = { path: '/work/a', totalBytes: held.length, version: String(version) };
      return { answer: { kind: 'read', content, ...facts } as const };
    },
    read: () => held,
  };
}

describe('files of a session', () => {
  for (const size of [0, 1, mebibyte, mebibyte + 1, 3 * mebibyte - 1]) {
    it(`go in and out whole, in pieces: ${size} bytes`, async () => {
      const { session, sandbox } = createFakeSession();
      const file = keepFile();
      sandbox.fileScript = file.script;
      const bytes = Buffer.alloc(size, 'abcdefg');
      const progress: number[] = [];
      const up = await session.files.upload(input(bytes), never, (sent) => progress.push(sent));
      assert.ok(file.read().equals(bytes));
      assert.deepStrictEqual(
        [progress.length, progress.at(-1)],
        [Math.max(1, Math.ceil(size / mebibyte)), size],
      );
      const down = await session.files.download('a', never);
      assert.ok(Buffer.from(down.bytes).equals(bytes));
      assert.equal(down.sha256, up.sha256);
    });
  }

  for (const reason of ['outside', 'exists', 'wrong_kind'] as const) {
    it(`name the path of a refusal as it was given: ${reason}`, () => {
      const message = 'ln is not to be had';
      const error = toFileError({ kind: 'refused', reason, message }, 'ln');
      assert.equal(error.message, `${message}.`);
    });
  }

  const refusals = [
    ['missing', 'No such file or directory', 'a/b.txt: no such file or directory.'],
    ['missing', 'it does not exist', 'a/b.txt: it does not exist.'],
    ['exists', 'it is there already', 'a/b.txt: it is there already.'],
    ['wrong_kind', 'it is no file', 'a/b.txt: it is no file.'],
    ['failed', 'Input/output error', 'a/b.txt: input/output error.'],
    ['invalid', '"a/b.txt" is not a path', '"a/b.txt" is not a path.'],
    ['invalid', 'its name is too long', 'a/b.txt: its name is too long.'],
    ['unsupported', 'backend wasm has no shell', 'Backend wasm has no shell.'],
  ] as const;
  for (const [reason, message, expected] of refusals) {
    it(`say which file is meant: ${expected}`, () => {
      assert.equal(toFileError({ kind: 'refused', reason, message }, 'a/b.txt').message, expected);
    });
  }

  it('are kept beside the trace where the caller gave them, as text where they are text', async () => {
    const { session, sandbox, sink } = createFakeSession();
    sandbox.fileScript = keepFile().script;
    await session.files.upload(input(Buffer.from('\ufeffé')), never);
    await session.files.upload(input(Buffer.from([0xff])), never);
    await session.files.upload({ ...input(Buffer.from('x')), sourcePath: '/data/x' }, never);
    assert.deepStrictEqual([...sink.texts.values()], ['\ufeffé', '/w==']);
    assert.deepStrictEqual(
      sink.events.map((event) =>
        event.kind === 'file.written'
          ? [event.keptForm, event.keptAs !== null, event.sourcePath]
          : event.kind,
      ),
      [
        ['utf8', true, null],
        ['base64', true, null],
        ['utf8', false, '/data/x'],
      ],
    );
  });

  it('that are in, but whose content cannot be kept, are on record as that', async () => {
    const { session, sandbox, sink } = createFakeSession();
    sandbox.fileScript = keepFile().script;
    sink.keepText = () => Promise.reject(new Error('the disk is full'));
    await assert.rejects(session.files.upload(input(Buffer.from('x')), never), /disk is full/u);
    assert.deepStrictEqual(
      sink.events.map((event) => event.kind === 'file.written' && event.keptAs),
      [null],
    );
  });

  it('that change while they are read are refused, not mixed', async () => {
    const { session, sandbox } = createFakeSession();
    const file = keepFile(Buffer.alloc(3 * mebibyte));
    sandbox.fileScript = async (request) => {
      file.change();
      return file.script(request);
    };
    await assert.rejects(session.files.download('a', never), withCode('INVALID_INPUT'));
  });

  it('that are not sent as they are told of are refused', async () => {
    const { session, sandbox } = createFakeSession();
    const facts = { kind: 'read', path: '/work/a', version: '1' } as const;
    for (const [content, totalBytes] of [
      ['', 5],
      ['YWJj', 2],
    ] as const) {
      sandbox.fileScript = answerWith({ ...facts, content, totalBytes });
      await assert.rejects(session.files.download('a', never), withCode('INVALID_INPUT'));
    }
    sandbox.fileScript = answerWith(ran);
    await assert.rejects(session.files.download('a', never), withCode('SANDBOX_EXEC_ERROR'));
    sandbox.fileScript = async () => ({ answer: null });
    await assert.rejects(session.files.list('.', never), withCode('SANDBOX_EXEC_ERROR'));
  });

  it('are refused by the code that fits the reason', async () => {
    const { session, sandbox } = createFakeSession();
    const codes = {
      invalid: 'INVALID_INPUT',
      outside: 'PATH_NOT_ALLOWED',
      missing: 'INVALID_INPUT',
      exists: 'INVALID_INPUT',
      wrong_kind: 'INVALID_INPUT',
      full: 'INVALID_INPUT',
      too_large: 'INVALID_INPUT',
      unsupported: 'BACKEND_UNAVAILABLE',
      failed: 'SANDBOX_EXEC_ERROR',
    } as const;
    for (const [reason, code] of Object.entries(codes)) {
      const refused = { kind: 'refused', reason, message: 'a message' } as FileAnswer; // one of its reasons
      sandbox.fileScript = answerWith(refused);
      await assert.rejects(session.files.upload(input(Buffer.from('x')), never), withCode(code));
      await assert.rejects(session.files.runCommand({ command: 'x' }, never), withCode(code));
    }
    const { sink } = createFakeSession();
    assert.deepStrictEqual(sink.events, []);
  });

  it('that were lost are told of by the next answer to who works there, whoever looked before', async () => {
    const { session, sandbox } = createFakeSession();
    const list = { kind: 'list', path: '/work', entries: [], total: 0 } as const;
    const missing = { kind: 'refused', reason: 'missing', message: 'it does not exist' } as const;
    const isLost = async (
      call: 'list' | 'looked at' | 'shell',
      ...[answer, filesLost = false]: readonly [FileAnswer, boolean?]
    ): Promise<boolean | string> => {
      sandbox.fileScript = async () => ({ answer, filesLost });
      const asked =
        call === 'shell'
          ? session.files.runCommand({ command: 'x' }, never)
          : session.files.list('.', never, { isOnlooker: call === 'looked at' });
      return asked.then(
        (told) => told.filesLost,
        (error: unknown) => (error instanceof RlmError ? error.code : 'another error'),
      );
    };
    for (const next of ['list', 'shell'] as const) {
      const answer = next === 'shell' ? ran : list;
      assert.deepStrictEqual(
        [
          await isLost('looked at', list, true),
          await isLost('looked at', list),
          await isLost('list', missing),
          await isLost(next, answer),
          await isLost(next, answer),
          await isLost(next, missing, true),
          await isLost(next, answer),
          await isLost(next, answer, true),
          await isLost(next, answer),
        ],
        [true, false, 'INVALID_INPUT', true, false, 'INVALID_INPUT', true, true, false],
      );
    }
  });

  it('that are looked at are no use of the session, which would keep it', async () => {
    const { session, sandbox, clock } = createFakeSession();
    sandbox.fileScript = answerWith({ kind: 'list', path: '/work', entries: [], total: 0 });
    const opened = session.lastUsedAt;
    clock.advance(1_000);
    await session.files.list('.', never, { isOnlooker: true });
    assert.equal(session.lastUsedAt, opened);
    await session.files.list('.', never);
    assert.equal(session.lastUsedAt, opened + 1_000);
  });

  it('stop going in between two pieces when the session is stopped, and nothing is on record', async () => {
    const { session, sandbox, sink } = createFakeSession();
    const { script } = keepFile();
    let stopped: Promise<void> | undefined;
    sandbox.fileScript = async (request) => {
      stopped ??= session.stop();
      return script(request);
    };
    const uploading = session.files.upload(input(Buffer.alloc(5 * mebibyte)), never);
    await assert.rejects(uploading, withCode('CANCELLED'));
    await stopped;
    assert.deepStrictEqual(
      [sandbox.fileRequests.length, sink.events.map(({ kind }) => kind)],
      [1, ['session.stopped']],
    );
  });

  it('wait for the step that runs, and steps for them', async () => {
    const { session, sandbox } = createFakeSession();
    const order: string[] = [];
    sandbox.script = async ({ code }) => {
      order.push(`${code} begins`);
      await Promise.resolve();
      order.push(`${code} ends`);
      return {};
    };
    sandbox.fileScript = async () => {
      order.push('command begins');
      await Promise.resolve();
      order.push('command ends');
      return { answer: ran };
    };
    await Promise.all([
      session.runStep({ code: 'a' }, never),
      session.files.runCommand({ command: 'x' }, never),
      session.runStep({ code: 'b' }, never),
    ]);
    assert.deepStrictEqual(order, [
      ...['a begins', 'a ends', 'command begins', 'command ends', 'b begins', 'b ends'],
    ]);
  });
});

describe('commands of a session', () => {
  it('count as running time and budget, are no step, and stop the session at its limit', async () => {
    const { session, sandbox, clock } = createFakeSession({
      maxRuntimeMs: 1_000,
      budgetLimit: 5_000,
    });
    sandbox.fileScript = async () => {
      clock.advance(600);
      return { answer: ran };
    };
    const first = await session.files.runCommand({ command: '12345' }, never);
    assert.deepStrictEqual(
      [first.stop, first.usage.steps, first.usage.runtimeMs, first.usage.budgetUsed],
      [null, 0, 600, 8],
    );
    const second = await session.files.runCommand({ command: 'x', timeoutMs: 9_000 }, never);
    assert.deepStrictEqual(
      [second.stop, session.status, session.summary.stopCause],
      ['timeout', 'stopped', 'timeout'],
    );
    await assert.rejects(
      session.files.runCommand({ command: 'x' }, never),
      withCode('GUARDRAIL_STOPPED'),
    );
    await assert.rejects(session.runStep({ code: 'a' }, never), withCode('GUARDRAIL_STOPPED'));
    assert.deepStrictEqual(
      sandbox.fileRequests.map(({ timeoutMs }) => timeoutMs),
      [1_000, 400],
    );
  });

  it('that broke the sandbox are on record as that', async () => {
    const { session, sandbox, sink } = createFakeSession();
    sandbox.fileScript = async () => ({ answer: null, interruption: 'timeout' });
    const result = await session.files.runCommand({ command: 'x' }, never);
    assert.deepStrictEqual(
      [result.exitCode, result.stateLost, result.interruption],
      [null, true, 'timeout'],
    );
    const [event] = sink.events;
    assert.ok(event?.kind === 'shell.finished' && event.stateLost);
  });
});
