import assert from 'node:assert/strict';
import { cutMiddle } from '../../../src/base/text';
import { Dialogue } from '../../../src/loop/dialogue';

const countChars = (dialogue: Dialogue): number =>
  dialogue.toMessages('').reduce((sum, { text }) => sum + text.length, 0);

describe('Dialogue', () => {
  it('begins with the instructions and the task, and ends with the user', () => {
    const dialogue = new Dialogue('the task');
    dialogue.add('a reply', 'what came of it');
    assert.deepStrictEqual(dialogue.toMessages('instructions'), [
      { role: 'system', text: 'instructions' },
      { role: 'user', text: 'the task' },
      { role: 'assistant', text: 'a reply' },
      { role: 'user', text: 'what came of it' },
    ]);
  });

  it('stays within a fixed size however many turns there are', () => {
    const dialogue = new Dialogue('the task');
    let largest = 0;
    for (let turn = 0; turn < 1_000; turn += 1) {
      dialogue.add('r'.repeat(9_000), 'o'.repeat(9_000));
      largest = Math.max(largest, countChars(dialogue));
    }
    assert.ok(largest < 65_000, `${largest} characters`);
  });

  it('keeps the last turn whole and says what it left out', () => {
    const dialogue = new Dialogue('the task');
    for (let turn = 0; turn < 200; turn += 1) {
      dialogue.add(`reply ${turn} ${'r'.repeat(5_000)}`, `seen ${turn} ${'o'.repeat(5_000)}`);
    }
    const messages = dialogue.toMessages('');
    assert.equal(messages.at(-1)?.text, `seen 199 ${'o'.repeat(5_000)}`);
    assert.match(messages[1]?.text ?? '', /The first \d+ turns are left out/u);
  });

  it('only adds to what was sent before, but for the moments when it makes room', () => {
    const dialogue = new Dialogue('the task');
    let previous = JSON.stringify(dialogue.toMessages('')).slice(0, -1);
    let rewritten = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      dialogue.add('r'.repeat(2_000), 'o'.repeat(2_000));
      const now = JSON.stringify(dialogue.toMessages(''));
      rewritten += now.startsWith(previous) ? 0 : 1;
      previous = now.slice(0, -1);
    }
    assert.ok(rewritten > 0 && rewritten <= 10, `${rewritten} times`);
  });

  it('does not send an empty reply back', () => {
    const dialogue = new Dialogue('the task');
    dialogue.add('', 'Nothing was run.');
    assert.equal(dialogue.toMessages('')[2]?.text, '(nothing)');
  });
});

describe('cutMiddle', () => {
  it('keeps beginning and end, says how much is missing, and splits no pair', () => {
    const cut = cutMiddle('😀'.repeat(1_000), 31);
    assert.match(cut, /^(😀)+\n… \(1,9\d\d characters left out here\) …\n(😀)+$/u);
  });
});
