// Search over the sessions of a home: its traces, and the index below the home that is made of them.

import path from 'node:path';
import { SecretMasker } from '../agents/masking/secretMasker';
import { RunSearch } from '../core/search/runSearch';
import type { TraceStore } from '../core/traceStore';
import { IndexThread } from '../search/indexThread';
import type { Home } from '../store/home';
import { systemClock } from '../systemClock';
import { readEnvironmentSecrets } from './localAgents';

interface LocalSearchParts {
  readonly home: Home;
  readonly traces: TraceStore;
  /** The build's `dist/sandbox`, beside which the index's thread lies. */
  readonly sandboxFolder: string;
  /** Left out: those of the environment. */
  readonly readSecrets?: (() => readonly string[]) | undefined;
}

export function createRunSearch(parts: LocalSearchParts): RunSearch {
  const { home, traces, sandboxFolder, readSecrets = readEnvironmentSecrets } = parts;
  return new RunSearch({
    traces,
    index: new IndexThread({
      workerFile: path.resolve(sandboxFolder, '..', 'searchIndex.js'),
      file: path.join(home.path, 'index', 'sessions.sqlite'),
    }),
    masker: new SecretMasker(readSecrets()),
    clock: systemClock,
  });
}
