// The users of a file as it is now: read again when it has changed, and kept as it was while it is broken.

import { toRlmError } from '../core/errors';
import type { Standing } from '../mcp/httpAccess';
import { type UserEntry, readUserFile, readUserFileMark } from './userFile';

export interface User {
  readonly name: string;
  readonly role: UserEntry['role'];
  readonly entry: UserEntry;
  /** Of the token that found it. */
  readonly tokenId: string;
}

interface KnownToken {
  readonly user: User;
  /** Epoch ms. */
  readonly expiresAt: number | null;
}

export class UserTable {
  readonly #path: string;
  readonly #log: (line: string) => void;
  #mark: string | null = null;
  #fault: string | null = null;
  #users: ReadonlyMap<string, UserEntry> = new Map();
  /** By the hash. */
  #tokens: ReadonlyMap<string, KnownToken> = new Map();
  #reading: Promise<void> | undefined;

  private constructor(path: string, log: (line: string) => void) {
    this.#path = path;
    this.#log = log;
  }

  /** @throws RlmError 'INVALID_INPUT' when it cannot be read in the first place. */
  static async open(path: string, log: (line: string) => void): Promise<UserTable> {
    const table = new UserTable(path, log);
    table.#mark = await readUserFileMark(path);
    table.#take(await readUserFile(path));
    return table;
  }

  /** Why the file as it is now cannot be used; null: it can. */
  async readFault(): Promise<string | null> {
    await this.#refresh(); // a server that is not ready may be sent no request that would look
    return this.#fault;
  }

  get(name: string): UserEntry | undefined {
    return this.#users.get(name);
  }

  /** Undefined also for one that has expired. `now`: epoch ms. */
  async find(hash: string, now: number): Promise<User | undefined> {
    await this.#refresh();
    const known = this.#tokens.get(hash);
    return known && isValid(known, now) ? known.user : undefined;
  }

  /** Of what was begun with a token. Another one that is good still keeps it from running out, not from being taken back. */
  async readStanding(name: string, tokenId: string | null, now: number): Promise<Standing> {
    await this.#refresh();
    const own = [...this.#tokens.values()].filter(({ user }) => user.name === name);
    if (!own.some(({ user }) => user.tokenId === tokenId)) {
      return 'revoked';
    }
    return own.some((known) => isValid(known, now)) ? 'current' : 'expired';
  }

  #refresh(): Promise<void> {
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAgain(): Promise<void> {
    const mark = await readUserFileMark(this.#path);
    if (mark === this.#mark) {
      return;
    }
    this.#mark = mark;
    try {
      this.#take(await readUserFile(this.#path));
      this.#fault = null;
      this.#log('The file of users was read again.');
    } catch (thrown) {
      this.#fault = toRlmError(thrown).message;
      this.#log(`${this.#fault} The users are those of before.`);
    }
  }

  #take({ users }: { readonly users: readonly UserEntry[] }): void {
    this.#users = new Map(users.map((entry) => [entry.name, entry]));
    this.#tokens = new Map(
      users.flatMap((entry) =>
        entry.tokens.map(({ id: tokenId, sha256, expires_at: expiresAt }) => {
          const user = { name: entry.name, role: entry.role, entry, tokenId };
          const expires = expiresAt === null ? null : Date.parse(expiresAt);
          return [sha256, { user, expiresAt: expires }] as const;
        }),
      ),
    );
  }
}

function isValid({ expiresAt }: KnownToken, now: number): boolean {
  return expiresAt === null || now < expiresAt;
}
