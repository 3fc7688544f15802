// The folder in which Codex keeps its threads: `<home>/codex`, shared by all engines of the home, since a thread must be
// found again by the engine that resumes it. Its settings hold nothing secret and are the same for all.

import { chmod, lstat, mkdir, readFile, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../../core/errors';

/**
 * What a thread's own settings cannot undo. Hooks, plugins and apps run beside the sandbox; agents that Codex would
 * start by itself would be in no budget.
 */
const settings = `# Written by RLM Companion.
check_for_update_on_startup = false
project_doc_max_bytes = 0

[features]
apps = false
goals = false
hooks = false
memories = false
multi_agent_v2 = false
plugins = false
remote_plugin = false
skill_mcp_dependency_install = false

[agents]
enabled = false

[analytics]
enabled = false

[history]
persistence = "none"

[shell_environment_policy]
inherit = "core"

[sandbox_workspace_write]
exclude_slash_tmp = true
exclude_tmpdir_env_var = true
`;

/** Of what the engine has, what Codex needs to find programs and the network. */
const inherited = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ'],
  ...['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['https_proxy', 'http_proxy', 'all_proxy', 'no_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['SystemRoot', 'SystemDrive', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'PATHEXT', 'ComSpec'],
];

export interface PreparedHome {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Makes the folder, or brings it up to date.
 * @throws RlmError 'BACKEND_UNAVAILABLE' when it cannot be written.
 */
export async function prepareHome(
  parent: string,
  login: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PreparedHome> {
  const folder = path.join(parent, 'codex');
  // Beside it: Codex refuses a home below the folder for temporary files.
  const temporary = path.join(parent, 'codex-tmp');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    await writeSettings(path.join(folder, 'config.toml'));
    await linkLogin(path.join(folder, 'auth.json'), login);
  } catch (error) {
    throw new RlmError('BACKEND_UNAVAILABLE', `The folder of Codex cannot be written: ${folder}`, {
      cause: error,
      nextStep: 'Make it writable, or choose another home.',
    });
  }
  const kept = inherited.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    folder,
    environment: {
      ...Object.fromEntries(kept),
      CODEX_HOME: folder,
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
    },
  };
}

/** Whole or not at all: another engine may be reading it. */
async function writeSettings(file: string): Promise<void> {
  const written = await readFile(file, 'utf8').catch(() => null);
  if (written === settings) {
    return;
  }
  const next = `${file}.${randomUUID()}`;
  await writeFile(next, settings, { mode: 0o600 });
  await rename(next, file);
}

/** By a link, so that tokens that Codex renews are renewed for the user's own Codex as well, and none is copied. */
async function linkLogin(link: string, login: string | null): Promise<void> {
  const linked = await readlink(link).catch(() => null);
  if (linked === login) {
    return;
  }
  const found = await lstat(link).catch(() => null);
  if (found) {
    await unlink(link);
  }
  if (login !== null) {
    await symlink(login, link);
  }
}
