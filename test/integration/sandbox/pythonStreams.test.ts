// What Python code writes, imports and names in unusual ways: it is shown, or refused, and loses no session.

import assert from 'node:assert/strict';
import { type Language, backendNames } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython, itIn } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

describePython(
  'what Python code writes past sys.stdout, imports and names',
  (backend) => {
    let sandboxes: SandboxProcess;
    before(() => (sandboxes = createSandboxes(backend)));
    after(() => sandboxes.dispose());
    const open = (language: Language = 'python') => Repl.open(sandboxes, { language });

    it('shows what goes to the streams of the interpreter, in later steps too', async () => {
      const repl = await open();
      for (const word of ['one', 'two']) {
        const { stdout, stderr } = await repl.run(
          `import sys; sys.__stdout__.write("${word}"); sys.__stderr__.write("${word}!"); None`,
        );
        assert.deepEqual([stdout, stderr], [word, `${word}!`]);
      }
    });

    itIn(['wasm'], backend)('fails a step that writes to a terminal there is not', async () => {
      const repl = await open();
      for (const code of [
        'import os; os.write(1, b"x")',
        'import os; os.write(2, b"x")',
        'open(1, "wb", 0, closefd=False).write(b"x")',
      ]) {
        assert.equal((await repl.run(code)).error?.type, 'OSError', code);
      }
      assert.equal(await repl.evaluate('1'), '1');
    });

    itIn(['local', 'container'], backend)(
      'shows what programs and descriptors write, after what the code printed',
      async () => {
        const repl = await open();
        const { stdout, stderr, error } = await repl.run(
          'import os, subprocess\nos.write(1, b"by number ")\nsubprocess.run(["echo", "by a program"])\n' +
            'os.system("echo badly >&2")\nprint("by print")',
        );
        assert.deepStrictEqual(
          [stdout, stderr, error],
          ['by print\nby number by a program\n', 'badly\n', null],
        );
        const long = await repl.run('import os\nos.write(1, b"x" * 100_000)\nNone', {
          maxOutputChars: 1_000,
        });
        assert.deepStrictEqual([long.stdout.length, long.dropped.stdout], [1_000, 99_000]);
        assert.equal((await repl.run('None')).stdout, '');
      },
    );

    it('imports modules that the code has written, and none in the place of a library', async () => {
      const repl = await open();
      await repl.run(
        'open("own.py", "w").write("value = 5"); open("difflib.py", "w").write("1 / 0"); None',
      );
      assert.equal(await repl.evaluate('__import__("own").value'), '5');
      assert.equal(await repl.evaluate('__import__("difflib").ndiff.__name__'), "'ndiff'");
    });

    it('prints help without overstrikes', async () => {
      const { stdout } = await (await open()).run('help(len); help("for")');
      assert.match(stdout, /\blen\(obj, \/\)/);
      assert.ok(!stdout.includes('\b'));
    });

    it('names what the REPL offers as the code does, in errors', async () => {
      const repl = await open();
      for (const name of ['llm_query', 'rlm_query', 'FINAL', 'FINAL_VAR']) {
        const { error } = await repl.run(`${name}(**{"no such": 1})`);
        assert.match(error?.message ?? '', new RegExp(`^${name}[( ]`));
      }
    });

    it('counts lines as Python does', async () => {
      const repl = await open();
      for (const [at, end] of [
        '\u2028',
        '\u2029',
        '\x0b',
        '\x0c',
        '\x85',
        '\x1c',
        '\r\n',
        '\r',
        '\n',
      ].entries()) {
        const { error } = await repl.run(`a = """${end}"""\nb = 1\nraise ValueError("seen")`);
        assert.equal(error?.line, at > 5 ? 4 : 3);
        assert.match(error?.traceback ?? '', /raise ValueError\("seen"\)/);
      }
    });

    it('tells the line whose value could not be shown', async () => {
      const repl = await open();
      await repl.run('class Bad:\n    def __repr__(self): raise ValueError("no")');
      for (const value of ['Bad()', '[Bad()]', '{"a": (Bad(),)}']) {
        assert.equal((await repl.run(`x = 1\n\n${value}`)).error?.line, 3, value);
      }
    });

    for (const [language, code] of [
      ['python', 'globals().update({str(n) + "\\x01" * 475: 1 for n in range(10_000)})'],
      [
        'javascript',
        'for (let n = 0; n < 10_000; n++) globalThis[n + "\\x01".repeat(475)] = 1; null',
      ],
    ] as const) {
      const itHere = itIn(language === 'python' ? backendNames : ['wasm'], backend);
      itHere(
        `keeps a session in ${language} with more names than can be listed, and says so`,
        async () => {
          const repl = await open(language);
          const { stateLost, stderr, variables } = await repl.run(code);
          assert.equal(stateLost, false);
          assert.match(stderr, /are listed|are not listed/);
          assert.ok(variables.length > 100 && variables.join('').length <= 100_000);
          assert.equal(await repl.evaluate('1 + 1'), '2');
        },
      );
    }
  },
  backendNames,
);
