import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onAbort, untilAborted } from '../../../src/base/abort';
import { DisposableStore, toDisposable } from '../../../src/base/disposable';
import { Emitter } from '../../../src/base/emitter';
import { createTimeOrderedId } from '../../../src/base/ids';
import { SerialQueue } from '../../../src/base/serialQueue';
import { SharedTasks } from '../../../src/base/sharedTasks';
import { cutText, toByteText, toOneLine } from '../../../src/base/text';

describe('base', () => {
  it('a disposed store disposes late arrivals, members once and in reverse order', () => {
    const order: string[] = [];
    const store = new DisposableStore();
    ['a', 'b'].forEach((name) => store.add(toDisposable(() => order.push(name))));
    store.dispose();
    store.dispose();
    store.add(toDisposable(() => order.push('late')));
    assert.deepStrictEqual(order, ['b', 'a', 'late']);
  });

  it('a listener that throws does not keep an event from the others', () => {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    emitter.event(() => {
      throw new Error('broken listener');
    });
    emitter.event((value) => seen.push(value));
    emitter.fire(1);
    assert.deepStrictEqual(seen, [1]);
  });

  it('waiting with a signal gives its listener back', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    signal.addEventListener = () => (listeners += 1);
    signal.removeEventListener = () => (listeners -= 1);
    assert.equal(await untilAborted(Promise.resolve(1), signal, () => new Error('no')), 1);
    onAbort(signal, () => undefined).dispose();
    assert.equal(listeners, 0);
  });

  it('a queue goes on after a task that failed', async () => {
    const queue = new SerialQueue();
    const failed = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(async () => 2);
    await assert.rejects(failed);
    assert.deepStrictEqual([await next, queue.size], [2, 0]);
  });

  it('cutting text keeps its length bound and never splits a pair', () => {
    const units = fc.array(fc.constantFrom('a', '\u{1F600}', '\n'), { maxLength: 40 });
    fc.assert(
      fc.property(units, fc.nat(50), (parts, maxChars) => {
        const text = parts.join('');
        const cut = cutText(text, maxChars);
        assert.ok(cut.text.length <= maxChars && text.startsWith(cut.text));
        assert.doesNotMatch(cut.text, /\p{Surrogate}/u);
        assert.equal(cut.truncated, cut.text.length < text.length);
      }),
    );
  });

  it('one line for a list has no line breaks and keeps its bound', () => {
    assert.equal(toOneLine('  a\n\tb  ', 10), 'a b');
    assert.equal(toOneLine('abcdefghij', 5), 'abcd…');
  });

  it('says bytes as people write them', () => {
    assert.deepStrictEqual([512, 4_200_000, 123_000_000].map(toByteText), [
      '512 B',
      '4.2 MB',
      '123 MB',
    ]);
  });

  it('ids sort by time and are UUIDs of version 7', () => {
    const ids = [1, 2, 3_000_000_000_000].map(createTimeOrderedId);
    assert.deepStrictEqual([...ids].sort(), ids);
    assert.match(
      ids[0] ?? '',
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u,
    );
  });

  describe('shared tasks', () => {
    const gone = () => new Error('gone');

    /** Starts that end when told, or when they are cancelled. */
    function createStarts() {
      const starts: { readonly signal: AbortSignal; readonly end: (value: string) => void }[] = [];
      const start = (signal: AbortSignal) =>
        new Promise<string>((resolve, reject) => {
          onAbort(signal, () => setImmediate(() => reject(new Error('cancelled'))));
          starts.push({ signal, end: resolve });
        });
      return { starts, start };
    }

    it('are done once, and go on while one caller waits', async () => {
      const tasks = new SharedTasks<string>();
      const { starts, start } = createStarts();
      const [first, second] = [new AbortController(), new AbortController()];
      const leaving = tasks.join('key', { signal: first.signal, start, gone });
      const staying = tasks.join('key', { signal: second.signal, start, gone });
      const other = tasks.join('other', { signal: second.signal, start, gone });
      first.abort();
      await assert.rejects(leaving, /gone/);
      starts.forEach(({ end }, number) => end(`result ${number}`));
      assert.deepStrictEqual(await Promise.all([staying, other]), ['result 0', 'result 1']);
    });

    it('are cancelled by the last caller, and begun anew by the next', async () => {
      const tasks = new SharedTasks<string>();
      const { starts, start } = createStarts();
      const callers = [new AbortController(), new AbortController()];
      const leaving = callers.map(({ signal }) => tasks.join('key', { signal, start, gone }));
      const told = Promise.allSettled(leaving);
      callers.forEach((caller) => caller.abort());
      const next = tasks.join('key', { signal: new AbortController().signal, start, gone });
      assert.deepStrictEqual([starts.length, starts[0]?.signal.aborted], [1, true]);
      assert.deepStrictEqual(
        (await told).map((one) => one.status === 'rejected' && String(one.reason)),
        ['Error: gone', 'Error: cancelled'],
      );
      await new Promise(setImmediate);
      starts[1]?.end('anew');
      assert.equal(await next, 'anew');
    });

    it('that fail are begun anew', async () => {
      const tasks = new SharedTasks<string>();
      const { signal } = new AbortController();
      const fail = () => Promise.reject(new Error('no disk'));
      await assert.rejects(tasks.join('key', { signal, start: fail, gone }), /no disk/);
      const start = async () => 'done';
      assert.equal(await tasks.join('key', { signal, start, gone }), 'done');
    });
  });
});
