// Steps over values of 100,000 items: one item is changed, or the value is only named. Against a step that does
// neither, in the same session.

import { type Language, languages } from '../../src/core/sandbox';
import type { Bench, BenchCase } from '../bench';
import { type Figure, toFigure } from '../figure';
import { Repl, openSandboxes, runStep } from '../repls';

const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const items = 100_000;
const none = { missing: 'not run' };

interface Value {
  readonly name: string;
  readonly make: string;
  /** With a number for `#`. */
  readonly change: string;
}

const values: Readonly<Record<Language, readonly Value[]>> = {
  python: [
    { name: 'list', make: `list(range(${items}))`, change: 'v[55_555] = #' },
    {
      name: 'dict',
      make: `{f"k{n}": n for n in range(${items})}`,
      change: 'v["k55555"] = #',
    },
    {
      name: 'array',
      make: `__import__("array").array("d", range(${items}))`,
      change: 'v[55_555] = #',
    },
    {
      name: 'list of records',
      make: `[{"id": n, "text": f"line {n}"} for n in range(${items})]`,
      change: 'v[55_555]["id"] = #',
    },
  ],
  javascript: [
    {
      name: 'array',
      make: `Array.from({ length: ${items} }, (_, n) => n)`,
      change: 'v[55_555] = #',
    },
    {
      name: 'Map',
      make: `new Map(Array.from({ length: ${items} }, (_, n) => ["k" + n, n]))`,
      change: 'v.set("k55555", #)',
    },
    { name: 'typed array', make: `new Float64Array(${items})`, change: 'v[55_555] = #' },
    {
      name: 'array of records',
      make: `Array.from({ length: ${items} }, (_, id) => ({ id, text: "line " + id }))`,
      change: 'v[55_555].id = #',
    },
  ],
};
const nothing: Readonly<Record<Language, string>> = { python: 'None', javascript: 'null' };

export const largeValues: BenchCase = {
  name: 'largeValues',
  title: `Steps over values of ${items.toLocaleString('en')} items`,
  async run(bench) {
    const figures: Figure[] = [];
    for (const language of languages) {
      for (const value of values[language]) {
        bench.report(`${names[language]}, ${value.name}`);
        figures.push(...(await measureValue(bench, language, value)));
        await bench.letGo();
      }
    }
    return figures;
  },
};

async function measureValue(bench: Bench, language: Language, value: Value): Promise<Figure[]> {
  const repl = await Repl.open(openSandboxes(bench), { language });
  const end = nothing[language];
  await runStep(repl, `v = ${value.make}\nw = 0\n${end}`);
  let number = items;
  const changing = (code: string) => (): Promise<unknown> => {
    number += 1;
    return runChange(repl, `${code.replace('#', String(number))}\n${end}`, 1);
  };
  const frequent = { burst: 10, warmUps: 100 };
  const result = await bench.race(
    [
      { name: 'changed', run: changing(value.change), ...frequent },
      { name: 'named', run: () => runChange(repl, `v\n${end}`, 0), ...frequent },
      { name: 'apart', run: changing('w = #'), ...frequent },
    ],
    { rounds: bench.pick(20, 6), budgetMs: bench.pick(3_000, 500) },
  );
  const label = `${names[language]}, ${value.name}`;
  return [
    toFigure(`${label}: one item changed`, result.spread('changed') ?? none),
    toFigure(`${label}: only named`, result.spread('named') ?? none),
    toFigure(`${label}: another variable changed`, result.spread('apart') ?? none),
  ];
}

/** A step that must tell of so many changed variables: a time without the work counts for nothing. */
async function runChange(repl: Repl, code: string, changes: number): Promise<void> {
  const outcome = await repl.run(code);
  if (outcome.error || outcome.changes.length !== changes) {
    throw new Error(
      outcome.error?.traceback ?? `${outcome.changes.length} changes told of: ${code}`,
    );
  }
}
