// What depends on a language or a time zone: JavaScript in the sandbox gives what Node gives for en-US and UTC
// where nothing is said, and for what is said otherwise; what it has not fails and says what to use.

import assert from 'node:assert/strict';
import { runInThisContext } from 'node:vm';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

const locales = [
  ...['en-US', 'en-GB', 'de', 'de-CH', 'fr', 'es', 'pt-BR', 'sv', 'tr', 'ru', 'pl', 'cs', 'hi'],
  ...['ar-EG', 'fa', 'he', 'ja', 'zh-Hans', 'ko', 'th', 'de-u-co-phonebk', 'th-u-nu-thai'],
];
const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Europe/Berlin', 'Pacific/Auckland'];
const dates = [0, 1_593_604_800_000, -1e12, 1_711_846_800_000.5, 8.64e15];
const numbers = ['0', '-0', '1234567.891', '-12.5', '1e21', 'NaN', 'Infinity', '0.000001234'];
const bigints = ['12345678901234567890n', '-5n'];
const words = [
  ...[
    'a',
    'B',
    'b',
    'A',
    '',
    'ä',
    'a\\u0308',
    'z',
    'Zürich',
    'zurich',
    'é',
    'e',
    'ß',
    'ss',
    'item 10',
  ],
  ...[
    'item 9',
    'Item 9',
    'чай',
    'Ъ',
    '漢字',
    'かな',
    'カナ',
    '한글',
    '😀',
    '\\ud800',
    'x\\0y',
    'x',
    '-a',
  ],
];
const dateOptions = [
  '{}',
  "{ dateStyle: 'full', timeStyle: 'long' }",
  "{ dateStyle: 'medium' }",
  "{ timeStyle: 'short' }",
  "{ weekday: 'long', day: '2-digit', month: 'short', year: 'numeric' }",
  "{ hour: '2-digit', minute: '2-digit', hour12: false }",
  "{ hour: 'numeric', hourCycle: 'h23', timeZoneName: 'short' }",
  "{ minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }",
  "{ era: 'short' }",
  "{ dayPeriod: 'long' }",
  "{ calendar: 'buddhist', numberingSystem: 'arab' }",
  '{ unknown: 1, day: undefined }',
];
const numberOptions = [
  '{}',
  "{ style: 'currency', currency: 'EUR' }",
  "{ style: 'currency', currency: 'JPY', currencyDisplay: 'name', currencySign: 'accounting' }",
  "{ style: 'percent', maximumFractionDigits: 1 }",
  "{ style: 'unit', unit: 'kilometer-per-hour', unitDisplay: 'long' }",
  "{ notation: 'compact', compactDisplay: 'long' }",
  "{ notation: 'scientific', minimumFractionDigits: 2 }",
  '{ useGrouping: false, minimumIntegerDigits: 5 }',
  "{ maximumSignificantDigits: 3, signDisplay: 'always', roundingMode: 'floor' }",
];
const collations = [
  'undefined',
  '{ numeric: true }',
  "{ sensitivity: 'base' }",
  "{ sensitivity: 'accent', ignorePunctuation: true }",
  "{ caseFirst: 'upper' }",
];

