import assert from 'node:assert/strict';
import { Interrupts } from '../../../src/cli/interrupts';

describe('an interrupt', () => {
  const create = () => {
    const calls: string[] = [];
    return { calls, interrupts: new Interrupts(() => calls.push('exit')) };
  };

  it('ends the program when nobody listens', () => {
    const { calls, interrupts } = create();
    interrupts.interrupt();
    assert.deepStrictEqual(calls, ['exit']);
  });

  it('asks the listener first and ends the program the second time', () => {
    const { calls, interrupts } = create();
    interrupts.listen(() => calls.push('asked'));
    interrupts.interrupt();
    interrupts.interrupt();
    assert.deepStrictEqual(calls, ['asked', 'exit']);
  });

  it('aborts what runs, and only while it runs', async () => {
    const { calls, interrupts } = create();
    const signal = await interrupts.during(async (given) => {
      interrupts.interrupt();
      return given;
    });
    assert.equal(signal.aborted, true);
    interrupts.interrupt();
    assert.deepStrictEqual(calls, ['exit']);
  });
});
