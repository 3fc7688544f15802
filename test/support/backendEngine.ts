// An engine whose user has set backends so, and a client of it.

import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type GivenBackendSettings, parseBackendSettings } from '../../src/core/backendSettings';
import type { Engine } from '../../src/core/engine';
import { createEngine } from '../../src/runtime';
import { connectClient } from './mcpClient';
import { sandboxFolder } from './repl';

export type Environment = Readonly<Record<string, string>>;

export async function startWithBackends(
  home: string,
  given: GivenBackendSettings,
  environment: Environment = {},
): Promise<[Client, Engine]> {
  const engine = await createEngine({
    home,
    roots: [home],
    baseFolder: home,
    log: () => undefined,
    sandboxFolder,
    backends: async () => parseBackendSettings(environment, given),
  });
  return [await connectClient(engine), engine];
}
