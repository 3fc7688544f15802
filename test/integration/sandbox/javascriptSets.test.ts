// Patterns with flag v find in a JavaScript step what they find in V8, however the code comes by them.

import assert from 'node:assert/strict';
import vm from 'node:vm';
import { describeJavascript, itIn } from '../../support/backends';
import { useRepl } from '../../support/repl';

const expressions = [
  ...[
    '\\p{Lu}',
    '[\\p{Lu}]',
    '\\P{Lu}',
    '\\P{Ll}',
    '[\\P{Ll}\\W]',
    '[^\\p{Ll}\\d]',
    '[\\W]',
    '[\\W_]+',
    '[^\\W_]',
    '[é\\W\\W-]',
    '[^é\\W-]+',
    '[\\\\W]',
    '\\W',
    '(?!\\p{Lu})[^]',
    '\\\\p\\p{L}|[^\\d]',
    '\\p{Lowercase}+',
  ].flatMap((source) =>
    (source.includes('-') ? ['iu', 'u'] : ['iu', 'u', 'iv', 'v']).flatMap((flags) => [
      `[..."aA1ſéÉ_sSkK-"].map((one) => +/${source}/${flags}.test(one)).join()`,
      `[..."aA1ſéÉ_sSkK-"].map((one) => +new RegExp(${JSON.stringify(source)}, "${flags}").test(one)).join()`,
    ]),
  ),
  ...['[a-\\\\W]', '[\\\\W-z]', '[a\\\\W-z]'].map(
    (source) =>
      `(() => { try { return new RegExp("${source}", "iu") } catch (error) { return error.name } })()`,
  ),
  '"aÄ bÖ".split(/\\p{Lu}/iu).length',
  '/[\\p{L}--[a-z]]/v.exec("abcÄ")[0]',
  '"aÄb1".match(/[[a-c]&&[b-z]]/gv).join()',
  '/[^\\d--5]/v.test("4")',
  '[..."aA😀"].filter((one) => /\\P{Lu}/iv.test(one)).length',
  '"x😀y".match(/[^]/gv).length',
  '"x😀y".match(/./gv).join()',
  '"x😀y".search(/[😀]/v)',
  '"ab1cd".split(/[\\d--2]/v).join()',
  '[..."a1b2".matchAll(/[\\d&&[1-5]]/gv)].map((one) => one.index).join()',
  '"a.b-c".replaceAll(/[.\\-]/gv, "_")',
  '"abcd".match(/[\\q{abc|d}]/v)[0]',
  '"abab".match(/([\\q{ab|a}])\\1/v)[0]',
  '"AbC".match(/[[a-z]--b]/giv).join()',
  '"price 5€".match(/(?<sum>[\\d&&[5-9]])[\\p{Sc}--\\$]/v).groups.sum',
  '"xay".match(/(?<=[[x-z]--y])[a&&\\w]/v).index',
  'new RegExp("[a--b]", "v").test("a")',
  'RegExp("[[a]b]", "v").test("a")',
  'new RegExp(/[[a]b]/v).test("a")',
  'new RegExp(/[ab]/u, "v").flags',
  'new RegExp(/[a]/v, "u").flags',
  '/b/.compile("[a&&b]", "v").test("a")',
  'new (class extends RegExp { constructor(text) { super(text, "gv") } })("[a--b]").test("a")',
  'eval("/[a&&b]/v").test("a")',
  'new Function("return /[a--[b]]/v.flags")()',
  '[/[a--b]/gv.flags, /[a--b]/v.source, String(/[a--b]/v), /a/v.unicode, /a/v.unicodeSets, /a/u.unicode, /a/u.unicodeSets].join()',
  'RegExp.prototype.unicode',
  'RegExp.prototype.flags',
  '(() => { try { return RegExp.prototype.__lookupGetter__("unicode").call({}) } catch (error) { return error.name } })()',
  'RegExp.prototype.__lookupGetter__("unicode").name',
  ...['(', '[(]', '[a', '[a--b&&c]', '\\\\p{None}', '[^\\\\q{ab}]', '*', '\\\\-'].map(
    (source) =>
      `(() => { try { return new RegExp("${source}", "v") } catch (error) { return error.name } })()`,
  ),
  '(() => { try { return new RegExp("a", "uv") } catch (error) { return error.name } })()',
  '(() => { try { return "a".match({ [Symbol.match]: (text) => new RegExp("[[a]&&a]", "v").test(text) }) } catch (error) { return error.name } })()',
];

