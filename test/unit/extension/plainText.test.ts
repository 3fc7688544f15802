import assert from 'node:assert/strict';
import { toPlainLine, toPlainText } from '../../../src/extension/plainText';

describe('plainText', () => {
  it('leaves nothing that the editor would take for an icon, a link or a change of direction', () => {
    const shown = toPlainText('$(trash) [run](command:rlm.delete) \u202Etxt\u0007');
    const taken = ['$(', '](', '\u202E', '\u0007'].filter((mark) => shown.includes(mark));
    assert.deepStrictEqual(taken, []);
    assert.match(shown, /trash\) \[run\]/u);
  });

  it('keeps ordinary text as it is', () => {
    assert.equal(toPlainLine('costs $5 (five), see a[0]', 80), 'costs $5 (five), see a[0]');
  });
});
