// The file of a server's users: who they are, the hashes of their tokens, what they may read and take.

import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import * as z from 'zod';
import { ownerFile } from '../base/ownerOnly';
import { RlmError } from '../core/errors';
import { quotaSchema } from './quota';

/**
 * Also the name of the user's folder, on every system: without capitals, none that Windows keeps for devices or
 * shortens, and none that looks like a file on its way to another name.
 */
export const userNamePattern =
  /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|.*\.(?:tmp)?$)[a-z0-9][a-z0-9._-]{0,47}$/u;
const maxFileBytes = 10_000_000;
const writableByOthers = 0o022;
const readableByOthers = 0o644;

const userSchema = z.strictObject({
  name: z
    .string()
    .regex(userNamePattern)
    .refine((name) => !name.startsWith(oidcFolderPrefix), 'is kept for users of OpenID Connect'),
  /** `metrics`: its tokens read /metrics, and nothing else. */
  role: z.enum(['user', 'metrics']).default('user'),
  tokens: z.array(
    z.strictObject({
      id: z.string().regex(/^[0-9a-f]{8}$/u),
      sha256: z.string().regex(/^[0-9a-f]{64}$/u),
      created_at: z.iso.datetime(),
      expires_at: z.iso.datetime().nullable().default(null),
    }),
  ),
  /** Folders that contexts of this user may be read from, beside those of all users. */
  roots: z.array(z.string()).default([]),
  quota: quotaSchema.prefault({}),
});
const fileSchema = z.strictObject({
  users: z
    .array(userSchema)
    .refine((users) => hasNoneTwice(users.map(({ name }) => name)), 'a user is there twice')
    .refine(
      (users) => hasNoneTwice(users.flatMap(({ tokens }) => tokens.map(({ sha256 }) => sha256))),
      'a token is there twice',
    ),
});

export type UserEntry = z.infer<typeof userSchema>;
type UserFile = z.infer<typeof fileSchema>;

/** Begins the folders of users whom an authorization server names. */
export const oidcFolderPrefix = 'oidc-';