/** Code over the tables above; the same is run here and in the sandbox, and gives lines of JSON. */
const tables = {
  dates: `
for (const locale of locales) for (const options of dateOptions) for (const timeZone of zones) for (const time of dates)
  for (const method of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])
    add(() => new Date(time)[method](locale, { timeZone, ...options }), locale, options, timeZone, time, method)`,
  'formatters of dates': `
for (const locale of locales) for (const options of dateOptions) {
  const format = new Intl.DateTimeFormat(locale, { timeZone: 'Asia/Kolkata', ...options });
  add(() => [format.format(dates[1]), format.formatToParts(new Date(dates[2])), format.formatRange(0, dates[1]), format.resolvedOptions()], locale, options);
}`,
  numbers: `
for (const locale of locales) for (const options of numberOptions) for (const value of [...numbers, ...bigints]) {
  const format = Intl.NumberFormat(locale, options);
  add(() => [value.toLocaleString(locale, options), format.format(value), format.formatToParts(value)], locale, options, String(value));
}
add(() => Intl.NumberFormat('de').format('12345678901234567890.123'))`,
  comparisons: `
for (const locale of locales) for (const options of collations) {
  const { compare } = new Intl.Collator(locale, options);
  for (const left of words) for (const right of words)
    add(() => [left.localeCompare(right, locale, options), compare(left, right)], locale, options, left, right);
  add(() => [...words].sort(compare), locale, options);
}`,
  'comparisons of long and composed texts': `
const long = 'ä'.repeat(5000);
const cut = ('x' + long).slice(1);
const joined = 'ä'.repeat(2500) + 'ä'.repeat(2500);
for (const left of [long, cut, joined, long + 'a', cut + 'B', 'x\\0' + long]) for (const right of [long, cut, joined, long + 'b'])
  add(() => [left.localeCompare(right), left.localeCompare(right, 'sv')], left.length, right.length);`,
  'comparisons of parts of texts': `
for (const filler of ['x', 'é', 'Ж']) {
  const whole = filler.repeat(300) + 'ab' + filler.repeat(300) + 'B';
  const parts = [];
  for (let at = 1; at < 4; at += 1) parts.push(whole.slice(at, -at), whole.slice(at).slice(at, 500), (whole + at).slice(100 * at));
  for (const left of parts) for (const right of parts) add(() => left.localeCompare(right), filler, left.length, right.length);
}`,
  case: `
for (const locale of [...locales, 'az', 'lt', 'el', ['tr', 'en']]) for (const text of [...words, 'Iiİı', 'ΑΣ Άί', 'i̇̀Ìj'])
  add(() => [text.toLocaleUpperCase(locale), text.toLocaleLowerCase(locale)], locale, text)`,
  lists: `
for (const locale of locales)
  add(() => [[1234.5, new Date(0), null, 10n ** 20n].toLocaleString(locale, { timeZone: 'UTC' }), new Float64Array([1.5, 1e6]).toLocaleString(locale)], locale)`,
  'other classes': `
for (const locale of locales) {
  add(() => ['one', 1, 2, 5, 1.5].map((n) => new Intl.PluralRules(locale, { type: 'ordinal' }).select(n)), locale);
  add(() => new Intl.ListFormat(locale, { type: 'disjunction' }).format(['a', 'b', 'c']), locale);
  add(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-1, 'day'), locale);
  add(() => new Intl.DisplayNames(locale, { type: 'region' }).of('JP'), locale);
}
add(() => [Intl.getCanonicalLocales(['EN-us', 'de']), Intl.DateTimeFormat.supportedLocalesOf(['xx', 'de'])])`,
  failures: `
add(() => (1).toLocaleString('en', { style: 'currency' }));
add(() => (1).toLocaleString('en', { minimumFractionDigits: 1000 }));
add(() => (1).toLocaleString('en', { maximumFractionDigits: NaN }));
add(() => (1).toLocaleString(null)); add(() => (1).toLocaleString([5])); add(() => (1).toLocaleString('en', null));
add(() => (1).toLocaleString('not a tag')); add(() => 'a'.localeCompare('b', 'en_US')); add(() => 'a'.toLocaleUpperCase('1'));
add(() => 'a'.localeCompare('b', 'de', { sensitivity: 'no' })); add(() => new Date(0).toLocaleString('de', { timeZone: 'Mars/One' }));
add(() => new Date(0).toLocaleDateString('de', { timeStyle: 'short' })); add(() => new Date(0).toLocaleTimeString('de', { dateStyle: 'short' }));
add(() => new Date(0).toLocaleString('de', { dateStyle: 'short', day: 'numeric' })); add(() => new Date(NaN).toLocaleString('de'));
add(() => Intl.DateTimeFormat().format(NaN)); add(() => Intl.PluralRules()); add(() => Intl.NumberFormat.prototype.formatToParts.call({}, 1));
add(() => Date.prototype.toLocaleString.call({})); add(() => Number.prototype.toLocaleString.call('1')); add(() => String.prototype.localeCompare.call(null, 'a'));
add(() => (1).toLocaleString('en', { style: Symbol() }));
add(() => new Intl.DisplayNames('en', { type: 'region' }).of('not one'));`,
  'what nothing is said of': `
for (const time of dates) add(() => [new Date(time).toLocaleString(), new Date(time).toLocaleDateString(), new Date(time).toLocaleTimeString(), Intl.DateTimeFormat().format(time)], time);
for (const value of [...numbers, ...bigints]) add(() => value.toLocaleString(), String(value));
for (const left of words) for (const right of words) add(() => left.localeCompare(right), left, right);
add(() => [Intl.DateTimeFormat().resolvedOptions(), Intl.NumberFormat().resolvedOptions(), Intl.Collator().resolvedOptions()]);
add(() => [new Date(2020, 6, 1, 12, 30).toISOString(), new Date(0).getHours(), new Date(0).getTimezoneOffset(), new Date('2020-07-01T10:00').getTime()]);`,
} satisfies Readonly<Record<string, string>>;

