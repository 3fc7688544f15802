// The `grep` helper over 100 MB against V8's own regular expressions over the same text, and regular
// expressions in the guest languages themselves.

import { readFile } from 'node:fs/promises';
import { type Language, languages } from '../../src/core/sandbox';
import { type Bench, type BenchCase, megabyte, noPython } from '../bench';
import { type Figure, toFigure } from '../figure';
import { NativePython } from '../python';
import { type Repl, openFromFile, openSandboxes, runStep } from '../repls';

interface Pattern {
  readonly name: string;
  readonly source: string;
  readonly ignoreCase?: boolean;
}

const bytes = 100 * megabyte;
const guestBytes = 10 * megabyte;
/** What the helpers take at most; both sides stop there. */
const maxMatches = 100_000;
const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const none = { missing: 'not run' };

/** Few: one a megabyte. Many: tens of thousands, the last more than the helpers take. */
const patterns: readonly Pattern[] = [
  { name: 'literal, few matches', source: 'needle' },
  { name: 'digits, few matches', source: '\\d{10}' },
  { name: 'any case, few matches', source: 'NEEDLE', ignoreCase: true },
  { name: 'alternation, few matches', source: 'needle|thimble|haystack' },
  { name: 'literal, many matches', source: 'status=503' },
  { name: 'digits, many matches', source: 'took \\d{4,} ms' },
];
const guestPattern: Pattern = { name: 'literal and digits', source: 'needle \\d+' };

export const grep: BenchCase = {
  name: 'grep',
  title: 'Searching 100 MB',
  run: async (bench) => [...(await measureHelpers(bench)), ...(await measureGuests(bench))],
};

async function measureHelpers(bench: Bench): Promise<Figure[]> {
  const file = await bench.file(bytes);
  // As the search worker decodes it: one byte a character.
  const text = (await readFile(file)).toString('latin1');
  const sandboxes = openSandboxes(bench);
  const figures: Figure[] = [];
  const repls = new Map<Language, Repl>();
  for (const language of languages) {
    const repl = await openFromFile(sandboxes, language, file);
    repls.set(language, repl);
    const started = performance.now();
    await runStep(repl, 'found = grep("needle")');
    const firstMs = performance.now() - started;
    const found = { median: firstMs, low: firstMs, high: firstMs, count: 1 };
    figures.push(toFigure(`first grep in ${names[language]}, text decoded for V8`, found));
  }
  for (const pattern of patterns) {
    bench.report(pattern.name);
    figures.push(...(await measurePattern(bench, pattern, text, repls)));
  }
  return figures;
}

async function measurePattern(
  bench: Bench,
  pattern: Pattern,
  text: string,
  repls: ReadonlyMap<Language, Repl>,
): Promise<Figure[]> {
  const expected = countMatches(text, pattern);
  const result = await bench.race(
    [
      { name: 'V8', run: async () => countMatches(text, pattern), warmUps: 1 },
      ...[...repls].map(([language, repl]) => ({
        name: language,
        warmUps: 1,
        run: async () => {
          const printed = await runStep(repl, toGrepCode(language, pattern));
          if (printed.trim() !== String(expected)) {
            throw new Error(`${pattern.name}: ${printed.trim()} found, ${expected} expected.`);
          }
        },
      })),
    ],
    { rounds: bench.pick(7, 2), budgetMs: bench.pick(2_500, 1_000) },
  );
  const label = `${pattern.name} (${expected.toLocaleString('en')})`;
  return [
    toFigure(`${label}: V8 itself`, result.spread('V8') ?? none),
    ...[...repls.keys()].flatMap((language): Figure[] => [
      toFigure(`${label}: grep in ${names[language]}`, result.spread(language) ?? none),
      {
        name: `${label}: grep in ${names[language]} against V8 itself`,
        unit: '×',
        found: result.ratio(language, 'V8') ?? none,
        target: { atMost: 3 },
      },
    ]),
  ];
}

function countMatches(text: string, { source, ignoreCase }: Pattern): number {
  const pattern = new RegExp(source, ignoreCase === true ? 'gi' : 'g');
  let count = 0;
  while (count < maxMatches && pattern.exec(text) !== null) {
    count += 1;
  }
  return count;
}

function toGrepCode(language: Language, { source, ignoreCase }: Pattern): string {
  const quoted = JSON.stringify(source);
  return language === 'python'
    ? `print(len(grep(${quoted}, ignore_case=${ignoreCase === true ? 'True' : 'False'}, max_matches=${maxMatches})))`
    : `print(grep(${quoted}, { ignoreCase: ${ignoreCase === true}, maxMatches: ${maxMatches} }).length)`;
}

/** Without the helper: what the interpreters' own engines take for a tenth of the text. */
async function measureGuests(bench: Bench): Promise<Figure[]> {
  const file = await bench.file(guestBytes);
  const text = (await readFile(file)).toString('latin1');
  const sandboxes = openSandboxes(bench);
  const python = await openFromFile(sandboxes, 'python', file);
  const javascript = await openFromFile(sandboxes, 'javascript', file);
  const pythonCode = `import re\nprint(len(re.findall(${JSON.stringify(guestPattern.source)}, context)))`;
  const javascriptCode = `print(context.match(/${guestPattern.source}/g).length)`;
  const native = bench.python ? bench.store.add(new NativePython(bench.python)) : undefined;
  await native?.load(file);
  const result = await bench.race(
    [
      { name: 'V8', run: async () => countMatches(text, guestPattern), warmUps: 1 },
      { name: 'python', run: () => runStep(python, pythonCode), warmUps: 1 },
      { name: 'javascript', run: () => runStep(javascript, javascriptCode) },
      ...(native ? [{ name: 'native', run: () => native.run(pythonCode), warmUps: 1 }] : []),
    ],
    { rounds: bench.pick(9, 3), budgetMs: bench.pick(4_000, 1_500) },
  );
  const find = (name: string) => result.spread(name) ?? none;
  return [
    toFigure('10 MB in the guest: Python’s re', find('python')),
    toFigure('10 MB in the guest: JavaScript’s RegExp', find('javascript')),
    toFigure('10 MB: V8 itself', find('V8')),
    toFigure('10 MB: native Python’s re', bench.python ? find('native') : noPython),
  ];
}
