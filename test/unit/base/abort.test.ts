import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { onAbort } from '../../../src/base/abort';

describe('what waits for a signal', () => {
  it('shares one listener, which goes with the last that waits', () => {
    const { signal } = new AbortController();
    const waiting = Array.from({ length: 100 }, () => onAbort(signal, () => undefined));
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    waiting.forEach((one) => one.dispose());
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('is called once each, in order, and not what was forgotten before or meanwhile', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const called: string[] = [];
    const forgotten = onAbort(signal, () => called.push('forgotten'));
    onAbort(signal, () => {
      called.push('first');
      meanwhile.dispose();
    });
    const meanwhile = onAbort(signal, () => called.push('meanwhile'));
    onAbort(signal, () => called.push('last'));
    forgotten.dispose();
    controller.abort();
    controller.abort();
    onAbort(signal, () => called.push('late'));
    assert.deepStrictEqual(called, ['first', 'last', 'late']);
  });

  it('waits anew for a signal after all before had gone', () => {
    const controller = new AbortController();
    onAbort(controller.signal, () => undefined).dispose();
    let isCalled = false;
    onAbort(controller.signal, () => (isCalled = true));
    controller.abort();
    assert.equal(isCalled, true);
  });
});