const prelude = `
const given = [];
const names = (error) => error instanceof RangeError ? 'RangeError' : error instanceof TypeError ? 'TypeError' : 'other';
const add = (run, ...labels) => {
  let value;
  try { value = run(); } catch (error) { value = names(error); }
  given.push(JSON.stringify([labels, value]));
};
const locales = ${JSON.stringify(locales)}, zones = ${JSON.stringify(zones)}, dates = ${JSON.stringify(dates)};
const numbers = [${numbers.join(', ')}], bigints = [${bigints.join(', ')}];
const words = [${words.map((word) => `'${word}'`).join(', ')}];
const dateOptions = [${dateOptions.join(', ')}], numberOptions = [${numberOptions.join(', ')}];
const collations = [${collations.join(', ')}];
`;

describe('locales and time zones in JavaScript', () => {
  let bundles: Bundles;
  let host: JavascriptHost;
  const machine = process.env['TZ'];

  before(async () => {
    bundles = await buildBundles();
    process.env['TZ'] = 'America/New_York'; // the worker must not show it
    host = await JavascriptHost.start(bundles, 256);
    process.env['TZ'] = 'UTC'; // what Node's own answers are for
  });
  after(async () => {
    if (machine === undefined) {
      delete process.env['TZ'];
    } else {
      process.env['TZ'] = machine;
    }
    await host.dispose();
    await removeBundles(bundles);
  });

  for (const [name, code] of Object.entries(tables)) {
    it(`are Node’s own answers for ${name}`, async () => {
      const expected = runInThisContext(`(() => {${prelude}${code}\nreturn given})()`) as string[]; // the code above
      const outcome = await host.run(
        `(() => {${prelude}${code}\nglobalThis.all = given.join('\\n')})()`,
      );
      assert.equal(outcome.error, null, outcome.error?.traceback);
      const lines: string[] = [];
      for (let offset = 0; ; offset += 1_000_000) {
        const page = await host.read('all', offset, 1_000_000);
        lines.push(page?.text ?? '');
        if (!page || offset + 1_000_000 >= page.totalChars) {
          break;
        }
      }
      const actual = lines.join('').split('\n');
      assert.deepEqual(
        actual.filter((line, at) => line !== expected[at]).slice(0, 5),
        expected.filter((line, at) => line !== actual[at]).slice(0, 5),
      );
      assert.ok(expected.length > 0 && actual.length === expected.length);
    });
  }

  const refused: readonly (readonly [code: string, type: string, says: RegExp])[] = [
    ["new Intl.Segmenter('de')", 'TypeError', /not offered here: words are found by/],
    ["new Intl.Locale('de')", 'TypeError', /not offered here: give locales as text/],
    ['new Intl.DurationFormat()', 'TypeError', /not offered here: use Intl\.NumberFormat/],
    ["(1).toLocaleString('xx')", 'RangeError', /no data for xx/],
    ["'a'.localeCompare('b', 'xx')", 'RangeError', /no data for xx/],
    ["(1).toLocaleString('en_US')", 'RangeError', /"en_US" is no language tag/],
    ["'x'.repeat(5e6).localeCompare('y')", 'RangeError', /give it in parts/],
    ["'x'.repeat(5e6).toLocaleUpperCase('tr')", 'RangeError', /give it in parts/],
    ["(10n ** 6000n).toLocaleString('de')", 'RangeError', /too long to be formatted/],
    ["(1).toLocaleString(Array(100).fill('de'))", 'RangeError', /at most 20 locales/],
  ];
  for (const [code, type, says] of refused) {
    it(`refuses ${code}, and says what to do`, async () => {
      const { error } = await host.run(code);
      assert.equal(error?.type, type);
      assert.match(error?.message ?? '', says);
    });
  }

  it('answers whatever the code has made of the prototypes', async () => {
    const { result, error } = await host.run(`
Object.prototype.error = { type: 'RangeError', message: 'polluted' };
Object.prototype.toJSON = Array.prototype.toJSON = () => 'polluted';
Object.prototype.locales = Object.prototype.timeZone = 'polluted';
delete Array.prototype[Symbol.iterator];
const texts = [(1234.5).toLocaleString('de', { __proto__: null }), 'a'.localeCompare('B', 'de', { __proto__: null })];
texts[0] + texts[1]`);
    assert.deepEqual([result, error], ["'1.234,5-1'", null]);
  });

  it('keeps no more of many formatters than of a few', async () => {
    const { result, error } = await host.run(`
let chars = 0;
for (let digits = 0; digits < 400; digits += 1)
  chars += (1.5).toLocaleString('en', { minimumIntegerDigits: 1 + digits % 20, maximumFractionDigits: digits % 20 }).length;
const order = new Intl.Collator('sv').compare;
order('z', 'ö')`);
    assert.deepEqual([result, error], ['-1', null]);
  });
});
