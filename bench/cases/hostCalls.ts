// Calls from inside a step to a sub-model: one, and 50 at once of 200 ms each, at the sandbox's port
// and through a session with its guardrails and its trace.

import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Language, languages } from '../../src/core/sandbox';
import { type Bench, type BenchCase } from '../bench';
import { openRegistry, runSessionStep } from '../engine';
import { type Figure, scale, toFigure } from '../figure';
import type { Contender } from '../measure';
import { Repl, never, openSandboxes, runStep } from '../repls';

const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const none = { missing: 'not run' };
const modelMs = 200;
const batch = 50;
const singles = 100;

const singleCode: Readonly<Record<Language, string>> = {
  python: `for i in range(${singles}):\n    llm_query("x")`,
  javascript: `for (let i = 0; i < ${singles}; i++) llm_query("x");`,
};
const batchCode: Readonly<Record<Language, string>> = {
  python: `print(len(llm_query_batched(["x"] * ${batch})))`,
  javascript: `print(llm_query_batched(Array(${batch}).fill("x")).length)`,
};

export const hostCalls: BenchCase = {
  name: 'hostCalls',
  title: 'Calls to a sub-model',
  async run(bench) {
    const contenders = [...(await createAtPort(bench)), ...(await createInSession(bench))];
    const options = { rounds: bench.pick(9, 2), budgetMs: bench.pick(6_000, 1_000) };
    const result = await bench.race(contenders, options);
    return languages.flatMap((language): Figure[] => {
      const single = result.spread(`single ${language}`);
      return [
        toFigure(
          `${names[language]}: one call answered at once, sandbox port`,
          single ? scale(single, 1 / singles) : none,
        ),
        toFigure(
          `${names[language]}: ${batch} batched calls of ${modelMs} ms, sandbox port`,
          result.spread(`batch ${language}`) ?? none,
        ),
        toFigure(
          `${names[language]}: ${batch} batched calls of ${modelMs} ms, session`,
          result.spread(`session ${language}`) ?? none,
          { target: { atMost: 260 } },
        ),
      ];
    });
  },
};

async function createAtPort(bench: Bench): Promise<Contender[]> {
  const sandboxes = openSandboxes(bench);
  const contenders: Contender[] = [];
  for (const language of languages) {
    const repl = await Repl.open(sandboxes, { language });
    contenders.push(
      {
        name: `single ${language}`,
        warmUps: 1,
        run: () => runStep(repl, singleCode[language], { onHostCall: async () => 'x' }),
      },
      {
        name: `batch ${language}`,
        run: () =>
          runStep(repl, batchCode[language], {
            onHostCall: async () => ({
              answers: await Promise.all(Array.from({ length: batch }, () => delay(modelMs, 'x'))),
              failures: [],
            }),
          }),
      },
    );
  }
  return contenders;
}

async function createInSession(bench: Bench): Promise<Contender[]> {
  const registry = openRegistry(bench, {
    home: await mkdtemp(path.join(bench.folder, 'home-')),
    answer: async () => {
      await delay(modelMs);
      const given = { text: 'x', model: 'bench/slow', promptTokens: 1, answerTokens: 1 };
      return { ...given, tokensEstimated: false, costUsd: null };
    },
  });
  const contenders: Contender[] = [];
  for (const language of languages) {
    const session = await (
      await registry
    ).openSession(
      { context: { text: 'x', paths: [] }, language, title: '', limits: { maxLlmCalls: 100_000 } },
      never,
    );
    contenders.push({
      name: `session ${language}`,
      run: () => runSessionStep(session, batchCode[language]),
    });
  }
  return contenders;
}
