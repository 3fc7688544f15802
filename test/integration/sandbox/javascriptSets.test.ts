// Patterns with flag v find in a JavaScript step what they find in V8, however the code comes by them.

import assert from 'node:assert/strict';
import vm from 'node:vm';
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

describe('patterns with flag v in JavaScript', function () {
  this.timeout(60_000);
  const repl = useRepl({ language: 'javascript', context: 'a Ä\nb\nc ä\n' });

  for (const expression of expressions) {
    it(`find what V8 finds: ${expression}`, async () => {
      const expected = vm.runInNewContext(`String(${expression})`) as string;
      const { error, stdout } = await repl().run(`print(String(${expression}))`);
      assert.deepStrictEqual([error?.message, stdout], [undefined, `${expected}\n`]);
    });
  }

  it('are refused with what to write where the engine cannot say them', async () => {
    for (const code of ['/\\p{RGI_Emoji}/v', 'new RegExp("\\\\p{RGI_Emoji}", "v")']) {
      const { error } = await repl().run(code);
      assert.equal(error?.type, 'SyntaxError');
      assert.match(error.message, /Emoji_Presentation/u);
    }
  });

  it('find the same through the helpers, with what their groups caught', async () => {
    const code = `const found = grep(/([\\p{L}--[a-z]])$/v, { text: 'a Ä' });
      [count(/[\\p{L}--[a-z]]/v), found.length, found[0].groups, count(/[[a-b]&&\\w]/v, { text: 'abc' })]`;
    assert.equal(await repl().evaluate(code), "[ 2, 1, [ 'Ä' ], 2 ]");
  });
});
