// Search over the sessions of a home: its traces, and the index below the home that is made of them.

import path from 'node:path';
import { SecretMasker } from '../agents/masking/secretMasker';
import { toRlmError } from '../core/errors';
import type { Embedder } from '../core/search/embedder';
import { RunSearch } from '../core/search/runSearch';
import type { TraceStore } from '../core/traceStore';
import { EmbeddingClient, parseEmbeddingSettings } from '../models/embeddingClient';
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
  const { embedder, key } = createEmbedder();
  const secrets = [...readSecrets(), ...(key === null ? [] : [key])];
  return new RunSearch({
    traces,
    index: new IndexThread({
      workerFile: path.resolve(sandboxFolder, '..', 'searchIndex.js'),
      file: path.join(home.path, 'index', 'sessions.sqlite'),
    }),
    masker: new SecretMasker(secrets),
    clock: systemClock,
    embedder,
  });
}

/** A wrong setting is told by each search, which goes on by words alone. */
function createEmbedder(): { readonly embedder: Embedder | null; readonly key: string | null } {
  try {
    const settings = parseEmbeddingSettings(process.env);
    return {
      embedder: settings && new EmbeddingClient(settings),
      key: settings?.apiKey ?? null,
    };
  } catch (thrown) {
    return {
      embedder: { model: 'none', embed: () => Promise.reject(toRlmError(thrown)) },
      key: null,
    };
  }
}
