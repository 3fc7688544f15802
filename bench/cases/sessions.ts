// A new session with 1 KB of context: from the warm pool, and as the first of a process.

import { type Language, languages } from '../../src/core/sandbox';
import type { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { type Bench, type BenchCase, kilobyte } from '../bench';
import { type Figure, scale, toFigure } from '../figure';
import { McpServer } from '../mcpServer';
import type { Contender } from '../measure';
import { Repl, createLengthStep, openSandboxes, runStep, untilWarm } from '../repls';
import { createText } from '../texts';

const names: Readonly<Record<Language, string>> = { python: 'Python', javascript: 'JavaScript' };
const context = createText(kilobyte).toString('latin1');
const earlySteps = 20;
const none = { missing: 'not run' };

export const sessions: BenchCase = {
  name: 'sessions',
  title: 'A new session with 1 KB of context',
  run: async (bench) => [
    ...(await measureWarm(bench)),
    ...(await measureFirst(bench)),
    ...(await measureEarlySteps(bench)),
  ],
};

async function measureWarm(bench: Bench): Promise<Figure[]> {
  const sandboxes = openSandboxes(bench);
  const server = await McpServer.startStdio(bench);
  for (const language of languages) {
    // From here on one worker of each language waits.
    (await Repl.open(sandboxes, { language })).sandbox.dispose();
    await server.open(language, { context_text: context });
  }
  const result = await bench.race(
    languages.flatMap((language): Contender[] => [
      createPortOpening(sandboxes, language),
      {
        name: `mcp ${language}`,
        prepare: () => server.untilWarm(),
        run: () => server.open(language, { context_text: context }),
      },
    ]),
    { rounds: bench.pick(12, 3), budgetMs: 20_000 },
  );
  const target = { atMost: 30 };
  return languages.flatMap((language) => [
    toFigure(
      `${names[language]}, from the warm pool: sandbox port`,
      result.spread(`port ${language}`) ?? none,
      { target },
    ),
    toFigure(
      `${names[language]}, from the warm pool: MCP over stdio`,
      result.spread(`mcp ${language}`) ?? none,
      { target },
    ),
  ]);
}

function createPortOpening(sandboxes: SandboxProcess, language: Language): Contender {
  let repl: Repl | undefined;
  return {
    name: `port ${language}`,
    prepare: () => untilWarm(sandboxes),
    run: async () => {
      repl = await Repl.open(sandboxes, { language, context });
    },
    cleanUp: async () => repl?.sandbox.dispose(),
  };
}

/** The sandbox process is started, the engine compiled, the first worker booted. */
async function measureFirst(bench: Bench): Promise<Figure[]> {
  const result = await bench.race(
    languages.map((language) => {
      let sandboxes: SandboxProcess | undefined;
      return {
        name: language,
        run: async () => {
          sandboxes = openSandboxes(bench);
          await Repl.open(sandboxes, { language, context });
        },
        cleanUp: async () => sandboxes?.dispose(),
      };
    }),
    { rounds: bench.pick(7, 3), budgetMs: 20_000 },
  );
  return languages.map((language) =>
    toFigure(`${names[language]}, first in a process`, result.spread(language) ?? none, {
      target: { atMost: 1_500 },
    }),
  );
}

/** Before the engines have compiled, as they go, what is called often. */
async function measureEarlySteps(bench: Bench): Promise<Figure[]> {
  const result = await bench.race(
    languages.map((language) => {
      let sandboxes: SandboxProcess | undefined;
      let step: (() => Promise<void>) | undefined;
      return {
        name: language,
        prepare: async () => {
          sandboxes = openSandboxes(bench);
          const repl = await Repl.open(sandboxes, { language, context });
          await untilWarm(sandboxes);
          step = createLengthStep(language, context.length, (code) => runStep(repl, code));
        },
        run: async () => {
          for (let done = 0; done < earlySteps; done += 1) {
            await step?.();
          }
        },
        cleanUp: async () => sandboxes?.dispose(),
      };
    }),
    { rounds: bench.pick(7, 3), budgetMs: 20_000 },
  );
  return languages.map((language) => {
    const found = result.spread(language);
    const each = found ? scale(found, 1 / earlySteps) : none;
    return toFigure(`${names[language]}, each of the first ${earlySteps} steps in a process`, each);
  });
}
