import assert from 'node:assert/strict';
import { resolveEncoding } from '../../../src/context/encodingNames';
import { knownEncodings } from '../../../src/core/encodings';
import { askEncoding, listEncodings } from '../../../src/extension/encodingChoice';

describe('the encodings that a person may choose', () => {
  it('are all known to the reader of contexts, under these very names', () => {
    assert.deepStrictEqual(knownEncodings.map(resolveEncoding), knownEncodings);
  });

  it('are each listed once, the likely ones first and marked', () => {
    const items = listEncodings(['koi8-r', 'windows-1251', 'cp855']);
    const likely = items.filter(({ isLikely }) => isLikely).map(({ encoding }) => encoding);
    assert.deepStrictEqual(likely, ['koi8-r', 'windows-1251', 'cp855']);
    const names = items.map(({ encoding }) => encoding);
    assert.deepStrictEqual(names.slice(0, 4), ['koi8-r', 'windows-1251', 'cp855', 'utf-8']);
    assert.deepStrictEqual([...names].sort(), [...knownEncodings].sort());
  });

  const guessed = { warnings: ['a: a guess.'], likelyEncodings: ['koi8-r', 'ibm866'] };
  const skipped = { warnings: ['b: left out.'] };
  const sure = { warnings: [] };

  async function ask(
    contexts: Parameters<typeof askEncoding>[0],
    told: 'all' | 'encodings',
    answers: { readonly wants: boolean; readonly picks?: string },
  ) {
    const calls: unknown[] = [];
    const chosen = await askEncoding(contexts, told, {
      warn: async (lines, canChoose) => {
        calls.push([...lines, canChoose]);
        return answers.wants;
      },
      pick: async ([first]) => {
        calls.push(first?.encoding);
        return answers.picks;
      },
    });
    return { chosen, calls };
  }

  it('are offered where an encoding is in doubt', async () => {
    const picks = 'ibm866';
    assert.deepStrictEqual(await ask([sure, guessed], 'encodings', { wants: true, picks }), {
      chosen: 'ibm866',
      calls: [['a: a guess.', true], 'koi8-r'],
    });
  });

  it('are told of in the words of the editor', async () => {
    const told = { warnings: ['a: a guess. Give `encoding` if the text looks wrong.'] };
    const { calls } = await ask([told], 'all', { wants: false });
    assert.deepStrictEqual(calls, [
      ['a: a guess. Open it again and use “Choose Encoding…” if the text looks wrong.', false],
    ]);
  });

  it('change nothing when the person closes the message or the list', async () => {
    assert.equal((await ask([guessed], 'encodings', { wants: false })).chosen, undefined);
    assert.equal((await ask([guessed], 'encodings', { wants: true })).chosen, undefined);
  });

  it('are not offered for other warnings, which a question tells and a session does not', async () => {
    assert.deepStrictEqual((await ask([skipped], 'encodings', { wants: false })).calls, []);
    const { calls } = await ask([skipped], 'all', { wants: false });
    assert.deepStrictEqual(calls, [['b: left out.', false]]);
    assert.deepStrictEqual((await ask([sure], 'all', { wants: false })).calls, []);
  });
});
