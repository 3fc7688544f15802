// The agents of an engine on this machine: Codex where it is installed, workspaces below the home, the user's profiles.

import { availableParallelism } from 'node:os';
import { homedir } from 'node:os';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ContainerBoxes } from '../agents/boxes/containerBoxes';
import { CodexInstaller, type CodexInstall } from '../agents/codex/codexInstall';
import { CodexDriver } from '../agents/codex/codexDriver';
import { type CodexPlaces, findCodex } from '../agents/codex/findCodex';
import type { CodexProvider } from '../agents/codex/provider';
import { type RelayWay, ModelRelay } from '../agents/relay/modelRelay';
import { type Upstream, parseUpstream, toOpenAi } from '../agents/relay/upstream';
import { SecretMasker } from '../agents/masking/secretMasker';
import { LocalWorkspaces } from '../agents/workspaces/localWorkspaces';
import type { ReadBackendSettings } from '../core/backendSettings';
import type { Narrator } from '../core/agent/narrator';
import { AgentRuns } from '../core/agent/agentRuns';
import { AgentSlots } from '../core/agent/agentSlots';
import type { AgentAccessSource } from '../core/agent/masking';
import type { Engine } from '../core/engine';
import { RlmError, toRlmError } from '../core/errors';
import type { SessionChange } from '../core/liveSessions';
import type { RequestScope } from '../core/requestScope';
import type { TraceStore } from '../core/traceStore';
import { containerLabel } from '../sandbox/native/container/hardening';
import { findRuntime } from '../sandbox/native/container/runtimeCli';
import { uniqueOwnerOfThisProcess } from '../sandbox/native/owner';
import { ProfileFolders } from '../profiles/profileFolders';
import { isEngineAlive } from '../store/engineFile';
import type { Home } from '../store/home';
import { systemClock } from '../systemClock';
import { AgentServers } from './agentServers';

/** What a host may say of agents; all of it is the environment's when left out. */
export interface AgentOptions {
  readonly places?: () => CodexPlaces;
  readonly provider?: () => CodexProvider;
  /** Trusted workspaces, whose profiles narrow the user's. */
  readonly readWorkspaces?: () => readonly string[];
  /** Values that must be seen nowhere. */
  readonly readSecrets?: () => readonly string[];
  /** How many run at one time. */
  readonly maxRunning?: number;
  /** The server that answers agents' models, through our relay; null: Codex reaches one by itself. */
  readonly readUpstream?: () => Promise<Upstream | null>;
}

export interface LocalAgentParts {
  readonly home: Home;
  readonly roots: readonly string[];
  readonly baseFolder: string;
  readonly engineId: string;
  readonly version: string;
  readonly traces: TraceStore;
  readonly requests: RequestScope;
  readonly options: AgentOptions;
  readonly readBackends: ReadBackendSettings;
  readonly narrator: Narrator;
  readonly onAppend: (change: SessionChange) => void;
  readonly readEngine: () => Engine;
}

/** Whether an agent's program is installed, without starting it. */
export async function hasAgents(options: AgentOptions): Promise<boolean> {
  return (await findCodex((options.places ?? readPlaces)())) !== null;
}

/** The runs, and what they end with. */
export interface LocalAgents {
  readonly runs: AgentRuns;
  close(): Promise<void>;
}

export function createLocalAgents(parts: LocalAgentParts): LocalAgents {
  const { home, options, engineId, version, traces, requests, onAppend } = parts;
  const readSecrets = options.readSecrets ?? readEnvironmentSecrets;
  const readUpstream =
    options.readUpstream ??
    (options.provider ? async () => null : () => readOwnUpstream(home.path));
  const masker = new SecretMasker(readSecrets());
  const relay = new ModelRelay();
  const servers: AgentServers = new AgentServers({
    readEngine: parts.readEngine,
    readRuns: () => runs,
  });
  const runs = new AgentRuns({
    traces,
    requests,
    engineId,
    version,
    onAppend,
    masker,
    clock: systemClock,
    narrator: parts.narrator,
    slots: new AgentSlots(options.maxRunning ?? readMaxRunning()),
    profiles: new ProfileFolders({
      home: home.profiles,
      readWorkspaces: options.readWorkspaces ?? (() => []),
    }),
    driver: new CodexDriver({
      clock: systemClock,
      home: home.path,
      places: options.places ?? readPlaces,
      provider: options.provider ?? readProvider,
      boxes: createBoxes(parts.readBackends),
    }),
    workspaces: new LocalWorkspaces({
      home: path.join(home.path, 'agents'),
      get roots() {
        return parts.roots; // a host may allow more later
      },
      baseFolder: parts.baseFolder,
      engineId,
      isEngineAlive: (id) => isEngineAlive(home, id),
      clock: systemClock,
    }),
    access: createAccess({ relay, readSecrets, readUpstream }),
    openServer: (opened) => servers.open(opened),
  });
  return {
    runs,
    close: async () => {
      await runs.close();
      await servers.dispose();
      await relay.dispose();
    },
  };
}

/** Of the container program that sessions use, in their image; found once it is asked for. */
function createBoxes(readBackends: ReadBackendSettings): ContainerBoxes {
  return new ContainerBoxes({
    readImage: async () => (await readBackends()).image,
    findRuntime: async () => findRuntime((await readBackends()).runtime),
    label: `${containerLabel}=${uniqueOwnerOfThisProcess}`,
  });
}

