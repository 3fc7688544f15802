// What a worker's realm holds after the scrub, name by name, in a real worker thread.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as esbuild from 'esbuild';

const left = [
  ...['globalThis', 'undefined', 'NaN', 'Infinity', 'isFinite', 'isNaN', 'parseFloat', 'parseInt'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent'],
  ...['Object', 'Function', 'Boolean', 'Symbol', 'Number', 'BigInt', 'Math', 'Date', 'String'],
  ...['RegExp', 'Array', 'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry'],
  ...['Promise', 'Reflect', 'Proxy', 'JSON', 'Intl', 'Atomics', 'WebAssembly'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError'],
  ...['TypeError', 'URIError', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Int8Array'],
  ...['Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
  ...['TextDecoder', 'TextEncoder', 'console', 'performance'],
];
/** Only in newer runtimes. */
const leftIfThere = ['Iterator', 'Float16Array'].filter((name) => name in globalThis);

describe('scrubRealm', () => {
  after(() => esbuild.stop());

  it('leaves exactly these names', async () => {
    const built = await esbuild.build({
      stdin: {
        contents: `
          import { parentPort } from 'node:worker_threads';
          import { scrubRealm } from './src/sandbox/worker/scrubRealm';
          const tell = parentPort.postMessage.bind(parentPort);
          scrubRealm();
          tell(Reflect.ownKeys(globalThis).map(String));`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'iife',
      write: false,
    });
    const worker = new Worker(built.outputFiles[0]?.text ?? '', {
      eval: true,
      env: {},
      execArgv: [],
    });
    const ended = once(worker, 'exit');
    const [told] = (await once(worker, 'message')) as [string[]];
    await ended;
    assert.deepStrictEqual(told.sort(), [...left, ...leftIfThere].sort());
  });
});
