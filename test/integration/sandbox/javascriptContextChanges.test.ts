// What a JavaScript step does to the name and the mapping of a context is told like any other change.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describeJavascript, itIn } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const mapping = { 'a.txt': 'alpha '.repeat(5_000), 'b.txt': 'beta', 'c.txt': '' };
const asText = 'alpha '.repeat(5_000);

/** What was loaded, the steps, and what each of them changed. */
const table: Readonly<
  Record<string, readonly [string | typeof mapping, readonly (readonly [string, string])[]]>
> = {
  'a mapping that is read': [
    mapping,
    [
      ['Object.values(context).map((text) => text.length)', ''],
      ['for (const key in context) { context[key].slice(1); }', ''],
      ['grep("beta").length; ({ ...context })["b.txt"]', ''],
    ],
  ],
  'a new key': [
    mapping,
    [
      ['context.z = "new"', 'changed context'],
      ['context.z', ''],
      ['delete context.z', 'changed context'],
      ['context', ''],
    ],
  ],
  'another text': [mapping, [['context["b.txt"] = "BETA"', 'changed context']]],
  'the same text in other memory': [
    mapping,
    [['context["b.txt"] = ["be", "ta"].join("")', 'changed context']],
  ],
  'a key that is gone': [mapping, [['delete context["c.txt"]', 'changed context']]],
  'another name of the mapping': [
    mapping,
    [
      ['const other = context; null', 'added other'],
      ['other.z = 1', 'changed context, changed other'],
    ],
  ],
  'what holds the mapping': [
    mapping,
    [
      ['const box = { in: [context] }; null', 'added box'],
      ['box.in[0].z = 1', 'changed box, changed context'],
    ],
  ],
  'a function that changes it': [
    mapping,
    [
      ['function change() { context.z = 1; }', 'added change'],
      ['change()', 'changed context'],
    ],
  ],
  'a mapping bound anew': [
    mapping,
    [
      ['context = {}', 'changed context'],
      ['context.a = 1', 'changed context'],
      ['context = 5', 'changed context'],
      ['context', ''],
    ],
  ],
  'a name that is put together': [
    mapping,
    [['globalThis["con" + "text"] = {}', 'changed context']],
  ],
  'a text that is read': [asText, [['context.length; context.slice(5); grep("alpha").length', '']]],
  'a text bound anew': [
    asText,
    [
      ['context = context.trim()', 'changed context'],
      ['context', ''],
      ['context += "x"', 'changed context'],
    ],
  ],
  'a text that is declared anew': [asText, [['const context = 4', 'changed context']]],
  'a name that is deleted': [
    asText,
    [
      ['delete globalThis.context', 'removed context'],
      ['1', ''],
      ['var context = 3', 'added context'],
    ],
  ],
  'a deleted mapping': [mapping, [['delete globalThis.context', 'removed context']]],
};

describeJavascript('changes of a context in JavaScript', function (backend) {
  this.timeout(30_000);
  let sandboxes: SandboxProcess;
  before(() => {
    sandboxes = createSandboxes(backend);
  });
  after(() => sandboxes.dispose());

  for (const [what, [context, steps]] of Object.entries(table)) {
    const isPlaced = what === 'the same text in other memory'; // to Node equal texts are one
    itIn(isPlaced ? ['wasm'] : ['wasm', 'local'], backend)(`are told: ${what}`, async () => {
      const repl = await Repl.open(sandboxes, { language: 'javascript', context });
      try {
        for (const [code, expected] of steps) {
          const { changes, error } = await repl.run(code);
          assert.equal(error, null, code);
          const told = changes.map(({ change, name }) => `${change} ${name}`).join(', ');
          assert.equal(told, expected, code);
        }
      } finally {
        repl.sandbox.dispose();
      }
    });
  }

  it('end when it is loaded again', async () => {
    const repl = await Repl.open(sandboxes, { language: 'javascript', context: mapping });
    try {
      await repl.run('context = {}');
      await repl.load('context', mapping);
      assert.deepStrictEqual((await repl.run('Object.keys(context).length')).changes, []);
    } finally {
      repl.sandbox.dispose();
    }
  });
});
