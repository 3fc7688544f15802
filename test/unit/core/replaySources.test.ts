// Which variables can be read when a record was run again without one of its texts.

import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { LostSources } from '../../../src/core/replaySources';
import type { Outcome, VariableChange } from '../../../src/core/sandbox';
import { emptyOutcome } from '../../support/emptyOutcome';

function changed(hash: string | null): Outcome {
  const change: VariableChange = {
    change: 'changed',
    name: 'v',
    type: 'list',
    size: 1,
    preview: '[1]',
    hash,
  };
  return { ...emptyOutcome, changes: [change] };
}

const none = emptyOutcome;
const rows: readonly (readonly [string, Outcome, Outcome, boolean])[] = [
  ['with the same hash', changed('01234567'), changed('01234567'), true],
  ['with another hash', changed('01234567'), changed('01234568'), false],
  ['of which nothing tells the content', changed(null), changed(null), false],
  ['of which only a part was compared', changed('~01234567'), changed('~01234567'), false],
  ['that was changed only in the record', changed('01234567'), none, false],
  ['that was changed only in the replay', none, changed('01234567'), false],
];

describe('a variable after a replay without one of its texts', () => {
  for (const [title, recorded, replayed, isSure] of rows) {
    it(`${isSure ? 'can' : 'cannot'} be read: one ${title}`, () => {
      const lost = new LostSources();
      lost.add('context', new RlmError('INVALID_INPUT', 'gone', { nextStep: 'Put it back.' }));
      lost.takeStep(recorded, replayed);
      const read = (): void => {
        lost.requireSure('v');
      };
      if (isSure) {
        read();
      } else {
        assert.throws(read, { code: 'INVALID_INPUT' });
      }
    });
  }
});
