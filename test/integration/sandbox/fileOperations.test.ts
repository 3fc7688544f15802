// Files and shell of a sandbox, on every backend that has them.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, itIn, placeBackends } from '../../support/backends';
import {
  askFiles,
  askOk,
  askRefused,
  toList,
  toRead,
  toShell,
  toWrite,
} from '../../support/fileOperations';
import { Repl, createSandboxes } from '../../support/repl';

/** Paths, and how an operation that names one is refused. */
const badPaths: readonly (readonly [name: string, path: string, reason: string])[] = [
  ['nothing', '', 'invalid'],
  ['NUL', 'a\0b', 'invalid'],
  ['above the work folder', '../etc/passwd', 'outside'],
  ['absolute', '/etc/passwd', 'outside'],
  ['the root', '/', 'outside'],
  ['above through a folder', 'sub/../../etc/passwd', 'outside'],
  ['processes', '/proc/self/environ', 'outside'],
  ['a device', '/dev/zero', 'outside'],
  ['half a surrogate pair', '\ud800', 'invalid'],
  ['too long a name', 'x'.repeat(300), 'invalid'],
];

describePython(
  'files and shell',
  function (backend) {
    this.timeout(60_000);
    const work = backend === 'daytona' ? '/tmp/rlm/work' : '/work';
    const itNative = itIn(placeBackends, backend);
    let sandboxes: SandboxProcess;
    let repl: Repl;
    before(() => (sandboxes = createSandboxes(backend)));
    after(() => sandboxes.dispose());
    beforeEach(async () => {
      repl = await Repl.open(sandboxes, { context: 'a text' });
      await repl.run('kept = [1, 2]');
    });
    afterEach(async () => {
      assert.equal(await repl.evaluate('kept'), '[1, 2]');
      repl.sandbox.dispose();
    });
    const run = async (command: string) => askOk(repl.sandbox, toShell(command));
    it('writes what code reads, and reads what code writes', async () => {
      const { path } = await askOk(repl.sandbox, toWrite('in/a é.txt', 'text ✓\n'));
      assert.equal(path, `${work}/in/a é.txt`);
      assert.equal(
        await repl.evaluate('open("in/a é.txt", encoding="utf-8").read()'),
        "'text ✓\\n'",
      );
      await repl.run('open("out.bin", "wb").write(bytes(range(256)))');
      const { content, totalBytes } = await askOk(repl.sandbox, toRead('out.bin', 250, 100));
      assert.deepStrictEqual(
        [Buffer.from(content, 'base64'), totalBytes],
        [Buffer.from([250, 251, 252, 253, 254, 255]), 256],
      );
    });

    it('goes up only out of a folder that is there, and behind a link out of the one it leads to', async () => {
      await run('mkdir -p in/deep; echo here > in/a; echo top > a; ln -s in/deep link');
      const ask = async (path: string): Promise<string> => {
        const { answer } = await askFiles(repl.sandbox, toRead(path));
        return answer?.kind === 'read'
          ? Buffer.from(answer.content, 'base64').toString().trim()
          : answer?.kind === 'refused'
            ? answer.reason
            : 'lost';
      };
      const paths = ['link/../a', 'in/../a', 'missing/../a', 'a/../a', 'a/', 'a/.', 'in/./a'];
      const found: string[] = [];
      for (const path of paths) {
        found.push(await ask(path));
      }
      assert.deepStrictEqual(found, [
        ...['here', 'top', 'missing', 'wrong_kind', 'wrong_kind', 'wrong_kind', 'here'],
      ]);
      assert.equal(await askRefused(repl.sandbox, toWrite('missing/../new', 'x')), 'missing');
      const { stdout } = await run('ls; cat link/../a; cat missing/../a 2>/dev/null; echo $?');
      assert.equal(stdout, 'a\nin\nlink\nhere\n1\n');
    });

    it('takes a file in pieces, and only in their order', async () => {
      const bytes = randomBytes(2_500_000);
      const totalBytes = bytes.length;
      const toPiece = (offset: number) => {
        const content = bytes.subarray(offset, offset + 1_000_000).toString('base64');
        return { ...toWrite('big.bin', ''), offset, content, totalBytes };
      };
      await askOk(repl.sandbox, toPiece(0));
      assert.equal(await askRefused(repl.sandbox, toPiece(2_000_000)), 'failed');
      for (const offset of [0, 1_000_000, 2_000_000]) {
        await askOk(repl.sandbox, toPiece(offset));
      }
      const code = '__import__("hashlib").sha256(open("big.bin", "rb").read()).hexdigest()';
      const hash = createHash('sha256').update(bytes).digest('hex');
      assert.equal(await repl.evaluate(code), `'${hash}'`);
    });

    it('leaves nothing of a file whose pieces stop coming', async () => {
      await askOk(repl.sandbox, { ...toWrite('cut.txt', 'half'), totalBytes: 10 });
      assert.equal(await repl.evaluate('__import__("os").listdir()'), '[]');
    });

    it('takes the place of a file only when told to', async () => {
      assert.equal((await askOk(repl.sandbox, toWrite('a.txt', 'one'))).replaced, false);
      assert.equal(await askRefused(repl.sandbox, toWrite('a.txt', 'two')), 'exists');
      assert.equal(await repl.evaluate('open("a.txt").read()'), "'one'");
      assert.equal((await askOk(repl.sandbox, toWrite('a.txt', 'three', true))).replaced, true);
      assert.equal(await repl.evaluate('open("a.txt").read()'), "'three'");
      assert.equal(await repl.evaluate('sorted(__import__("os").listdir())'), "['a.txt']");
    });

    it('lists a folder in the order of the names, and tells how many there are in all', async () => {
      await repl.run(
        'import os\nos.mkdir("d")\nfor name in "cab": open(f"d/{name}", "w").write(name * 3)\nos.mkdir("d/z")\nos.symlink("a", "d/l")',
      );
      const { path, entries, total } = await askOk(repl.sandbox, toList('d', 4));
      const shown = entries.map((entry) =>
        `${entry.kind} ${entry.path} ${entry.kind === 'file' ? entry.bytes : ''}`.trim(),
      );
      assert.deepStrictEqual(
        [path, shown, total],
        [
          `${work}/d`,
          [`file ${work}/d/a 3`, `file ${work}/d/b 3`, `file ${work}/d/c 3`, `link ${work}/d/l`],
          5,
        ],
      );
      assert.deepStrictEqual((await askOk(repl.sandbox, toList('d/a'))).total, 1);
    });

    for (const [name, path, reason] of badPaths) {
      it(`refuses a path: ${name}`, async () => {
        const refused = [
          await askRefused(repl.sandbox, toRead(path)),
          await askRefused(repl.sandbox, toWrite(path, 'x', true)),
          await askRefused(repl.sandbox, toList(path)),
        ];
        assert.deepStrictEqual(
          refused.map((one) => (one === 'missing' ? reason : one)),
          [reason, reason, reason],
        );
      });
    }

    it('follows no link out of the session’s folders, and reads nothing that is no file', async () => {
      await repl.run(
        'import os\nos.symlink("/etc", "etc")\nos.symlink("/etc/passwd", "p")\nos.symlink("/dev/zero", "z")\nos.symlink("loop", "loop")\nos.mkdir("d")',
      );
      assert.deepStrictEqual(
        [
          await askRefused(repl.sandbox, toRead('p')),
          await askRefused(repl.sandbox, toRead('etc/passwd')),
          await askRefused(repl.sandbox, toWrite('p', 'x', true)),
          await askRefused(repl.sandbox, toWrite('etc/new', 'x')),
          await askRefused(repl.sandbox, toRead('z')),
          await askRefused(repl.sandbox, toRead('d')),
          await askRefused(repl.sandbox, toWrite('d', 'x', true)),
          await askRefused(repl.sandbox, toRead('absent')),
        ],
        [
          'outside',
          'outside',
          'outside',
          'outside',
          'outside',
          'wrong_kind',
          'wrong_kind',
          'missing',
        ],
      );
      assert.notEqual(await askRefused(repl.sandbox, toRead('loop')), 'unsupported');
    });

    itNative('meets pipes, sockets and names that are not UTF-8 without waiting', async () => {
      await repl.run(
        'import os, socket\nos.mkfifo("pipe")\ns = socket.socket(socket.AF_UNIX); s.bind("sock")\nopen(b"bad\\xff", "w").close()\nkept = [1, 2]',
      );
      assert.equal(await askRefused(repl.sandbox, toRead('pipe')), 'wrong_kind');
      assert.equal(await askRefused(repl.sandbox, toRead('sock')), 'wrong_kind');
      assert.equal(await askRefused(repl.sandbox, toWrite('pipe', 'x', true)), 'wrong_kind');
      const { entries } = await askOk(repl.sandbox, toList('.'));
      assert.deepStrictEqual(
        entries.map(({ path, kind, named }) => [path, kind, named]),
        [
          [`${work}/bad\ufffd`, 'file', false],
          [`${work}/pipe`, 'other', true],
          [`${work}/sock`, 'other', true],
        ],
      );
      await repl.run('s.close()\ndel s, os, socket');
    });

    it('runs a command over the same files, and tells how it ended', async () => {
      await askOk(repl.sandbox, toWrite('a.txt', 'b\na\n'));
      const answer = await run('sort a.txt > sorted.txt; echo done; echo ✗ >&2; exit 3');
      assert.deepStrictEqual(answer, {
        kind: 'shell',
        stdout: 'done\n',
        stderr: '✗\n',
        droppedBytes: { stdout: 0, stderr: 0 },
        replaced: { stdout: false, stderr: false },
        exitCode: 3,
        endedBy: null,
      });
      assert.equal(await repl.evaluate('open("sorted.txt").read()'), "'a\\nb\\n'");
    });

    it('tells of bytes that are not UTF-8, which U+FFFD stands for, and keeps them in files', async () => {
      const { stdout, replaced } = await run("printf 'ok é'; cat < /dev/null");
      assert.deepStrictEqual([stdout, replaced.stdout], ['ok é', false]);
      await repl.run('open("raw", "wb").write(b"a\\xffb\\n")');
      const raw = await run('cat raw; cat raw > copy');
      assert.deepStrictEqual([raw.stdout, raw.replaced.stdout], ['a\ufffdb\n', true]);
      assert.equal(await repl.evaluate('open("copy", "rb").read()'), "b'a\\xffb\\n'");
    });

    it('keeps the first of long output, cut between two characters, and counts the rest', async () => {
      const { answer } = await askFiles(repl.sandbox, toShell('seq 1 100000; echo éé >&2', 103));
      assert.ok(answer?.kind === 'shell');
      assert.deepStrictEqual([answer.stdout.length, answer.droppedBytes.stdout], [103, 588_792]);
      const short = await askFiles(repl.sandbox, toShell('printf éé', 3));
      assert.ok(short.answer?.kind === 'shell');
      assert.deepStrictEqual([short.answer.stdout, short.answer.droppedBytes.stdout], ['é', 2]);
    });

    itNative('ends a command with its time, and all that it has started', async () => {
      const command = 'echo began; (setsid sh -c "sleep 1000; echo late > late" &) ; sleep 1000';
      const { answer, interruption } = await askFiles(repl.sandbox, toShell(command), {
        timeoutMs: 300,
      });
      assert.ok(answer?.kind === 'shell');
      assert.deepStrictEqual(
        [interruption, answer.stdout, answer.exitCode],
        ['timeout', 'began\n', 137],
      );
      assert.equal(
        (await run('cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "[s]leep 1000"')).stdout,
        '0\n',
      );
    });

    itNative('ends what a command leaves running, and nothing that code has started', async () => {
      await repl.run(
        'import subprocess\nchild = subprocess.Popen(["sleep", "777"])\nkept = [1, 2]',
      );
      await run('sleep 888 & (setsid sleep 999 &); echo ok');
      const { stdout } = await run(
        'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -o "[s]leep [0-9]*"',
      );
      assert.equal(stdout, 'sleep 777\n');
      await repl.run('child.kill(); child.wait(); del child, subprocess');
    });

    it('ends a command when its caller goes, and runs the next', async () => {
      const stop = new AbortController();
      const asked = askFiles(repl.sandbox, toShell('echo > began; sleep 1000'), {
        signal: stop.signal,
      });
      stop.abort();
      assert.equal((await asked).interruption, 'cancelled');
      assert.equal((await run('echo next')).stdout, 'next\n');
    });

    itNative(
      'keeps variables when a command takes too much memory or starts processes without end',
      async () => {
        const bomb = await askFiles(repl.sandbox, toShell('f() { f | f & }; f; sleep 100'), {
          timeoutMs: 2_000,
        });
        assert.ok(bomb.answer?.kind === 'shell', JSON.stringify(bomb));
        const eater = 'python3 -c "x = [bytearray(2**20) for _ in range(10**6)]"';
        const eaten = await askFiles(repl.sandbox, toShell(eater));
        assert.ok(
          eaten.answer?.kind === 'shell' && eaten.answer.exitCode !== 0,
          JSON.stringify(eaten),
        );
      },
    );

    itNative('refuses what does not fit, and keeps what was there', async () => {
      await run('head -c 511M /dev/zero > fill; echo kept > kept');
      const big = toWrite('kept', Buffer.alloc(1_000_000), true);
      const pieces = { ...big, totalBytes: 4_000_000 };
      for (const offset of [0, 1_000_000, 2_000_000, 3_000_000]) {
        const { answer } = await askFiles(repl.sandbox, { ...pieces, offset });
        if (answer?.kind === 'refused') {
          assert.equal(answer.reason, 'full');
          break;
        }
        assert.ok(offset < 3_000_000, 'it fitted');
      }
      assert.equal((await run('rm fill; cat kept; ls -A')).stdout, 'kept\nkept\n');
    });

    itNative('has no network and sees nothing of this machine', async () => {
      const { stdout } = await run('env | cut -d= -f1 | sort | tr "\\n" " "; hostname');
      assert.doesNotMatch(stdout, /KEY|TOKEN|SECRET/u);
    });
  },
  ['wasm', ...placeBackends],
);
