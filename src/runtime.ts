// Composition root: builds an engine and its surfaces. With `runtime/` the only server files that name implementations.

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { AgentWorktrees } from './agents/workspaces/agentWorktrees';
import { createTimeOrderedId } from './base/ids';
import { ownerFolder } from './base/ownerOnly';
import type { RunSearch } from './core/search/runSearch';
import { type RlmError, toRlmError } from './core/errors';
import type { TraceStore } from './core/traceStore';
import type { ExportedTrace } from './export/exportedTrace';
import { type ExportFormat, exportTrace as exportWithViewer } from './export/exportTrace';
import { connectEngine } from './join/engineLink';
import { listJoinableEngines } from './join/joinableEngines';
import { Pipe } from './join/pipe';
import { type HttpOptions, serveHttp as serveMcpHttp } from './mcp/http';
import { createMcpServer } from './mcp/server';
import { serveStdio as serveMcpStdio, StdioConnection } from './mcp/stdio';
import { readOnlyToolNames } from './mcp/toolList';
import { createRunSearch } from './runtime/localSearch';
import { LocalEngine, type RuntimeOptions, version } from './runtime/localEngine';
import {
  findById,
  type FoundEngine,
  listServing,
  type ReachableEngine,
  serveForOthers,
  serveItsRuns,
} from './runtime/reachableEngines';
import { parseModelSettings } from './models/modelSettings';
import { ProfileFolders } from './profiles/profileFolders';
import { isEngineAlive } from './store/engineFile';
import { FileTraceStore } from './store/fileTraceStore';
import { createHome, type Home, toHomePath } from './store/home';
import { type Backup, createBackup as createHomeBackup } from './store/homeBackup';
import { type RestoreReport, restoreHome as restoreInto } from './store/homeRestore';
import { type TeamSettings, serveTeam as serveTeamHttp } from './team/teamServer';

export type { ReachableEngine } from './runtime/reachableEngines';
export { createModels, type RuntimeOptions, version } from './runtime/localEngine';
export {
  deleteDaytonaSandboxes,
  listDaytonaSandboxes,
} from './sandbox/native/daytona/daytonaLeftovers';
export { deployToDaytona, findDaytonaServer, removeDaytonaServer } from './deploy/daytonaServer';
export { packServer } from './deploy/serverBundle';
export { readCodexHealth } from './runtime/localAgents';
export { parseProfileFile } from './profiles/profileFile';
export { deleteKubernetesPods, listKubernetesPods } from './sandbox/native/kubernetes/podLeftovers';
export { addToken, readUserFile, revokeTokens } from './team/userFile';

/** @throws RlmError 'INTERNAL_ERROR' when the home folder cannot be used. */
export async function createEngine(options: RuntimeOptions): Promise<LocalEngine> {
  const engine = await LocalEngine.create(await openHome(options.home), options);
  await engine.announce(null);
  return engine;
}

/** Reading traces without an engine. */
export async function openTraces(options: { readonly home: string | null }): Promise<TraceStore> {
  const home = await openHome(options.home);
  return new FileTraceStore({
    home,
    engineId: createTimeOrderedId(Date.now()),
    isEngineAlive: (engineId) => isEngineAlive(home, engineId),
  });
}

/** Search over the sessions of a home, without an engine. */
export async function openSearch(options: { readonly home: string | null }): Promise<{
  readonly search: RunSearch;
  readonly traces: TraceStore;
}> {
  const home = await openHome(options.home);
  const traces = await openTraces({ home: home.path });
  const sandboxFolder = path.join(__dirname, 'sandbox');
  return { traces, search: createRunSearch({ home, traces, sandboxFolder }) };
}

/** The document piece by piece; an HTML page takes in the viewer of this build. */
export function exportTrace(format: ExportFormat, trace: ExportedTrace): AsyncIterable<string> {
  return exportWithViewer(format, trace, path.join(__dirname, 'webview'));
}

export interface StdioService {
  /** Settles when the client has gone; rejects with an RlmError when no engine could be had for it. */
  readonly closed: Promise<void>;
  /** Ends the connection, and the engine if it was made for it. */
  dispose(): Promise<void>;
}

/** An engine of this process for the client on stdin and stdout. */
export async function serveStdio(options: RuntimeOptions): Promise<StdioService> {
  const engine = await createEngine(options);
  const serving = serveMcpStdio(engine, { stdin: process.stdin, stdout: process.stdout });
  const runs = serveItsRuns(engine, options.log);
  return {
    closed: serving.closed,
    dispose: async () => {
      serving.dispose();
      await serving.closed;
      await engine.close();
      await runs.dispose();
    },
  };
}

/**
 * Joins the client on stdin and stdout to the engine of this home that has run longest and serves
 * HTTP; an engine of this process takes over where none does. `options` are those of that engine.
 */
export async function joinStdio(options: RuntimeOptions): Promise<StdioService> {
  const home = await openHome(options.home);
  let ownEngine: Promise<LocalEngine> | undefined;
  let runs: { dispose(): Promise<void> } | undefined;
  const pipe = new Pipe({
    client: new StdioConnection({ stdin: process.stdin, stdout: process.stdout }),
    findEngines: () => listJoinableEngines(home, options.log),
    connect: connectEngine,
    openLocal: async () => {
      ownEngine ??= createEngine(options);
      const [transport, serverEnd] = InMemoryTransport.createLinkedPair();
      const engine = await ownEngine;
      runs ??= serveItsRuns(engine, options.log);
      await createMcpServer(engine).connect(serverEnd);
      return { transport, end: () => transport.close() };
    },
    readOnlyTools: readOnlyToolNames,
    log: options.log,
  });
  await pipe.start();
  return {
    closed: pipe.closed,
    dispose: async () => {
      await pipe.close();
      await (await ownEngine?.catch(() => undefined))?.close();
      await runs?.dispose();
    },
  };
}