/** @throws RlmError 'INVALID_INPUT' naming the file and what is wrong with it, never a token. */
export async function readUserFile(path: string): Promise<UserFile> {
  try {
    const { size, mode } = await stat(path);
    if (size > maxFileBytes) {
      throw new Error(`it has ${size} bytes`);
    }
    if (process.platform !== 'win32' && (mode & writableByOthers) !== 0) {
      throw new Error('others may write to it');
    }
    return parseUserFile(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new RlmError('INVALID_INPUT', `${path} is no file of users: ${toReason(cause)}.`, {
      cause,
      nextStep: 'Make one with: rlm-companion token add <name> --users <file>.',
    });
  }
}

function parseUserFile(text: string): UserFile {
  return fileSchema.parse(JSON.parse(text));
}

/** Another one after each change; null: there is no file. */
export async function readUserFileMark(path: string): Promise<string | null> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`; // ctime: who may read it may have changed
  } catch {
    return null;
  }
}

export interface TokenRequest {
  readonly name: string;
  readonly role: UserEntry['role'];
  /** Null: it does not expire. */
  readonly expiresAt: number | null;
  /** Added to the user's. */
  readonly roots: readonly string[];
  /** Where they differ from the user's. */
  readonly quota: Partial<UserEntry['quota']>;
}

/** Makes a token for a user, who is made too where there is none. The token is nowhere but in the result. */
export async function addToken(
  path: string,
  request: TokenRequest,
): Promise<{ readonly token: string; readonly id: string }> {
  return changeUserFile(path, async (target) => {
    const isThere = (await readUserFileMark(target)) !== null;
    return withToken(isThere ? await readUserFile(target) : { users: [] }, request);
  });
}

type Change<T> = { readonly file: UserFile; readonly result: T };

function withToken(
  file: UserFile,
  request: TokenRequest,
): Change<{ readonly token: string; readonly id: string }> {
  const { name, role, roots, quota } = request;
  const old = file.users.find((user) => user.name === name);
  if (old && old.role !== role) {
    throw new RlmError('INVALID_INPUT', `${name} is there already, as ${old.role}.`, {
      nextStep: 'Choose another name.',
    });
  }
  const token = `rlm_${randomBytes(32).toString('base64url')}`;
  const id = randomBytes(4).toString('hex');
  const user = userSchema.safeParse({
    ...old,
    name,
    role,
    tokens: [...(old?.tokens ?? []), toTokenEntry(id, token, request.expiresAt)],
    roots: [...new Set([...(old?.roots ?? []), ...roots])],
    quota: { ...old?.quota, ...quota },
  });
  if (!user.success) {
    throw new RlmError('INVALID_INPUT', `${name} cannot be a user: ${toReason(user.error)}.`, {
      nextStep:
        'Use 1 to 48 of a-z, 0-9, ".", "_", "-" for the name, none that Windows keeps for itself (con, aux, …), and quotas within their ranges.',
    });
  }
  const users = [...file.users.filter((one) => one !== old), user.data];
  return { file: { users }, result: { token, id } };
}

/** Takes tokens back: one, or all of the user, who keeps the sessions. @throws RlmError 'INVALID_INPUT' */
export async function revokeTokens(path: string, name: string, id: string | null): Promise<number> {
  return changeUserFile(path, async (target) =>
    withoutTokens(await readUserFile(target), { path, name, id }),
  );
}

function withoutTokens(
  file: UserFile,
  { path, name, id }: { readonly path: string; readonly name: string; readonly id: string | null },
): Change<number> {
  const user = file.users.find((one) => one.name === name);
  const left = user?.tokens.filter((token) => id !== null && token.id !== id) ?? [];
  const count = (user?.tokens.length ?? 0) - left.length;
  if (!user || count === 0) {
    const what = id === null ? `no token of ${name}` : `no token ${id} of ${name}`;
    throw new RlmError('INVALID_INPUT', `There is ${what} in ${path}.`, {
      nextStep: 'List them with: rlm-companion token list --users <file>.',
    });
  }
  const users = file.users.map((one) => (one === user ? { ...user, tokens: left } : one));
  return { file: { users }, result: count };
}

/** Tokens have 256 random bits: nobody can try them, so a fast hash keeps them as well as a slow one. */
export function toTokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function toTokenEntry(id: string, token: string, expiresAt: number | null) {
  return {
    id,
    sha256: toTokenHash(token),
    created_at: new Date().toISOString(),
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  };
}

/** In one move, where the file itself is. The new one keeps others out while it is made. */
async function changeUserFile<T>(
  path: string,
  change: (target: string) => Promise<Change<T>>,
): Promise<T> {
  const target = await realpath(path).catch(() => path); // a link to it stays one
  const temporary = `${target}.tmp`;
  const handle = await open(temporary, 'wx', ownerFile).catch((cause: unknown) => {
    throw toWriteError(path, temporary, cause);
  });
  try {
    const { file, result } = await change(target);
    await write(handle, file, target);
    await handle.close();
    await rename(temporary, target);
    return result;
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cause instanceof RlmError ? cause : toWriteError(path, temporary, cause);
  } finally {
    await handle.close();
  }
}

/** The server may run as another user: who may read the old one may read the new one. */
async function write(handle: FileHandle, file: UserFile, target: string): Promise<void> {
  await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`);
  const old = await stat(target).catch(() => null);
  if (old) {
    await handle.chown(old.uid, old.gid).catch(() => undefined); // only root gives files away
    await handle.chmod(old.mode & readableByOthers);
  }
}

function toWriteError(path: string, temporary: string, cause: unknown): RlmError {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
    return new RlmError('INVALID_INPUT', `${path} is being changed by another command.`, {
      cause,
      nextStep: `Try again in a moment; where no other command runs, remove ${temporary}.`,
    });
  }
  return new RlmError('INTERNAL_ERROR', `${path} cannot be written: ${toReason(cause)}.`, {
    cause,
    nextStep: 'Give a file in a folder that you may write to.',
  });
}

function hasNoneTwice(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}

/** Of a failed check only where it failed: the value may be a secret in the wrong place. */
function toReason(thrown: unknown): string {
  if (thrown instanceof z.ZodError) {
    const [issue] = thrown.issues;
    return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as expected'}`;
  }
  if (thrown instanceof SyntaxError) {
    return 'it is not JSON';
  }
  return thrown instanceof Error ? thrown.message.replace(/\.$/u, '') : 'it cannot be read';
}
