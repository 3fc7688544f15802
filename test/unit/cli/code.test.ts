import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readCode, toSteps } from '../../../src/cli/code';
import { RlmError } from '../../../src/core/errors';
import { useTempFolder } from '../../support/tempFolder';
import { FakeCli } from './fakeCli';

describe('given code', () => {
  it('is cut at lines that are exactly the mark of its language', () => {
    assert.deepStrictEqual(toSteps('a\n# %%\nb\n # %%\nc\n# %% title', 'python'), [
      'a',
      'b\n # %%\nc\n# %% title',
    ]);
    assert.deepStrictEqual(toSteps('a\r\n// %%\r\nb', 'javascript'), ['a', 'b']);
  });

  it('loses its empty steps', () => {
    assert.deepStrictEqual(toSteps('# %%\n\n# %%\nx\n# %%\n', 'python'), ['x']);
  });

  it('is refused when there is none', () => {
    const isInvalid = (error: unknown) =>
      error instanceof RlmError && error.code === 'INVALID_INPUT';
    assert.throws(() => toSteps('# %%\n', 'python'), isInvalid);
  });

  const folder = useTempFolder();
  const text = 'x = "é 😀"\n# %%\ny = 2\n';
  const encoded: readonly (readonly [string, Buffer])[] = [
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte-order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16 little-endian', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 big-endian', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ];
  for (const [name, bytes] of encoded) {
    it(`is read as ${name}, from a file and from standard input`, async () => {
      await writeFile(path.join(folder(), 'code.py'), bytes);
      const { terminal } = new FakeCli();
      assert.equal(await readCode('code.py', { terminal, cwd: folder() }), text);
      const piped = new FakeCli();
      piped.input.end(bytes);
      assert.equal(await readCode('-', { terminal: piped.terminal, cwd: folder() }), text);
    });
  }

  it('in another encoding is refused, from a file and from standard input', async () => {
    const bytes = Buffer.from(text, 'latin1');
    await writeFile(path.join(folder(), 'code.py'), bytes);
    const cli = new FakeCli();
    cli.input.end(bytes);
    for (const file of ['code.py', '-']) {
      await assert.rejects(readCode(file, { terminal: cli.terminal, cwd: folder() }), {
        code: 'INVALID_INPUT',
      });
    }
  });
});
