// Files of a JavaScript session on WebAssembly: what code writes the tools and the shell see, and the other way round.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { askOk, askRefused, toList, toRead, toShell, toWrite } from '../../support/fileOperations';
import { Repl, createSandboxes } from '../../support/repl';

describe('files of JavaScript on WebAssembly', function () {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(() => (sandboxes = createSandboxes('wasm')));
  after(() => sandboxes.dispose());
  beforeEach(async () => {
    repl = await Repl.open(sandboxes, { context: 'a text', language: 'javascript' });
  });
  afterEach(() => repl.sandbox.dispose());

  it('are the same for code, tools and shell, byte for byte', async () => {
    await repl.run(
      'writeFile("in/a é.txt", "text ✓\\n\\0"); writeFile("b.bin", Uint8Array.from({ length: 256 }, (_, at) => at))',
    );
    const text = await askOk(repl.sandbox, toRead('in/a é.txt'));
    assert.equal(Buffer.from(text.content, 'base64').toString(), 'text ✓\n\0');
    const bytes = await askOk(repl.sandbox, toRead('/work/b.bin'));
    assert.deepStrictEqual(
      [...Buffer.from(bytes.content, 'base64')],
      Array.from({ length: 256 }, (_, at) => at),
    );
    await askOk(repl.sandbox, toWrite('up.txt', 'uploaded é'));
    const { stdout } = await askOk(
      repl.sandbox,
      toShell('cat up.txt; wc -c < b.bin; cat b.bin > c.bin; ls'),
    );
    assert.equal(stdout, 'uploaded é256\nb.bin\nc.bin\nin\nup.txt\n');
    assert.equal(await repl.evaluate('readFile("up.txt")'), "'uploaded é'");
    assert.equal(
      await repl.evaluate(
        'readBytes("c.bin").every((byte, at) => byte === at) && readBytes("c.bin").length',
      ),
      '256',
    );
    assert.equal(
      await repl.evaluate('JSON.stringify(listFiles("in"))'),
      `'[{"path":"/work/in/a é.txt","kind":"file","bytes":10}]'`,
    );
  });

  it('are refused with a reason, and never read or written otherwise than asked', async () => {
    const cases: readonly (readonly [code: string, message: RegExp])[] = [
      ['readFile("absent")', /does not exist/u],
      ['readFile("/etc/passwd")', /outside/u],
      ['readFile("../etc/passwd")', /outside/u],
      ['readFile("/work")', /folder/u],
      ['readFile()', /needs a path/u],
      ['writeFile("a")', /takes a text or a Uint8Array/u],
      ['writeFile("a", 5)', /takes a text or a Uint8Array/u],
      ['writeFile("a", new Uint16Array(2))', /takes a text or a Uint8Array/u],
      ['writeFile("a", new Proxy(new Uint8Array(2), {}))', /takes a text or a Uint8Array/u],
      ['writeFile("a", "\\ud800")', /half of a surrogate pair/u],
      ['writeFile("a/../../x", "1")', /outside/u],
      ['writeFile("x".repeat(300), "1")', /too long/u],
      ['writeFile("raw", Uint8Array.of(255)); readFile("raw")', /not text in UTF-8/u],
      ['listFiles("raw")', /no folder|is none/u],
      ['for (let n = 0; n < 20; n++) writeFile("big" + n, new Uint8Array(20e6))', /full/u],
    ];
    for (const [code, message] of cases) {
      const { error } = await repl.run(code);
      assert.match(error?.message ?? '', message, code);
    }
    assert.equal(await askRefused(repl.sandbox, toRead('a')), 'missing');
  });

  it('never break the engine: a path through a file or a loop is refused, and all files stay', async () => {
    await repl.run('writeFile("f", "kept"); writeFile("d/g", "kept")');
    await askOk(repl.sandbox, toShell('ln -s loop loop; ln -s nowhere/x dangling; ln -s f link'));
    const paths = [
      'f/x',
      'f/x/y',
      'd/g/x',
      '/work/f/',
      'f/../f/x',
      'loop',
      'loop/x',
      'link/x',
      '\\ud800',
      'e/\\udc00/x',
    ];
    for (const path of paths) {
      for (const code of [
        `writeFile("${path}", "x")`,
        `readFile("${path}")`,
        `listFiles("${path}")`,
      ]) {
        const { error } = await repl.run(
          `var told = ""; try { ${code} } catch (e) { told = e.message }`,
        );
        assert.equal(error, null, code);
        assert.notEqual(await repl.evaluate('told'), "''", code);
      }
    }
    assert.equal(await repl.evaluate('readFile("f") + readFile("d/g")'), "'keptkept'");
  });

  it('follow links of the shell inside, and none outside', async () => {
    await askOk(
      repl.sandbox,
      toShell('mkdir d; echo x > d/f; ln -s d/f in; ln -s /etc/passwd out; ln -s loop loop'),
    );
    assert.equal(await repl.evaluate('readFile("in")'), "'x\\n'");
    for (const name of ['out', 'loop']) {
      assert.notEqual((await repl.run(`readFile("${name}")`)).error, null);
    }
    const { entries } = await askOk(repl.sandbox, toList('.'));
    assert.deepStrictEqual(
      entries.map(({ path, kind }) => `${path} ${kind}`),
      ['/work/d folder', '/work/in link', '/work/loop link', '/work/out link'],
    );
  });
});
