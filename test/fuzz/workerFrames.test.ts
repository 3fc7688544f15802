// A guest that has taken over its worker and says anything: it is believed only where an engine could
// have said the same, else its worker is discarded, and the host goes on.

import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import type { Outcome } from '../../src/core/sandbox';
import { createThreadSource } from '../../src/sandbox/threadWorker';
import { LiveSandbox } from '../../src/sandbox/liveSandbox';
import { WorkerPool } from '../../src/sandbox/workerPool';
import { anyJson, anyText, fuzz, toFuzzTitle } from '../support/fuzz';
import { sandboxFolder } from '../support/repl';
import { useTempFolder } from '../support/tempFolder';

const cases = 400;
const maxOutputChars = 1_000;
const never = new AbortController().signal;

/** Posts the frames that its step's code lists, `$id` filled in, and then an honest answer. */
const guestScript = `
const { workerData: { port } } = require('node:worker_threads');
const say = (frame) => port.postMessage(JSON.stringify(frame));
port.on('message', ({ kind, id, code }) => {
  if (kind !== 'run') return;
  const fill = (text) => text.replaceAll('$id', id);
  for (const { text, object } of JSON.parse(code)) {
    port.postMessage(text === undefined ? object : fill(text));
  }
  say({ kind: 'ran', id, outcome: { stdout: 'honest', stderr: '', dropped: { stdout: 0, stderr: 0, result: 0 }, abridged: [],
    result: null, error: null, variables: [], changes: [], finalAnswer: null, durationMs: 1 } });
});
say({ kind: 'ready', detail: 'a guest that was taken over' });
`;

/** `text` is posted as it is, `object` as a structured clone. */
type Frame = { readonly text: string } | { readonly object: unknown };

const kinds = fc.constantFrom('ready', 'call', 'loaded', 'ran', 'value', 'broken', 'run', 'reply');
const id = fc.oneof({ weight: 3, arbitrary: fc.constant('$id') }, anyText, anyJson);

const outcome = fc.record(
  {
    stdout: fc.oneof(fc.constant('x'.repeat(5_000)), anyText, anyJson),
    stderr: fc.oneof(anyText, anyJson),
    dropped: fc.oneof(fc.record({ stdout: fc.nat(), stderr: fc.nat(), result: fc.nat() }), anyJson),
    abridged: fc.oneof(fc.constant(['stdout']), anyJson),
    result: fc.oneof(fc.constant(null), fc.constant('r'.repeat(5_000)), anyJson),
    error: fc.oneof(
      fc.constant(null),
      fc.record({ type: anyText, message: anyText, line: fc.nat(), traceback: anyText }),
      anyJson,
    ),
    variables: fc.oneof(fc.array(anyText, { maxLength: 4 }), anyJson),
    changes: fc.oneof(fc.constant([]), anyJson),
    finalAnswer: fc.oneof(fc.constant(null), anyText, anyJson),
    durationMs: fc.oneof(fc.nat(), anyJson),
  },
  { noNullPrototype: true },
);

const longText = fc.constantFrom('', 'forged', 'x'.repeat(5_000));

/** What an engine could have said: forged, but in form. */
const formal = fc.oneof(
  fc.record(
    {
      kind: fc.constant('ran'),
      id: fc.constant('$id'),
      outcome: fc.record(
        {
          stdout: longText,
          stderr: longText,
          dropped: fc.record({ stdout: fc.nat(), stderr: fc.nat(), result: fc.nat() }),
          abridged: fc.subarray(['stdout', 'stderr', 'result']),
          result: fc.option(longText),
          error: fc.constantFrom(null, {
            type: 'TimeoutError',
            message: 'm',
            line: 1,
            traceback: '',
          }),
          variables: fc.array(fc.constantFrom('x', '__proto__'), { maxLength: 2 }),
          changes: fc.constant([]),
          finalAnswer: fc.option(longText),
          durationMs: fc.constantFrom(0, 1e9),
        },
        { noNullPrototype: true },
      ),
    },
    { noNullPrototype: true },
  ),
  fc.record(
    {
      kind: fc.constant('call'),
      id: fc.constant('$id'),
      call: fc.nat({ max: 2 }),
      name: fc.constantFrom('sleep', 'context.grep', 'context.search', 'llm_query', '__proto__'),
      args: fc.array(anyJson, { maxLength: 3 }),
    },
    { noNullPrototype: true },
  ),
);

