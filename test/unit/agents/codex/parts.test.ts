// The small pure parts of the driver: lines, cuts, the gate, TOML, errors.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { cutEnd, cutMiddle } from '../../../../src/agents/codex/cut';
import { Gate } from '../../../../src/agents/codex/gate';
import { LineSplitter } from '../../../../src/agents/codex/lines';
import { toAgentError } from '../../../../src/agents/codex/toError';
import { toToml } from '../../../../src/agents/codex/toml';

describe('the lines of a stream', () => {
  it('are the same however it is cut, and too long ones tell their ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 30 })),
        fc.array(fc.nat({ max: 40 })),
        (texts, cuts) => {
          const lines = texts
            .map((text) => text.replaceAll('\n', ''))
            .filter((text) => text.trim() !== '');
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const heard: string[] = [];
          const splitter = new LineSplitter(
            { line: (text) => heard.push(text), longLine: () => heard.push('?') },
            1_000,
          );
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            splitter.push(bytes.subarray(at, at + cut));
            at += cut;
          }
          assert.deepStrictEqual(heard, lines);
        },
      ),
    );
  });

  it('go on after a line that is too long, however it is cut', () => {
    for (const step of [1, 7, 1_000, 30_000]) {
      const heard: unknown[] = [];
      const splitter = new LineSplitter(
        {
          line: (text) => heard.push(text),
          longLine: ({ head, tail, bytes }) =>
            heard.push([head.slice(0, 3), tail.slice(-3), bytes]),
        },
        10_000,
      );
      const stream = Buffer.from(`one\nbeg${'x'.repeat(20_000)}end\ntwo\n`);
      for (let at = 0; at < stream.length; at += step) {
        splitter.push(stream.subarray(at, at + step));
      }
      assert.deepStrictEqual(heard, ['one', ['beg', 'end', 20_006], 'two']);
    }
  });
});

describe('a text that is cut', () => {
  it('breaks no character, and says how much is left out', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 2, max: 50 }),
        (text, max) => {
          const end = cutEnd(text, max);
          const middle = cutMiddle(text, max);
          assert.ok(end.text.isWellFormed() && middle.text.isWellFormed());
          assert.equal(end.text.length + end.droppedChars, text.length);
          const kept = middle.text.replace(/\n\[… \d+ characters left out …\]\n/u, '');
          assert.equal(
            middle.droppedChars === 0 ? middle.text : kept.length + middle.droppedChars,
            middle.droppedChars === 0 ? text : text.length,
          );
        },
      ),
    );
  });
});

describe('a gate', () => {
  it('keeps the order behind what takes time, also when that fails', async () => {
    const gate = new Gate();
    const order: string[] = [];
    let finish: (text: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => {
      finish = resolve;
    });
    gate.run(() => gate.hold(work, (result) => order.push(`first ${result}`)));
    gate.run(() =>
      gate.hold(Promise.reject(new Error('no')), (result) => order.push(`second ${result}`)),
    );
    gate.run(() => order.push('third'));
    finish('done');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual(order, ['first done', 'second null', 'third']);
  });
});

describe('a value as TOML', () => {
  it('is read back as it was', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__'),
          tie('value'),
          {
            maxKeys: 3,
            noNullPrototype: true,
          },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(value, (given) => {
        const read = parse(`value = ${toToml(given)}`)['value'];
        assert.equal(JSON.stringify(read), JSON.stringify(given));
      }),
    );
  });
});

describe('an error of Codex', () => {
  it('gives code and status from its fields, whatever their form', () => {
    const cases = [
      ['unauthorized', 'unauthorized', null],
      [{ httpConnectionFailed: { httpStatusCode: 401 } }, 'httpConnectionFailed', 401],
      [
        { responseStreamDisconnected: { httpStatusCode: null } },
        'responseStreamDisconnected',
        null,
      ],
      [{ brandNew: 7 }, 'brandNew', null],
      [null, null, null],
      [42, null, null],
    ] as const;
    assert.deepStrictEqual(
      cases.map(([codexErrorInfo]) => {
        const { code, httpStatus } = toAgentError({ message: 'm', codexErrorInfo });
        return [code, httpStatus];
      }),
      cases.map(([, code, status]) => [code, status]),
    );
  });
});