export interface ServingEngine {
  readonly url: string;
  /** The endpoint file, which holds the bearer token. */
  readonly tokenFile: string;
}

/** The engine that `joinStdio` would join; null when none runs. */
export async function findServingEngine(
  options: Pick<RuntimeOptions, 'home' | 'log'>,
): Promise<ServingEngine | null> {
  const [engine] = await listJoinableEngines(await openHome(options.home), options.log);
  return engine ? { url: engine.url.href, tokenFile: engine.file } : null;
}

/** As `listServing`. */
export async function listServingEngines(
  options: Pick<RuntimeOptions, 'home' | 'log'>,
): Promise<readonly ReachableEngine[]> {
  return listServing(await openHome(options.home), options.log);
}

/** As `findById`. */
export async function findEngine(
  options: Pick<RuntimeOptions, 'home' | 'log'>,
  engineId: string,
): Promise<FoundEngine | null> {
  return findById(await openHome(options.home), engineId, options.log);
}

/** An engine of this process that other programs reach for what it holds, but are not joined to. */
export async function openOwnEngine(
  options: RuntimeOptions,
): Promise<{ readonly reach: ReachableEngine; readonly close: () => Promise<void> }> {
  const engine = await createEngine(options);
  try {
    const { reach, dispose } = await serveForOthers(engine);
    const close = async (): Promise<void> => {
      await engine.close();
      await dispose();
    };
    return { reach, close };
  } catch (thrown) {
    await engine.close();
    throw thrown;
  }
}

/** Worktrees of agents below a home, without an engine. */
export async function openWorktrees(options: {
  readonly home: string | null;
}): Promise<AgentWorktrees> {
  const home = await openHome(options.home);
  return new AgentWorktrees({
    folder: path.join(home.path, 'agents', 'worktrees'),
    isEngineAlive: (engineId) => isEngineAlive(home, engineId),
  });
}

export interface HttpService {
  readonly url: string;
  readonly port: number;
  /** The file that holds the bearer token, readable by its owner alone. */
  readonly tokenFile: string;
  dispose(): Promise<void>;
}

/** MCP over HTTP on loopback, with a token made for this run. */
export async function serveHttp(
  engine: LocalEngine,
  options: Pick<HttpOptions, 'port' | 'offersSet'>,
): Promise<HttpService> {
  const token = randomBytes(32).toString('base64url');
  const service = await serveMcpHttp(engine, { ...options, token });
  const tokenFile = await engine.announce({ url: service.url, token });
  return { url: service.url, port: service.port, tokenFile, dispose: () => service.dispose() };
}

export interface TeamService extends Omit<HttpService, 'tokenFile'> {
  /** Of its one user; null: it has users of its own. */
  readonly tokenFile: string | null;
  /** Takes no more calls, waits `graceMs` for those that are open, and ends. */
  drain(graceMs: number): Promise<void>;
}

/** MCP over HTTP for one user or many, with probes, metrics and a log. @throws RlmError as `serveTeam`. */
export async function serveTeam(engine: LocalEngine, settings: TeamSettings): Promise<TeamService> {
  const ownToken = randomBytes(32).toString('base64url');
  const { requests } = engine;
  const service = await serveTeamHttp({
    settings,
    engine,
    ownToken,
    openUserEngine: (user) => engine.openUserEngine(user),
    checkStore: () => engine.checkStore(),
    checkSandbox: () => engine.checkSandbox(),
    requests,
  });
  const endpoint = { url: service.url, token: ownToken };
  return { ...service, tokenFile: service.isOwn ? await engine.announce(endpoint) : null };
}

/** The profiles of agents, without an engine. `workspaces`: those that are trusted. Creates their folder. */
export async function openProfiles(options: {
  readonly home: string | null;
  readonly workspaces: readonly string[];
}): Promise<ProfileFolders> {
  const home = await openHome(options.home);
  await mkdir(home.profiles, { recursive: true, mode: ownerFolder });
  return new ProfileFolders({ home: home.profiles, readWorkspaces: () => options.workspaces });
}

/** All that a home keeps, as an archive. @throws RlmError as `homeBackup.createBackup`. */
export async function createBackup(options: { readonly home: string | null }): Promise<Backup> {
  return createHomeBackup(await openHome(options.home), version);
}

/** @throws RlmError as `homeRestore.restoreHome`. */
export async function restoreHome(
  options: { readonly home: string | null },
  file: string,
): Promise<RestoreReport & { readonly location: string }> {
  const home = await openHome(options.home);
  return { ...(await restoreInto(home, file)), location: home.path };
}

/** What is wrong with what an environment says of models; null: nothing. No value is in it. */
export function findModelFault(env: Readonly<Record<string, string | undefined>>): RlmError | null {
  try {
    parseModelSettings(env);
    return null;
  } catch (thrown) {
    return toRlmError(thrown);
  }
}

/** The absolute path of the home; it is not touched. `given` null: by the environment. */
export function toHomeFolder(given: string | null): string {
  const { env, platform } = process;
  return given ?? toHomePath({ env, platform, homedir: homedir() });
}

async function openHome(given: string | null): Promise<Home> {
  return createHome(toHomeFolder(given));
}
