// Who may call a server for a team: the users of a file, by their tokens, and those an authorization
// server names. Each gets an engine of his own, over a home of his own.

import { createHash } from 'node:crypto';
import type { Engine } from '../core/engine';
import type { AccessVerdict, Caller, HttpAccess, Standing } from '../mcp/httpAccess';
import type { OidcUser, OidcVerifier } from './oidc';
import { CallQuota, type Quota, toCallerLimits, usualQuota } from './quota';
import { oidcFolderPrefix, toTokenHash } from './userFile';
import type { User, UserTable } from './userTable';

/** Whose engine it is. What is read may change while it runs. */
export interface UserSpec {
  /** A name in the folder of all users. */
  readonly folder: string;
  readonly readRoots: () => readonly string[];
  readonly readQuota: () => Quota;
}

interface TeamAccessParts {
  /** Null: all users come by `oidc`. */
  readonly users: UserTable | null;
  readonly oidc: OidcVerifier | null;
  readonly openEngine: (user: UserSpec) => Promise<Engine>;
  /** It has ended, since its user was away and others needed room. */
  readonly onEngineClosed: (engine: Engine) => void;
  readonly now: () => number;
  /** In ms from any time on, which no setting of the clock changes. */
  readonly monotonicNow: () => number;
  readonly maxMembers?: number;
}

interface Member {
  readonly caller: Promise<Caller>;
  /** When what was last shown for it stops to hold; null: it is looked up. */
  expiresAt: number | null;
  /** By the monotonic clock. */
  seenAt: number;
}

/** Users with an engine at one time. */
const usualMaxMembers = 1_000;
/** Where others need room. Whoever has an MCP session open is seen every few seconds. */
const awayMs = 60_000;

export class TeamAccess implements HttpAccess {
  readonly #parts: TeamAccessParts;
  /** By the folder of each. */
  readonly #members = new Map<string, Member>();
  /** Engines that end. */
  readonly #closing = new Set<Promise<void>>();

  constructor(parts: TeamAccessParts) {
    this.#parts = parts;
  }

  /** Of those who have called. */
  async listEngines(): Promise<readonly Engine[]> {
    const all = [...this.#members.values()].map(({ caller }) => caller.catch(() => null));
    return (await Promise.all(all)).flatMap((caller) => (caller ? [caller.engine] : []));
  }

  async identify(token: string): Promise<AccessVerdict> {
    const { users, oidc, now } = this.#parts;
    if (token === '') {
      return { kind: 'unknown' };
    }
    const user = await users?.find(toTokenHash(token), now());
    if (user) {
      return user.role === 'metrics' ? { kind: 'scraper' } : this.#toCaller(user);
    }
    const isJwt = token.split('.').length === 3;
    if (!oidc || !isJwt) {
      return { kind: 'unknown' };
    }
    const verdict = await oidc.verify(token);
    return verdict.kind === 'user' ? this.#toOidcCaller(verdict) : verdict;
  }

  async readStanding({ id, credential }: Caller): Promise<Standing> {
    const { users, now } = this.#parts;
    const member = this.#members.get(id);
    const expiresAt = member?.expiresAt ?? null;
    this.#see(member);
    if (expiresAt !== null) {
      return now() < expiresAt ? 'current' : 'expired';
    }
    return (await users?.readStanding(id, credential, now())) ?? 'revoked';
  }

  async close(): Promise<void> {
    const engines = await this.listEngines();
    this.#members.clear();
    await Promise.allSettled([...this.#closing, ...engines.map((engine) => engine.close())]);
  }

  async #toCaller({ name, entry, tokenId }: User): Promise<AccessVerdict> {
    const readEntry = () => this.#parts.users?.get(name) ?? entry;
    const verdict = await this.#open(name, name, {
      folder: name,
      readRoots: () => readEntry().roots,
      readQuota: () => readEntry().quota,
    });
    return verdict.kind === 'caller' ? { ...verdict, credential: tokenId } : verdict;
  }

  /** A hash for a folder: a subject may be any text, and two issuers may name the same. */
  async #toOidcCaller({ issuer, subject, expiresAt }: OidcUser): Promise<AccessVerdict> {
    const hash = createHash('sha256')
      .update(JSON.stringify([issuer, subject]))
      .digest('hex');
    const folder = `${oidcFolderPrefix}${hash.slice(0, 32)}`;
    const spec = { folder, readRoots: () => [], readQuota: () => usualQuota };
    const verdict = await this.#open(folder, folder, spec);
    const member = this.#members.get(folder);
    if (member) {
      member.expiresAt = Math.max(member.expiresAt ?? 0, expiresAt);
    }
    return verdict;
  }

  async #open(id: string, name: string, spec: UserSpec): Promise<AccessVerdict> {
    let member = this.#members.get(id);
    if (!member) {
      const { maxMembers = usualMaxMembers, monotonicNow } = this.#parts;
      const hasRoom = this.#members.size < maxMembers || (await this.#makeRoom());
      if (!hasRoom && !this.#members.has(id)) {
        return {
          kind: 'unavailable',
          reason: `${maxMembers} users are served, as many as can be.`,
        };
      }
      member = this.#members.get(id) ?? {
        caller: this.#createCaller(id, name, spec),
        expiresAt: null,
        seenAt: monotonicNow(),
      };
      this.#members.set(id, member);
      member.caller.catch(() => this.#members.delete(id));
    }
    this.#see(member);
    try {
      return { ...(await member.caller), limits: toCallerLimits(spec.readQuota()) };
    } catch {
      return { kind: 'unavailable', reason: 'The sessions of this user cannot be opened.' };
    }
  }

  #see(member: Member | undefined): void {
    if (member) {
      member.seenAt = this.#parts.monotonicNow();
    }
  }

  /** Ends the engine of whoever has been away longest and has nothing live: all of theirs is on the disk. */
  async #makeRoom(): Promise<boolean> {
    const bySight = [...this.#members].sort(([, left], [, right]) => left.seenAt - right.seenAt);
    for (const [id, member] of bySight) {
      const caller = await member.caller.catch(() => null);
      const isAway = this.#parts.monotonicNow() - member.seenAt >= awayMs;
      const isHere = this.#members.get(id) === member;
      if (caller && isHere && isAway && caller.engine.sessions.live.length === 0) {
        this.#members.delete(id);
        this.#end(caller.engine);
        return true;
      }
    }
    return false;
  }

  #end(engine: Engine): void {
    const closed = engine
      .close()
      .catch(() => undefined)
      .finally(() => {
        this.#closing.delete(closed);
        this.#parts.onEngineClosed(engine);
      });
    this.#closing.add(closed);
  }

  async #createCaller(id: string, name: string, spec: UserSpec): Promise<Caller> {
    const engine = await this.#parts.openEngine(spec);
    const limits = toCallerLimits(spec.readQuota());
    const gate = new CallQuota(spec.readQuota);
    return {
      ...({ kind: 'caller', id, name, engine, limits, gate } as const),
      credential: null,
      mayReadMetrics: false,
    };
  }
}
