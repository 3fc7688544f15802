// git as this program runs it: no hooks, no prompts, no pager, nobody's signature, and an end to every call.

import { execFile } from 'node:child_process';
import { RlmError } from '../../core/errors';

const timeoutMs = 120_000;
const maxOutputBytes = 64_000_000;
/** Programs that a repository's own settings could name are turned off. */
const settings = [
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'core.pager=cat', 'diff.external='],
  ...['commit.gpgsign=false', 'gc.auto=0', 'core.quotePath=false', 'advice.detachedHead=false'],
].flatMap((setting) => ['-c', setting]);

export interface GitCall {
  readonly cwd: string;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  /** Its standard input; left out: none. */
  readonly input?: string;
}

/**
 * A folder whose files an agent may have written, `.git` among them: git is told where the repository is, and looks for
 * none there, since its settings name programs. Source: gitrepository-layout, `core.worktree` and `gitdir:`.
 */
export interface GitPlace {
  readonly folder: string;
  /** Read before an agent came. */
  readonly gitDir: string;
  /** The top of the working tree. */
  readonly top: string;
}

/** @throws as `runGit`; only while nobody but the user has written to the folder. */
export async function readGitPlace(folder: string, signal?: AbortSignal): Promise<GitPlace> {
  const asked = ['rev-parse', '--absolute-git-dir', '--show-toplevel'];
  const text = await runGit(asked, { cwd: folder, ...(signal && { signal }) });
  const [gitDir = '', top = ''] = text.split('\n');
  return { folder, gitDir, top };
}

export function runGitIn(
  { folder, gitDir, top }: GitPlace,
  args: readonly string[],
  { environment, ...call }: Omit<GitCall, 'cwd'> = {},
): Promise<string> {
  return runGit(args, {
    ...call,
    cwd: folder,
    environment: { GIT_DIR: gitDir, GIT_WORK_TREE: top, ...environment },
  });
}

/** Its standard output. @throws RlmError 'BACKEND_UNAVAILABLE' without git, 'CANCELLED', 'INVALID_INPUT' with what git says. */
export async function runGit(args: readonly string[], call: GitCall): Promise<string> {
  return (await askGit(args, call, [0])).output;
}

/** As `runGit`, of a command that answers by its exit code too: `codes` are answers. */
export function askGit(
  args: readonly string[],
  { cwd, signal, environment, input }: GitCall,
  codes: readonly number[],
): Promise<{ readonly code: number; readonly output: string }> {
  const env = {
    ...process.env,
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_DIR: undefined,
    GIT_WORK_TREE: undefined,
    GIT_INDEX_FILE: undefined,
    LC_ALL: 'C.UTF-8',
    ...environment,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...settings, ...args],
      {
        ...{ cwd, env, timeout: timeoutMs, maxBuffer: maxOutputBytes, windowsHide: true },
        ...(signal && { signal }),
      },
      (error, stdout, stderr) => {
        const code = error ? error.code : 0;
        if (typeof code === 'number' && codes.includes(code)) {
          resolve({ code, output: stdout });
        } else {
          reject(toGitError(error ?? new Error(`exit code ${code}`), args, stderr));
        }
      },
    );
    child.stdin?.on('error', () => undefined); // its end says it
    child.stdin?.end(input ?? '');
  });
}

/** Null where it is in no repository, or there is no git. */
export async function findRepository(folder: string): Promise<string | null> {
  const call = { cwd: folder };
  const top = await runGit(['rev-parse', '--show-toplevel'], call).catch(() => null);
  const hasCommit = await runGit(['rev-parse', '--verify', '--quiet', 'HEAD'], call).catch(
    () => null,
  );
  return top === null || hasCommit === null ? null : top.replace(/\n$/u, '');
}

/**
 * The repository's own working folder, or the repository where it has none: it stays when worktrees of it go. Null as
 * `findRepository`.
 */
export async function findMainWorktree(folder: string): Promise<string | null> {
  if ((await findRepository(folder)) === null) {
    return null;
  }
  const listed = await runGit(['worktree', 'list', '--porcelain', '-z'], { cwd: folder });
  return /^worktree (?<folder>[^\0]+)/u.exec(listed)?.groups?.['folder'] ?? null; // the first is the main one
}

/** The version; null: there is none. */
export async function readGitVersion(): Promise<string | null> {
  const text = await runGit(['--version'], { cwd: process.cwd() }).catch(() => null);
  return text && text.trim();
}

function toGitError(error: Error, args: readonly string[], stderr: string): RlmError {
  if (error.name === 'AbortError') {
    return new RlmError('CANCELLED', 'Working with git was cancelled.', {
      cause: error,
      nextStep: 'Call again when ready.',
    });
  }
  if ('code' in error && error.code === 'ENOENT') {
    return new RlmError('BACKEND_UNAVAILABLE', 'git was not found.', {
      cause: error,
      nextStep: 'Install git, or spawn the agent with isolation folder.',
    });
  }
  const said = stderr.trim().slice(0, 1_000) || error.message;
  return new RlmError('INVALID_INPUT', `git ${args[0] ?? ''} failed: ${said}`, {
    cause: error,
    nextStep: 'Look at the repository with git status, mend what git says, and call again.',
  });
}