/** Where nothing is found, the next place is a character on, and never within a pair. */
const emptyFinds = [
  ...['(?:)', 'x*', '\\b', '[a--b]*', '$', '^', '[^]??'],
  ...['(?:)|😀', '(?<=😀)', '(?=b)'],
];
const textMethods = [
  ...['match(R)', 'matchAll(R)', 'search(R)', 'split(R)', 'split(R, 2)'],
  ...['replace(R, "-")', 'replaceAll(R, "-")', 'replace(R, (one, at) => at)'],
];
const setFlags = ['v', 'gv', 'giv', 'gyv', 'dgv'];
const emptyExpressions = emptyFinds.flatMap((source) =>
  [...setFlags, ...(source.includes('--') ? [] : ['u', 'gu', 'giu', 'guy'])].flatMap((flags) =>
    textMethods.map((method) => {
      const found = `"a😀b😀\\ud83d".${method}`;
      const shown = method.startsWith('matchAll') ? `[...${found}].map((one) => one.index)` : found;
      return `(() => { const R = /${source}/${flags}; R.lastIndex = 3; try { return JSON.stringify([${shown}, R.lastIndex]); } catch (error) { return error.name; } })()`;
    }),
  ),
);
/** What code may change of a pattern, and how the methods for texts then see it. */
const ownPatterns = [
  '"a😀".replace(Object.assign(/(?:)/gv, { exec: () => null }), "-")',
  '(() => { class Own extends RegExp { static get [Symbol.species]() { return RegExp; } } return "a😀".split(new Own("", "v")).join() })()',
  '(() => { const made = []; class Own extends RegExp { constructor(...values) { super(...values); made.push(values[1]); } } return ["a😀".split(new Own("", "v")).join(), [..."a😀".matchAll(new Own("", "gv"))].length, made].join() })()',
  '(() => { const own = /(?:)/gv; Object.freeze(own); try { return "a😀".replace(own, "-") } catch (error) { return error.name } })()',
  '[Symbol.match, Symbol.matchAll, Symbol.replace, Symbol.split].map((key) => [RegExp.prototype[key].name, RegExp.prototype[key].length, Object.getOwnPropertyDescriptor(RegExp.prototype, key).enumerable]).join()',
  '(() => { try { return RegExp.prototype[Symbol.split].call(1, "a") } catch (error) { return error.name } })()',
  'RegExp.prototype[Symbol.replace].call({ flags: "", exec: () => null }, "ab", "-")',
];

describeJavascript('patterns with flag v in JavaScript', function (backend) {
  this.timeout(60_000);
  const repl = useRepl({ language: 'javascript', backend, context: 'a Ä\nb\nc ä\n' });

  for (const expression of expressions) {
    it(`find what V8 finds: ${expression}`, async () => {
      const expected = vm.runInNewContext(`String(${expression})`) as string;
      const { error, stdout } = await repl().run(`print(String(${expression}))`);
      assert.deepStrictEqual([error?.message, stdout], [undefined, `${expected}\n`]);
    });
  }

  it('go on by characters where they find nothing, in every method for texts', async () => {
    const expected = emptyExpressions.map((one) => vm.runInNewContext(one) as string);
    const found = await repl().run(`print(JSON.stringify([${emptyExpressions.join(',\n')}]))`, {
      maxOutputChars: 1_000_000,
    });
    assert.equal(found.error, null);
    const texts = JSON.parse(found.stdout) as readonly string[];
    assert.deepStrictEqual(
      emptyExpressions.map((one, at) => [one, texts[at]]),
      emptyExpressions.map((one, at) => [one, expected[at]]),
    );
  });

  for (const expression of ownPatterns) {
    it(`are what the code has made of them: ${expression}`, async () => {
      const expected = vm.runInNewContext(`String(${expression})`) as string;
      const { error, stdout } = await repl().run(`print(String(${expression}))`);
      assert.deepStrictEqual([error?.message, stdout], [undefined, `${expected}\n`]);
    });
  }

  itIn(['wasm'], backend)(
    'are refused with what to write where the engine cannot say them',
    async () => {
      for (const code of ['/\\p{RGI_Emoji}/v', 'new RegExp("\\\\p{RGI_Emoji}", "v")']) {
        const { error } = await repl().run(code);
        assert.equal(error?.type, 'SyntaxError');
        assert.match(error.message, /Emoji_Presentation/u);
      }
    },
  );

  it('find the same through the helpers, with what their groups caught', async () => {
    const code = `const found = grep(/([\\p{L}--[a-z]])$/v, { text: 'a Ä' });
      [count(/[\\p{L}--[a-z]]/v), found.length, found[0].groups, count(/[[a-b]&&\\w]/v, { text: 'abc' })]`;
    assert.equal(await repl().evaluate(code), "[ 2, 1, [ 'Ä' ], 2 ]");
  });
});