const frame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 6, arbitrary: formal.map((value) => ({ text: JSON.stringify(value) })) },
  anyText.map((text) => ({ text })),
  anyJson.map((object) => ({ object })),
  anyJson.map((value) => ({ text: JSON.stringify(value) })),
  fc.constantFrom('['.repeat(100_000), '{"kind":"ran","id":"$id"', '"'.repeat(10)).map((text) => ({
    text,
  })),
  fc
    .record(
      {
        kind: fc.oneof({ weight: 4, arbitrary: kinds }, anyJson),
        id,
        outcome: fc.oneof(outcome, anyJson),
        call: fc.oneof(fc.nat({ max: 3 }), anyJson),
        name: fc.oneof(
          fc.constantFrom('sleep', 'context.grep', 'context.search', 'llm_query', '__proto__'),
          anyText,
        ),
        args: fc.oneof(fc.array(anyJson, { maxLength: 3 }), anyJson),
        sizes: anyJson,
        value: anyJson,
        message: anyText,
        detail: anyText,
      },
      { requiredKeys: ['kind', 'id'], noNullPrototype: true },
    )
    .map((value) => ({ text: JSON.stringify(value) })),
);

describe('fuzzed frames of a worker', function () {
  this.timeout(180_000);
  const folder = useTempFolder();

  it(toFuzzTitle('a lying worker is discarded and the host goes on', cases), async () => {
    await writeFile(path.join(folder(), 'javascriptWorker.js'), guestScript);
    for (const file of ['quickjs.wasm', 'searchWorker.js']) {
      await cp(path.join(sandboxFolder, file), path.join(folder(), file));
    }
    const pool = new WorkerPool(createThreadSource(folder()));
    const kind = { language: 'javascript', place: null } as const;
    const onDidDie = (): void => undefined;
    const options = { kind, maxMemoryBytes: 64 * 1024 * 1024, folder: folder(), onDidDie };
    const sandbox = new LiveSandbox(await pool.take(kind), pool, options);
    const asked: string[] = [];
    const run = (frames: readonly Frame[]): Promise<Outcome> =>
      sandbox.run(
        {
          sandboxId: 1,
          step: 1,
          code: JSON.stringify(frames),
          timeoutMs: 20_000,
          maxOutputChars,
        },
        async (name) => void asked.push(name),
        never,
      );
    const counts = { honest: 0, believed: 0, discarded: 0 };
    try {
      await fuzz(cases, fc.array(frame, { maxLength: 3 }), async (frames) => {
        const outcome = await run(frames);
        counts[checkOutcome(outcome)] += 1;
        // What came behind an answer ends the worker, and the next step may be what finds it gone.
        const next = await run([]);
        const last = next.stateLost ? await run([]) : next;
        assert.equal(last.stdout, 'honest');
      });
    } finally {
      sandbox.dispose();
      pool.dispose();
    }
    process.stdout.write(`      ${JSON.stringify(counts)}\n`);
    assert.ok(Object.values(counts).every((count) => count > 0));
    assert.ok(asked.every((name) => typeof name === 'string' && name.length <= 100));
  });
});

function checkOutcome(outcome: Outcome): 'honest' | 'believed' | 'discarded' {
  const { stdout, stderr, result, interruption, stateLost, error } = outcome;
  assert.equal(interruption, null, 'only the host interrupts');
  for (const text of [stdout, stderr, result ?? '']) {
    assert.ok(typeof text === 'string' && text.length <= maxOutputChars);
  }
  if (stateLost) {
    assert.equal(error?.type, 'SandboxCrash');
    return 'discarded';
  }
  return stdout === 'honest' ? 'honest' : 'believed';
}
