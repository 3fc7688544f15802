import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type FileHandle, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';

import { RlmError } from '../../../src/core/errors';
import type { TraceEvent } from '../../../src/core/event';
import { decodeEvent } from '../../../src/store/traceCodec';
import { TraceFile } from '../../../src/store/traceFile';
import { createOpened, createStepStarted } from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

const opened = createOpened();

function toSteps(from: number, to: number): TraceEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) =>
    createStepStarted({ step: from + index }),
  );
}

describe('TraceFile', () => {
  const temp = useTempFolder();
  const toFolder = (): string => join(temp(), 'session-1');

  async function readLinesOfTrace(): Promise<(TraceEvent | undefined)[]> {
    const text = await readFile(join(toFolder(), 'trace.jsonl'), 'utf8');
    assert.ok(text.endsWith('\n'));
    const lines = text.slice(0, -1).split('\n');
    return lines.map((line) => decodeEvent(Buffer.from(line)));
  }

  it('has the first event on disk when it is created, readable by the owner only', async () => {
    const trace = await TraceFile.create(toFolder(), opened);
    assert.deepStrictEqual(await readLinesOfTrace(), [opened]);
    if (process.platform !== 'win32') {
      assert.equal((await stat(toFolder())).mode & 0o777, 0o700);
      assert.equal((await stat(join(toFolder(), 'trace.jsonl'))).mode & 0o777, 0o600);
    }
    await trace.close();
  });

  it('never appends to a session that is there already', async () => {
    const trace = await TraceFile.create(toFolder(), opened);
    await assert.rejects(TraceFile.create(toFolder(), opened), { code: 'INTERNAL_ERROR' });
    assert.deepStrictEqual(await readLinesOfTrace(), [opened]);
    await trace.close();
  });

  it('leaves no folder behind when the first event cannot be written', async () => {
    const write = () => Promise.reject(new Error('EIO'));
    await assert.rejects(TraceFile.create(toFolder(), opened, { write }), {
      code: 'INTERNAL_ERROR',
    });
    assert.deepStrictEqual(await readdir(temp()), []);
  });

  it('keeps the order of concurrent appends', async () => {
    const trace = await TraceFile.create(toFolder(), opened);
    const steps = toSteps(1, 200);
    await Promise.all(steps.map((event) => trace.append(event)));
    assert.deepStrictEqual(await readLinesOfTrace(), [opened, ...steps]);
    await trace.close();
  });

  it('writes together what was appended during a write', async () => {
    const gate = new EventEmitter();
    const sizes: number[] = [];
    const write = async (file: FileHandle, bytes: Buffer): Promise<void> => {
      sizes.push(bytes.toString().split('\n').length - 1);
      if (sizes.length === 2) {
        await once(gate, 'open');
      }
      await file.appendFile(bytes);
    };
    const trace = await TraceFile.create(toFolder(), opened, { write });
    const appends = toSteps(1, 9).map((event) => trace.append(event));
    gate.emit('open');
    await Promise.all(appends);
    assert.deepStrictEqual(sizes, [1, 1, 8]);
    await trace.close();
  });

  it('rejects what a full disk did not take, and nothing of it stays', async () => {
    let isFull = false;
    const write = async (file: FileHandle, bytes: Buffer): Promise<void> => {
      await file.appendFile(isFull ? bytes.subarray(0, bytes.length - 20) : bytes);
      if (isFull) {
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      }
    };
    const trace = await TraceFile.create(toFolder(), opened, { write });
    isFull = true;
    const failed = await Promise.allSettled(toSteps(1, 3).map((event) => trace.append(event)));
    for (const result of failed) {
      assert.ok(result.status === 'rejected' && result.reason instanceof RlmError);
      assert.equal(result.reason.code, 'INTERNAL_ERROR');
      assert.match(result.reason.nextStep, /disk space/u);
    }
    isFull = false;
    const steps = toSteps(1, 3);
    await Promise.all(steps.map((event) => trace.append(event)));
    assert.deepStrictEqual(await readLinesOfTrace(), [opened, ...steps]);
    await trace.close();
  });

  it('loses only the failed line where the file cannot be cut back', async () => {
    let isFull = false;
    const write = async (file: FileHandle, bytes: Buffer): Promise<void> => {
      if (isFull) {
        await file.appendFile(bytes.subarray(0, 30));
        file.truncate = () => Promise.reject(new Error('EPERM'));
        throw new Error('EIO');
      }
      await file.appendFile(bytes);
    };
    const trace = await TraceFile.create(toFolder(), opened, { write });
    const [first, second] = [createStepStarted(), createStepStarted({ step: 2 })];
    isFull = true;
    await assert.rejects(trace.append(first), { code: 'INTERNAL_ERROR' });
    isFull = false;
    await trace.append(first);
    await trace.append(second);
    assert.deepStrictEqual(await readLinesOfTrace(), [opened, undefined, first, second]);
    await trace.close();
  });

  it('rejects events of a trace whose folder was deleted', async function () {
    if (process.platform === 'win32') {
      this.skip(); // an open file cannot be deleted there
    }
    const trace = await TraceFile.create(toFolder(), opened);
    await rm(toFolder(), { recursive: true });
    const isGone = (error: unknown): boolean =>
      error instanceof RlmError &&
      error.code === 'SESSION_NOT_FOUND' &&
      /deleted/u.test(error.message) &&
      /rlm_init_context/u.test(error.nextStep);
    await assert.rejects(trace.append(createStepStarted()), isGone);
    await assert.rejects(trace.keepText('context-1', 'text'), isGone);
    await assert.rejects(trace.append(createStepStarted()), isGone);
    await trace.close();
  });

  it('keeps a text beside the trace unchanged, across the pieces it is written in', async () => {
    const trace = await TraceFile.create(toFolder(), opened);
    const text = `${'a'.repeat(999_999)}😀${'é'.repeat(1_500_000)}\r\n`;
    await trace.keepText('context-1', text);
    await trace.keepText('empty', '');
    const path = join(toFolder(), 'context-1.txt');
    assert.ok((await readFile(path, 'utf8')) === text);
    assert.equal(await readFile(join(toFolder(), 'empty.txt'), 'utf8'), '');
    if (process.platform !== 'win32') {
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    }
    await trace.close();
  });

  it('keeps texts nowhere but in its own folder', async () => {
    const trace = await TraceFile.create(toFolder(), opened);
    for (const name of ['../escape', '/etc/passwd', 'a.b', 'UPPER', '', 'a\0b', 'x'.repeat(65)]) {
      await assert.rejects(trace.keepText(name, 'text'), { code: 'INVALID_INPUT' });
    }
    assert.deepStrictEqual(await readdir(temp()), ['session-1']);
    assert.deepStrictEqual(await readdir(toFolder()), ['trace.jsonl']);
    await trace.close();
  });

  it('writes what is queued before it closes, and nothing after', async () => {
    const trace = await TraceFile.create(toFolder(), opened);
    const steps = toSteps(1, 3);
    const appends = steps.map((event) => trace.append(event));
    await trace.close();
    await Promise.all([...appends, trace.close()]);
    assert.deepStrictEqual(await readLinesOfTrace(), [opened, ...steps]);
    await assert.rejects(trace.append(createStepStarted()), { code: 'INTERNAL_ERROR' });
  });

  it('says when the folder cannot be created', async () => {
    await mkdir(join(temp(), 'x'));
    await assert.rejects(TraceFile.create(join(temp(), 'missing', 'session-1'), opened), {
      code: 'INTERNAL_ERROR',
    });
  });
});
