import assert from 'node:assert/strict';
import { Approvals } from '../../../../src/extension/models/approvals';
import { createApprovals } from '../../../support/fakeEditorModel';

describe('Approvals', () => {
  it('hold for every model of a vendor, and list the latest first', async () => {
    const approvals = await createApprovals('maker', 'other');
    await approvals.add({ vendor: 'maker', id: 'two' });
    await approvals.add({ vendor: 'maker', id: 'one' });
    assert.deepStrictEqual(
      approvals.list().map(({ vendor, id }) => `${vendor}/${id}`),
      ['maker/one', 'maker/two', 'other/one'],
    );
    assert.deepStrictEqual(
      ['maker', 'other', 'third'].map((vendor) => approvals.has(vendor)),
      [true, true, false],
    );
  });

  it('are taken back for a whole vendor', async () => {
    const approvals = await createApprovals('maker', 'other');
    await approvals.removeVendor('maker');
    assert.deepStrictEqual([approvals.has('maker'), approvals.has('other')], [false, true]);
  });

  it('are none where what was kept is something else', () => {
    for (const kept of [undefined, 'maker', [null, 1, { vendor: 'maker' }, { id: 'one' }]]) {
      const approvals = new Approvals({ get: () => kept, update: async () => undefined });
      assert.deepStrictEqual(approvals.list(), []);
    }
  });
});
