import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as esbuild from 'esbuild';

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

  it('leaves the language, and a clock and a mute console for engines', async () => {
    const check = `console.log('unheard');
      tell([typeof WebAssembly, typeof Atomics, typeof TextDecoder, performance.now() > 0,
        Object.keys(performance), [3, 1].toSorted?.() !== null, Reflect.ownKeys(globalThis).length < 75]);`;
    assert.deepStrictEqual(await runScrubbed(check), [
      'object',
      'object',
      'function',
      true,
      ['now'],
      true,
      true,
    ]);
  });
});
