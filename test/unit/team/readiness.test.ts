import assert from 'node:assert/strict';

import { Readiness } from '../../../src/team/readiness';

describe('readiness', () => {
  it('names what fails and nothing of why, and looks once for many probes', async () => {
    let now = 0;
    let looks = 0;
    let fails = true;
    const check = async (): Promise<void> => {
      looks += 1;
      if (fails) {
        throw new Error('EACCES: /home/alice/secret');
      }
    };
    const readiness = new Readiness({
      checkStore: check,
      checkSandbox: check,
      readUserFault: async () => (fails ? '/etc/users.json: it is not JSON' : null),
      now: () => now,
    });
    const found = await Promise.all([readiness.findFaults(), readiness.findFaults()]);
    const all = [
      'The home folder cannot be written.',
      'No sandbox starts.',
      'The file of users cannot be read.',
    ];
    assert.deepStrictEqual([found, looks], [[all, all], 2]);
    fails = false;
    now = 9_999;
    assert.deepStrictEqual([await readiness.findFaults(), looks], [all, 2]);
    now = 10_000;
    assert.deepStrictEqual([await readiness.findFaults(), looks], [[], 4]);
  });
});
