import assert from 'node:assert/strict';
import { dropThinking, readCode } from '../../../src/loop/codeBlocks';

const fence = '```';

describe('readCode', () => {
  const read = (reply: string) => {
    const found = readCode(reply, 'python');
    return found.kind === 'code' ? found.code : `none: ${found.reason}`;
  };

  for (const label of ['repl', 'python', 'py', 'python3', 'Python', 'repl title="x"']) {
    it(`runs a block that is marked ${label}`, () => {
      assert.equal(read(`Look.\n${fence}${label}\nprint(1)\n${fence}\nDone.`), 'print(1)');
    });
  }

  it('takes a block of the session’s language, JavaScript too', () => {
    const reply = `${fence}js\nprint(1)\n${fence}`;
    assert.deepStrictEqual(
      [readCode(reply, 'javascript').kind, read(reply)],
      ['code', 'none: other_language'],
    );
  });

  it('joins several blocks in their order into one step', () => {
    const reply = `${fence}repl\na = 1\n${fence}\nThen:\n${fence}py\nprint(a)\n${fence}`;
    assert.deepStrictEqual(readCode(reply, 'python'), {
      kind: 'code',
      code: 'a = 1\n\nprint(a)',
      blockCount: 2,
    });
  });

  it('leaves out blocks that are no code of the session', () => {
    const reply = `${fence}json\n{}\n${fence}\n${fence}\nout\n${fence}\n${fence}repl\nx = 1\n${fence}`;
    assert.equal(read(reply), 'x = 1');
  });

  it('does not end a block at a fence inside a string of the code', () => {
    const code = `text = """\n${fence}\ninner\n${fence}\n"""\nprint(text)`;
    assert.equal(read(`${fence}repl\n${code}\n${fence}\nOver.`), code);
  });

  it('does not end a block at a fence inside a comment of JavaScript', () => {
    const code = `/*\n${fence}\n*/\nprint(1)`;
    const found = readCode(`${fence}js\n${code}\n${fence}`, 'javascript');
    assert.equal(found.kind === 'code' && found.code, code);
  });

  it('is not misled by quotes in comments and strings', () => {
    const code = `# it's """ here \\\nx = 'a"""b'\ny = "it's"`;
    assert.equal(read(`${fence}repl\n${code}\n${fence}\nIt's """ over.\n${fence}`), code);
  });

  it('ends a block at its first fence when its string is never closed', () => {
    assert.equal(read(`${fence}repl\nx = """\n${fence}\nProse.`), 'x = """');
  });

  it('takes a block that is not closed to the end of the reply', () => {
    assert.equal(read(`${fence}repl\nprint(1)\nprint(2)`), 'print(1)\nprint(2)');
  });

  it('understands longer fences, tildes, and the indentation of a list', () => {
    assert.deepStrictEqual(
      [
        read(`${fence}${'`'}repl\n${fence}\n${fence}${'`'}`),
        read('~~~python\nprint(1)\n~~~'),
        read(`1. Look:\n   ${fence}repl\n   for x in y:\n       print(x)\n   ${fence}`),
      ],
      [fence, 'print(1)', 'for x in y:\n    print(x)'],
    );
  });

  it('says why there is no code', () => {
    assert.deepStrictEqual(
      [
        read('The answer is FINAL(42).'),
        read(''),
        read(`${fence}\nFINAL(42)\n${fence}`),
        read(`${fence}repl\n\n${fence}`),
        read(`${fence}sql\nselect 1\n${fence}`),
      ],
      [
        'none: no_block',
        'none: no_block',
        'none: unlabelled',
        'none: empty',
        'none: other_language',
      ],
    );
  });

  it('does not run code that stands in the reasoning', () => {
    const thought = `<think>\nMaybe:\n${fence}repl\nFINAL(1)\n${fence}\n</think>\n`;
    assert.deepStrictEqual(
      [
        read(`${thought}Not yet.`),
        read(`${thought}${fence}repl\nprint(2)\n${fence}`),
        read(`<thinking>${fence}repl\nFINAL(1)\n${fence}`),
        read(`${fence}repl\nFINAL(1)\n${fence}\n</think>\nNo code yet.`),
      ],
      ['none: no_block', 'print(2)', 'none: no_block', 'none: no_block'],
    );
  });

  for (const letter of ['İ', 'ß', 'ŉ', '😀', '\u0130\u0307']) {
    it(`finds the code behind reasoning that holds ${letter}`, () => {
      const reply = `<Think>${letter.repeat(9)}</THINK>\n${fence}py\nprint(1)\n${fence}`;
      assert.equal(read(reply), 'print(1)');
    });
  }

  const openTexts = `"""\n${fence}\n'''\n`;
  // Each would take hours if every fence had the code before it read again, or a line were tried from each mark.
  for (const [what, reply] of [
    ['texts that stay open before many fences', `${fence}py\n${openTexts.repeat(200_000)}`],
    ['texts that no later fence is outside of', `${fence}py\n\\"""\n${fence}\n`.repeat(60_000)],
    ['a line of tildes that a backtick ends', `${'~'.repeat(1_000_000)}\``],
    ['lines of blanks', `${' '.repeat(500_000)}x\n`.repeat(2)],
    ['a line of backticks', `x\n${'`'.repeat(1_000_001)}x\``],
    ['ends of reasoning', '</think> x\n'.repeat(100_000)],
  ] as const) {
    it(`reads ${what} once`, () => {
      assert.equal(typeof read(reply), 'string');
    });
  }

  it('takes Windows line ends', () => {
    assert.equal(read(`${fence}repl\r\na = 1\r\nb = 2\r\n${fence}\r\n`), 'a = 1\nb = 2');
  });
});

describe('dropThinking', () => {
  it('keeps a reply that only speaks of thinking', () => {
    const reply = 'I use the tag <think> in a regex: r"</think>".';
    assert.equal(dropThinking(reply), reply);
  });
});