/**
 * Through the relay, which has the key and admits each call, where the user has set up a server or a key; else Codex
 * reaches its model by the user's own login, and calls are counted after they were made.
 */
function createAccess({
  relay,
  readSecrets,
  readUpstream,
}: {
  readonly relay: ModelRelay | null;
  readonly readSecrets: () => readonly string[];
  readonly readUpstream: () => Promise<Upstream | null>;
}): AgentAccessSource {
  return {
    open: async ({ mask, secrets, meter }) => {
      const upstream = await readUpstream();
      const known = [...readSecrets(), ...secrets, ...(upstream?.secrets ?? [])];
      if (!upstream || !relay) {
        const masker = new SecretMasker(known, mask);
        return { configuration: {}, masker, isMetered: false, dispose: () => undefined };
      }
      const way = await relay.open(async () => (await readUpstream()) ?? upstream, meter);
      return {
        configuration: toRelaySettings(way),
        masker: new SecretMasker([...known, way.token], mask),
        isMetered: true,
        dispose: () => way.dispose(),
      };
    },
    readStatus: async () => {
      const found = await readUpstream().catch((thrown: unknown) => toRlmError(thrown));
      if (found instanceof RlmError) {
        return { works: false, detail: found.message, nextStep: found.nextStep };
      }
      const { login, environment } = readProvider();
      const works = found !== null || login !== null || Object.keys(environment).length > 0;
      const own = works ? 'the user’s own Codex login or key' : 'no login and no key';
      return {
        works,
        detail: found ? `${found.name}, through the relay` : own,
        nextStep: works ? null : 'Log in with codex login, or set OPENAI_API_KEY.',
      };
    },
  };
}

function toRelaySettings({ url, token }: RelayWay): Readonly<Record<string, unknown>> {
  return {
    model_provider: 'rlm-relay',
    model_providers: {
      'rlm-relay': {
        ...{ name: 'RLM Companion', base_url: url, wire_api: 'responses' },
        http_headers: { Authorization: `Bearer ${token}` },
      },
    },
  };
}

/** By the template of the home, else by the key of the environment where the user has no login of Codex. */
async function readOwnUpstream(home: string): Promise<Upstream | null> {
  const text = await readFile(path.join(home, 'agent-model.toml'), 'utf8').catch(() => null);
  if (text !== null) {
    return parseUpstream(text, async (name) => process.env[name] ?? null);
  }
  const key = process.env['OPENAI_API_KEY'] ?? '';
  if (key === '' || readProvider().login !== null) {
    return null;
  }
  // A key is for the server that stands beside it, and for no other.
  const server = (process.env['OPENAI_BASE_URL'] ?? '').trim();
  return server === '' ? toOpenAi(key) : parseUpstream(toTemplate(server), async () => key);
}

function toTemplate(server: string): string {
  return [
    ...['name = "OPENAI_BASE_URL"', `base_url = ${JSON.stringify(server)}`],
    ...['[headers]', 'Authorization = "Bearer ${OPENAI_API_KEY}"'],
  ].join('\n');
}

/** Whether the Codex CLI is here and has what reaches its model. Nothing is asked of any server. */
export async function readCodexHealth(home: string): Promise<{
  readonly install: CodexInstall;
  readonly login: Awaited<ReturnType<AgentAccessSource['readStatus']>>;
}> {
  const [install, login] = await Promise.all([
    new CodexInstaller(readPlaces).read(),
    createAccess({
      relay: null,
      readSecrets: () => [],
      readUpstream: () => readOwnUpstream(home),
    }).readStatus(),
  ]);
  return { install, login };
}

function readPlaces(): CodexPlaces {
  return {
    setting: null,
    environment: process.env,
    untrusted: [],
    platform: process.platform,
    arch: process.arch,
    nodePath: process.execPath,
  };
}

/** RLM_MAX_AGENTS, else two a core. @throws RlmError 'INVALID_INPUT' */
function readMaxRunning(): number {
  const given = (process.env['RLM_MAX_AGENTS'] ?? '').trim();
  if (given === '') {
    return 2 * availableParallelism();
  }
  if (!/^[1-9]\d{0,2}$/u.test(given)) {
    throw new RlmError('INVALID_INPUT', `RLM_MAX_AGENTS is ${JSON.stringify(given)}.`, {
      nextStep: 'Set it to a whole number from 1 to 999, or leave it out.',
    });
  }
  return Number(given);
}

function readProvider(): CodexProvider {
  const folder = process.env['CODEX_HOME'] ?? path.join(homedir(), '.codex');
  const login = path.join(folder, 'auth.json');
  return {
    settings: {},
    environment: {}, // a key goes through the relay
    login: existsSync(login) ? login : null,
  };
}

const secretNames = /(?:KEY|TOKEN|SECRET|PASSWORD)/u;

/** Values of the environment that must be seen nowhere. */
export function readEnvironmentSecrets(): readonly string[] {
  return Object.entries(process.env)
    .filter(([name, value]) => secretNames.test(name) && (value ?? '').length >= 12)
    .map(([, value]) => value ?? '');
}
