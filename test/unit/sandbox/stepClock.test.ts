import assert from 'node:assert/strict';
import { StepClock } from '../../../src/sandbox/stepClock';

describe('the clock of a step', () => {
  it('runs out', async () => {
    await new Promise<void>((resolve) => new StepClock(1, resolve));
  });

  it('stands still while anything holds it, and goes on after the last hold', async () => {
    let ranOut = false;
    const out = new Promise<void>((resolve) => {
      const clock = new StepClock(5, () => {
        ranOut = true;
        resolve();
      });
      clock.hold(true);
      clock.hold(true);
      clock.hold(false);
      setTimeout(() => {
        assert.equal(ranOut, false);
        clock.hold(false);
      }, 50);
    });
    await out;
    assert.equal(ranOut, true);
  });

  it('starts nothing again once it is disposed', async () => {
    let ranOut = false;
    const clock = new StepClock(1, () => {
      ranOut = true;
    });
    clock.hold(true);
    clock.dispose();
    clock.hold(false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(ranOut, false);
  });
});
