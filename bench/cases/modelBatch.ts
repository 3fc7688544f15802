// Two hundred batched calls of 100 ms to a real server of models, from code in a session, beside the floor
// that the number of calls at one time sets, and beside a bare client at the same server.

import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runBatch } from '../../src/core/batch';
import { promptConcurrency } from '../../src/core/hostCalls';
import { type Language, languages } from '../../src/core/sandbox';
import { parseModelSettings } from '../../src/models/modelSettings';
import { createModels } from '../../src/runtime';
import type { Bench, BenchCase } from '../bench';
import { openRegistry, runSessionStep } from '../engine';
import { type Figure, toCount, toFigure } from '../figure';
import type { Contender } from '../measure';
import { never } from '../repls';
import { type SlowModelServer, startSlowModelServer } from '../slowModelServer';

const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const none = { missing: 'not run' };
const calls = 200;
const modelMs = 100;
/** The product's own work for a call, on a machine that does nothing else. */
const targetRatio = 1.5;

const code: Readonly<Record<Language, string>> = {
  python: `assert llm_query_batched(["x"] * ${calls}) == ["x"] * ${calls}`,
  javascript: `if (llm_query_batched(Array(${calls}).fill("x")).join("") !== "x".repeat(${calls})) throw new Error("lost");`,
};

export const modelBatch: BenchCase = {
  name: 'modelBatch',
  title: `${calls} batched calls of ${modelMs} ms to a model server`,
  async run(bench) {
    const server = await startSlowModelServer(bench, modelMs);
    const contenders = [...createFloors(server), ...(await createInSession(bench, server))];
    const options = { rounds: bench.pick(15, 3), budgetMs: bench.pick(12_000, 2_000) };
    const result = await bench.race(contenders, options);
    const floorMs = Math.ceil(calls / promptConcurrency) * modelMs;
    return [
      toCount(
        `floor: ${calls} calls, ${promptConcurrency} at a time, by arithmetic`,
        'ms',
        floorMs,
      ),
      toFigure('floor: timers alone', result.spread('timers') ?? none),
      toFigure('floor: a bare client at the same server', result.spread('bare') ?? none),
      ...languages.flatMap((language): Figure[] => [
        toFigure(`${names[language]}: session`, result.spread(language) ?? none),
        {
          name: `${names[language]}: session against timers alone`,
          unit: '×',
          found: result.ratio(language, 'timers') ?? none,
          target: { atMost: targetRatio },
        },
      ]),
    ];
  },
};

function createFloors(server: SlowModelServer): Contender[] {
  const prompts = Array.from({ length: calls }, () => 'x');
  const batch = (ask: () => Promise<unknown>) =>
    runBatch(prompts, promptConcurrency, async () => {
      await ask();
      return 'x';
    });
  return [
    { name: 'timers', run: () => batch(() => delay(modelMs)) },
    { name: 'bare', warmUps: 1, run: () => batch(() => server.request()) },
  ];
}

async function createInSession(bench: Bench, { url }: SlowModelServer): Promise<Contender[]> {
  const settings = parseModelSettings({ RLM_MODEL: 'openai/slow', OPENAI_BASE_URL: url });
  const models = createModels({ models: async () => settings });
  const registry = await openRegistry(bench, {
    home: await mkdtemp(path.join(bench.folder, 'home-')),
    answer: (request, signal) => models.answer(request, signal),
  });
  const limits = {
    maxLlmCalls: 100_000,
    maxLlmTokens: 1_000_000_000,
    maxRuntimeMs: 3_600_000,
    maxSteps: 10_000,
  };
  const contenders: Contender[] = [];
  for (const language of languages) {
    const context = { text: 'x', paths: [] };
    const session = await registry.openSession({ context, language, title: '', limits }, never);
    contenders.push({
      name: language,
      warmUps: 1,
      run: () => runSessionStep(session, code[language]),
    });
  }
  return contenders;
}
