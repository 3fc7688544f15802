// What other languages' patterns say and JavaScript's read as plain letters is refused, not looked for.

import assert from 'node:assert/strict';
import { describeJavascript } from '../../support/backends';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

describeJavascript('A pattern given as a string, in JavaScript', function (backend) {
  this.timeout(30_000);
  let bundles: Bundles;
  let host: JavascriptHost;

  before(async () => {
    bundles = await buildBundles();
    host = await JavascriptHost.start(bundles, 64, backend);
    await host.load('A text,\nZ and 5 \\ [x] {,3}\n');
  });
  after(async () => {
    await host.dispose();
    await removeBundles(bundles);
  });

  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('');
  const known = new Set('dDwWsSbBfnrtv'.split(''));
  const foreign = [
    ...letters.filter((letter) => !known.has(letter)).map((letter) => `\\${letter}`),
    ...['\\pL', '\\Qa.b\\E', 'x{,3}', '[[:digit:]]', '[^[:alpha:]_]', '\\x{41}', '\\x4', '\\u41'],
    ...['[\\Z]', '\\\\\\A', '\\c5', '\\k', '(?<a>x)\\k'],
    ...['(?i)a', '(?i:a)', '(?-i:a)', '(?im-s)a', '(?P<n>a)', '(?P<n>a)(?P=n)', '(?#a)A', '(?>a)'],
    ...['a++', 'a*+', 'a?+', 'a{2}+', 'a{1,}+', '(?|a|b)', '(?R)', "(?'n'a)", '(a)?(?(1)b|c)'],
  ];

  it('is refused by its own name for it, with what to write', async () => {
    const code = `${JSON.stringify(foreign)}.filter((pattern) => {
      try { grep(pattern) } catch (error) { return !/which means nothing in JavaScript: ./.test(error.message) }
    })`;
    assert.deepStrictEqual(await resultOf(code), '[]');
  });

  it('is refused as a RegExp too, where the language takes it for letters', async () => {
    const code = `const literals = ${JSON.stringify(foreign)}.flatMap((source) => {
        try { return [new RegExp(source), new RegExp(source, 'i')] } catch { return [] }
      });
      [literals.length > 80, ...literals.flatMap((pattern) => [() => grep(pattern), () => count(pattern), () => grep(pattern, "A")].map((look) => {
        try { look(); return pattern } catch (error) { return error.name }
      })).filter((one) => one !== 'SyntaxError')]`;
    assert.deepStrictEqual(await resultOf(code), '[ true ]');
  });

  it('is refused where it holds what only other languages know, in every helper', async () => {
    const code = `const given = ${JSON.stringify(foreign)}
      given.flatMap((pattern) => [() => grep(pattern), () => count(pattern), () => grep(pattern, "A")].map((look) => {
        try { look(); return pattern } catch (error) { return error.name }
      })).filter((one) => one !== 'SyntaxError')`;
    assert.deepStrictEqual(await resultOf(code), '[]');
  });

  const own = [
    ...[...known].map((letter) => `\\${letter}`),
    ...[
      '\\cA',
      '\\x41',
      '\\u0041',
      '\\u{1F600}',
      '\\p{L}',
      '\\P{L}',
      '(?<a>x)\\k<a>',
      '(x)\\1',
      '\\0',
    ],
    ...[
      '[\\b]',
      '\\-',
      '\\_',
      '\\<',
      '[:a]',
      '[a:]',
      '[:alpha:]',
      '\\[[:digit:]',
      '[\\]A]',
      'x{0,3}',
    ],
    ...[
      '(?:a)',
      '(?=a)',
      '(?!a)',
      '(?<=a)',
      '(?<!a)',
      '\\(?i',
      '[(?i)]',
      'a+',
      'a+?',
      '\\++',
      '[++]',
      'a{2}?',
    ],
    ...['x{', '\\{,3}', '[{,3}]', '\\\\A', '\\\\\\\\Z', '^(?<![^])', '$(?![^])'],
  ];

  it('is looked for where the language knows all of it', async () => {
    const code = `const given = ${JSON.stringify(own)}
      const literals = given.flatMap((source) => { try { return [new RegExp(source)] } catch { return [] } });
      [...given, ...literals].filter((pattern) => { try { grep(pattern); return false } catch { return true } })`;
    assert.deepStrictEqual(await resultOf(code), '[]');
  });

  it('finds what the refusal advises instead', async () => {
    assert.equal(
      await resultOf(
        "[count('^(?<![^])A'), count('^(?<![^])Z'), count('\\\\n$(?![^])'), count(',$(?![^])')]",
      ),
      '[ 1, 0, 1, 0 ]',
    );
  });

  async function resultOf(code: string): Promise<string | null> {
    const { result, error } = await host.run(code);
    assert.equal(error, null);
    return result;
  }
});
