// Entry of the index's thread: calls in, results out, one after another.

import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { toRlmError } from '../core/errors';
import type { IndexCallName, IndexFault, IndexRequest } from './indexCalls';
import { SqliteIndex } from './sqliteIndex';
import { isDamage } from './sqliteRows';

const { file } = z.object({ file: z.string() }).parse(workerData);
let index: SqliteIndex | undefined;

function open(): SqliteIndex {
  index ??= new SqliteIndex(file, process.getBuiltinModule('node:sqlite'));
  return index;
}

function call(name: IndexCallName, args: readonly unknown[]): unknown {
  const method: (...given: never[]) => unknown = open()[name].bind(open());
  return method(...(args as never[])); // the host's `IndexCalls` says which each takes
}

function toFault(thrown: unknown): IndexFault {
  const { code, message, nextStep } = toRlmError(thrown);
  const kind = isDamage(thrown)
    ? 'damaged'
    : code === 'BACKEND_UNAVAILABLE'
      ? 'unavailable'
      : 'failed';
  return { kind, message, nextStep };
}

parentPort?.on('message', ({ id, name, args }: IndexRequest) => {
  try {
    parentPort?.postMessage({ id, result: call(name, args) });
  } catch (thrown) {
    parentPort?.postMessage({ id, fault: toFault(thrown) });
  }
});
