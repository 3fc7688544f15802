// What a worker's realm holds after the scrub, in real worker threads.

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

/** Runs `body` in a worker after the scrub; what it gives to `tell`. */
async function runScrubbed(body: string): Promise<unknown> {
  const contents = `
    import { parentPort } from 'node:worker_threads';
    import { scrubRealm } from './src/sandbox/worker/scrubRealm';
    const tell = parentPort.postMessage.bind(parentPort);
    scrubRealm();
    ${body}`;
  const built = await esbuild.build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
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
  const [told] = (await once(worker, 'message')) as unknown[];
  await ended;
  return told;
}

describe('scrubRealm', () => {
  after(() => esbuild.stop());

  it('tells no time zone but UTC, wherever the machine is', async () => {
    const machine = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      const body = `
        const summer = new Date(2020, 6, 1, 12);
        const same = new Date(summer.getTime());
        same.setHours(13);
        tell([summer.toISOString(), same.toISOString(), summer.getHours(), summer.getDay(),
          summer.getTimezoneOffset(), new Date(2020, 0, 1).getTimezoneOffset(), Date.now() > 0,
          new summer.constructor(2020, 0).toISOString(), new Date(0) instanceof Date])`;
      assert.deepEqual(await runScrubbed(body), [
        ...['2020-07-01T12:00:00.000Z', '2020-07-01T13:00:00.000Z', 12, 3, 0, 0, true],
        ...['2020-01-01T00:00:00.000Z', true],
      ]);
    } finally {
      if (machine === undefined) {
        delete process.env['TZ'];
      } else {
        process.env['TZ'] = machine;
      }
    }
  });

  it('leaves nothing of Node, not even to code made at run time', async () => {
    const names = ['process', 'require', 'fetch', 'Buffer', 'setTimeout', 'navigator', 'crypto'];
    const code = JSON.stringify(
      `return ${names.map((name) => `typeof ${name}`).join(" + ' ' + ")}`,
    );
    assert.equal(
      await runScrubbed(`tell(new Function(${code})())`),
      names.map(() => 'undefined').join(' '),
    );
  });

  it('leaves exactly the names of the language', async () => {
    const told = await runScrubbed('tell(Reflect.ownKeys(globalThis).map(String).sort())');
    assert.deepStrictEqual(told, [...left, ...leftIfThere].sort());
  });

  it('leaves a clock and a mute console for engines', async () => {
    const check = `console.log('unheard');
      tell([performance.now() > 0, Object.keys(performance), console.log('unheard')]);`;
    assert.deepStrictEqual(await runScrubbed(check), [true, ['now'], undefined]);
  });
});
