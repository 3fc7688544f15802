import assert from 'node:assert/strict';
import {
  toCalledFiles,
  toChosenSessions,
  toNode,
} from '../../../../src/extension/commands/chosenNodes';
import type { SessionNode } from '../../../../src/extension/sessions/sessionNode';

describe('chosenNodes', () => {
  const one: SessionNode = { kind: 'session', sessionId: 'session-1' };
  const two: SessionNode = { kind: 'session', sessionId: 'session-2' };
  const step: SessionNode = { kind: 'step', sessionId: 'session-1', step: 3 };

  it('take the node that a command was called on, whatever else is selected', () => {
    assert.equal(toNode([two, [one, two]]), two);
    assert.equal(toNode([step]), step);
    assert.equal(toNode([]), undefined);
    assert.equal(toNode([{ scheme: 'file' }, [one]]), undefined);
  });

  it('take every selected session where a command takes several', () => {
    assert.deepStrictEqual(toChosenSessions([two, [one, step, two, one]], []), [
      'session-1',
      'session-2',
    ]);
    assert.deepStrictEqual(toChosenSessions([two, undefined], [one]), ['session-2']);
    assert.deepStrictEqual(toChosenSessions([], [one, two]), ['session-1', 'session-2']);
  });

  it('tell a choice without sessions from none', () => {
    assert.deepStrictEqual(toChosenSessions([], [step]), []);
    assert.deepStrictEqual(toChosenSessions([step], [one]), []);
    assert.equal(toChosenSessions([], []), null);
    assert.equal(toChosenSessions([{ scheme: 'file' }], [one]), null);
  });

  it('take the file that a command was called on, and others only where it is selected with them', () => {
    const isUrl = (value: unknown): value is URL => value instanceof URL;
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new URL(`file:///${name}.txt`));
    const sameAsA = new URL('file:///a.txt');
    const cases: readonly (readonly [readonly unknown[], readonly unknown[]])[] = [
      [
        [a, [a, b]],
        [a, b],
      ],
      [
        [a, [b, sameAsA]],
        [b, sameAsA],
      ],
      [[a, [b]], [a]],
      [[c, [a, b]], [c]],
      [[a, []], [a]],
      [[a, undefined], [a]],
      [[a, { groupId: 1 }], [a]],
      [
        [undefined, [a, b]],
        [a, b],
      ],
      [[one, [one, two]], []],
      [[], []],
    ];
    for (const [args, files] of cases) {
      assert.deepStrictEqual(toCalledFiles(args, isUrl), files, String(args));
    }
  });
});
