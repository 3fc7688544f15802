// A server for one or many users over HTTP, with probes, metrics and a log: puts the parts together.

import type { Engine } from '../core/engine';
import type { Room } from '../core/liveSessions';
import { RlmError } from '../core/errors';
import type { RequestScope } from '../core/requestScope';
import type { AsyncRequestScope } from '../mcp/asyncRequestScope';
import { type HttpOptions, type HttpServing, listenHttp } from '../mcp/http';
import { type HttpAccess, TokenAccess } from '../mcp/httpAccess';
import { mcpPath } from '../mcp/httpGuard';
import type { HttpObserver } from '../mcp/httpObserver';
import { checkExposure } from './exposure';
import { type Libraries, loadLibraries } from './loadLibraries';
import { Metrics } from './metrics';
import { OidcVerifier, type OidcSettings } from './oidc';
import { toRoom } from './quota';
import { Readiness } from './readiness';
import { ServerLog } from './serverLog';
import { TeamAccess, type UserSpec } from './teamAccess';
import { UserTable } from './userTable';

export interface TeamSettings extends Pick<
  HttpOptions,
  'port' | 'allowedHosts' | 'allowedOrigins' | 'trustedProxies' | 'tls' | 'publicUrl' | 'servesSse'
> {
  readonly host: string;
  /** Null: none. With neither users nor `oidc` there is one user, who has `ownToken`. */
  readonly usersFile: string | null;
  readonly oidc: (Omit<OidcSettings, 'audience'> & { readonly audience: string | null }) | null;
  readonly isPlainAllowed: boolean;
  /** Takes the log's lines, each one JSON object; null: there is none. */
  readonly writeLog: ((line: string) => void) | null;
  /** What goes on, for people. */
  readonly say: (line: string) => void;
}

export interface UserEngineSpec extends UserSpec {
  readonly readRoom: () => Room;
}

interface TeamParts {
  readonly settings: TeamSettings;
  /** Of the one user where there is one, and of the probes. */
  readonly engine: Engine;
  readonly ownToken: string;
  readonly openUserEngine: (user: UserEngineSpec) => Promise<Engine>;
  readonly checkStore: () => Promise<void>;
  readonly checkSandbox: () => Promise<void>;
  readonly requests: AsyncRequestScope;
}

export interface TeamServing extends HttpServing {
  /** Whether it has one user, by `ownToken`. */
  readonly isOwn: boolean;
}

/** Sessions that hold a sandbox at one time, of all users together. */
const maxServerSessions = 100;
/** Of bad tokens from one address. */
const strangerRate = { perMinute: 60, burst: 60 };

/** @throws RlmError 'INVALID_INPUT' | 'BACKEND_UNAVAILABLE' */
export async function serveTeam(parts: TeamParts): Promise<TeamServing> {
  const { settings, requests, engine } = parts;
  const { usersFile, oidc } = settings;
  const hasUsers = usersFile !== null || oidc !== null;
  const hasProxy = (settings.trustedProxies ?? []).length > 0;
  const { host, isPlainAllowed } = settings;
  checkExposure({ host, hasUsers, hasTls: Boolean(settings.tls), hasProxy, isPlainAllowed });
  const libraries = await loadLibraries();
  const users = usersFile === null ? null : await UserTable.open(usersFile, settings.say);
  const verifier = createVerifier(settings, libraries);
  const team = hasUsers ? createAccess(parts, users, verifier) : null;
  const access: HttpAccess = team ?? new TokenAccess(engine, parts.ownToken);
  const listEngines = async () => (team ? team.listEngines() : [engine]);
  const metrics = new Metrics({ libraries, version: engine.version, listEngines });
  const readiness = new Readiness({
    checkStore: parts.checkStore,
    checkSandbox: parts.checkSandbox,
    readUserFault: async () => (await users?.readFault()) ?? null,
    now: () => performance.now(),
  });
  const log = createLog(settings, requests);
  const serving = await listenHttp(access, {
    ...settings,
    limits: hasUsers ? { strangerRate, maxSessions: 1_024 } : {},
    say: (line) => {
      settings.say(line);
      log.forEach((one) => one.say(line));
    },
    observer: joinObservers([metrics, ...log]),
    inRequest: (requestId, run) => requests.run(requestId, run),
    operations: {
      findFaults: () => readiness.findFaults(),
      writeMetrics: (counts) => metrics.write(counts),
      describeResource: (url) => (verifier ? describeResource(url, verifier) : null),
    },
  });
  const closeTeam = async (): Promise<void> => team?.close();
  return {
    ...serving,
    isOwn: team === null,
    drain: (graceMs) => serving.drain(graceMs).then(closeTeam),
    dispose: () => serving.dispose().then(closeTeam),
  };
}

function createAccess(
  { openUserEngine }: TeamParts,
  users: UserTable | null,
  oidc: OidcVerifier | null,
): TeamAccess {
  const engines = new Map<UserSpec, Engine>();
  const openEngine = async (user: UserSpec): Promise<Engine> => {
    const readRoom = (): Room => {
      const others = [...engines].filter(([other]) => other !== user).map(([, engine]) => engine);
      return limitRoom(toRoom(user.readQuota()), others);
    };
    const engine = await openUserEngine({ ...user, readRoom });
    engines.set(user, engine);
    return engine;
  };
  return new TeamAccess({
    ...{ users, oidc, openEngine },
    onEngineClosed: (closed) => {
      [...engines]
        .filter(([, engine]) => engine === closed)
        .forEach(([user]) => engines.delete(user));
    },
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
  });
}

/** What the sessions of others leave of the server's own limit. */
function limitRoom(room: Room, others: readonly Engine[]): Room {
  const taken = others.reduce((sum, { sessions }) => sum + sessions.live.length, 0);
  const left = Math.max(0, maxServerSessions - taken);
  return left < room.sessions ? { ...room, sessions: left, of: 'server' } : room;
}

/** Tokens must have been made for this server. Source: MCP 2025-11-25, authorization, "Token Handling". */
function createVerifier(
  { oidc, publicUrl }: TeamSettings,
  libraries: Libraries,
): OidcVerifier | null {
  if (!oidc) {
    return null;
  }
  const audience = oidc.audience ?? (publicUrl ? new URL(mcpPath, publicUrl).href : null);
  if (audience === null) {
    throw new RlmError('INVALID_INPUT', 'It is not known whom the tokens of the issuer are for.', {
      nextStep: 'Give --public-url, under which clients find the server, or --oidc-audience.',
    });
  }
  return new OidcVerifier({ ...oidc, audience }, libraries);
}

/** Source: RFC 9728, section 2. */
function describeResource(resource: string, { issuer, scope }: OidcVerifier): object {
  return {
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    ...(scope === null ? {} : { scopes_supported: [scope] }),
    resource_name: 'RLM Companion',
  };
}

function createLog({ writeLog }: TeamSettings, requests: RequestScope): readonly ServerLog[] {
  const readRequestId = (): string | null => requests.requestId;
  return writeLog ? [new ServerLog({ write: writeLog, now: () => Date.now(), readRequestId })] : [];
}

function joinObservers(observers: readonly HttpObserver[]): HttpObserver {
  return {
    requestEnded: (request) => observers.forEach((one) => one.requestEnded(request)),
    callEnded: (call) => observers.forEach((one) => one.callEnded(call)),
  };
}
