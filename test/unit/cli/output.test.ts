import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { FakeCli } from './fakeCli';

const files = { '/data/a.log': 'one\ntwo\n' };

/** Takes a piece only when it is told to. */
class SlowReader extends Writable {
  text = '';
  #pending: (() => void) | null = null;
  #onPiece: () => void = () => undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    this.#pending = done;
    this.#onPiece();
  }

  /** Resolves when a piece waits to be taken. */
  async piece(): Promise<void> {
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        this.#onPiece = resolve;
      });
    }
  }

  take(): void {
    const done = this.#pending;
    this.#pending = null;
    done?.();
  }
}

/** Fails from the first piece on. */
function createBroken(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) =>
      done(Object.assign(new Error(`${code}: it takes no more`), { code })),
  });
}

describe('the output', () => {
  it('is waited for, however slow its reader is', async () => {
    const reader = new SlowReader();
    const cli = new FakeCli({ files, stdout: reader, input: 'print("x".repeat(100_000))' });
    let hasEnded = false;
    const ended = cli
      .run(
        'run',
        '/data/a.log',
        '--language',
        'javascript',
        '--max-output-chars',
        '100000',
        '--budget-limit',
        '1000000',
      )
      .finally(() => {
        hasEnded = true;
      });
    await reader.piece();
    for (let turns = 0; turns < 1_000; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve)); // all else is done long before
    }
    assert.deepStrictEqual(hasEnded, false);
    while (!hasEnded) {
      reader.take();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepStrictEqual([await ended, reader.text.length], [0, 100_001]);
  });

  const commands: readonly (readonly string[])[] = [
    ['sessions', '--json'],
    ['status', '--json'],
    ['--help'],
    ['--version'],
    ['run', '/data/a.log', '--language', 'javascript'],
    ['run', '/data/a.log', '--language', 'javascript', '--json'],
  ];
  const faults = [
    { code: 'EPIPE', exitCode: 141, errors: /^$/u },
    { code: 'ENOSPC', exitCode: 1, errors: /^INTERNAL_ERROR: .*ENOSPC[^]*\nNext: /u },
    { code: 'EIO', exitCode: 1, errors: /^INTERNAL_ERROR: .*EIO[^]*\nNext: /u },
  ];
  for (const args of commands) {
    for (const { code, exitCode, errors } of faults) {
      it(`that fails with ${code} ends \`${args.join(' ')}\` with ${exitCode}`, async () => {
        const cli = new FakeCli({ files, stdout: createBroken(code), input: 'print(1)' });
        assert.deepStrictEqual(await cli.run(...args), exitCode);
        assert.match(cli.errors.text, errors);
      });
    }
  }
});
