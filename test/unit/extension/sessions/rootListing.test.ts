import assert from 'node:assert/strict';
import { RlmError } from '../../../../src/core/errors';
import { RootListing } from '../../../../src/extension/sessions/rootListing';
import type { SessionNode } from '../../../../src/extension/sessions/sessionNode';

describe('RootListing', () => {
  const group: SessionNode = { kind: 'group', group: 'active' };

  it('says why there is nothing when the home cannot be used, and no more once it can', async () => {
    const said: string[] = [];
    let isUsable = false;
    const listing = new RootListing(
      async () => {
        if (!isUsable) {
          const nextStep = 'Choose another one.';
          throw new RlmError('INVALID_INPUT', 'The home is a file.', { nextStep });
        }
        return [group];
      },
      (message) => said.push(message),
    );
    assert.deepStrictEqual([listing.isListed, listing.hasFailed], [false, false]);
    assert.deepStrictEqual(await listing.read(), []);
    assert.deepStrictEqual([listing.isListed, listing.hasFailed], [false, true]);
    isUsable = true;
    assert.deepStrictEqual(await listing.read(), [group]);
    assert.deepStrictEqual([listing.isListed, listing.hasFailed], [true, false]);
    assert.deepStrictEqual(said, ['The home is a file. Choose another one.', '']);
  });
});
