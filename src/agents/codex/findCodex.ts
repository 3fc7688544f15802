// Where Codex is: the program itself, not the script that npm puts on the PATH, so that the process we start is Codex.

import { realpath, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { AgentProgram } from '../../core/agent/agentDriver';

export interface CodexPlaces {
  /** A program, or a folder of npm that holds the package; null: not set. */
  readonly setting: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Nothing in them is run: folders of workspaces that are not trusted. */
  readonly untrusted: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Of the running Node: npm's global packages lie beside it. */
  readonly nodePath: string;
}

export interface FoundCodex {
  readonly path: string;
  readonly foundBy: AgentProgram['foundBy'];
}

/** Null: there is none. What is named by setting or RLM_CODEX is taken or nothing is. */
export async function findCodex(places: CodexPlaces): Promise<FoundCodex | null> {
  const { setting, environment } = places;
  const named = setting ?? environment['RLM_CODEX'] ?? '';
  if (named !== '') {
    const found = await resolveCodex(path.resolve(named), places);
    const foundBy = setting === null ? 'environment' : 'setting';
    return found === null ? null : { path: found, foundBy };
  }
  for (const folder of toPath(places)) {
    const found = await findIn(folder, places);
    if (found !== null) {
      return { path: found, foundBy: 'path' };
    }
  }
  for (const prefix of toPrefixes(places)) {
    const found = await resolveCodex(path.join(prefix, '@openai', 'codex'), places);
    if (found !== null && !(await isUntrusted(found, places))) {
      return { path: found, foundBy: 'npm' };
    }
  }
  return null;
}

/** A folder that is not absolute would be one of the workspace's. */
function toPath({ environment, platform }: CodexPlaces): readonly string[] {
  const value = environment['PATH'] ?? environment['Path'] ?? '';
  return value.split(platform === 'win32' ? ';' : ':').filter((folder) => path.isAbsolute(folder));
}

async function findIn(folder: string, places: CodexPlaces): Promise<string | null> {
  const names = places.platform === 'win32' ? ['codex.exe', 'codex.cmd'] : ['codex'];
  for (const name of names) {
    const file = path.join(folder, name);
    // The shim of Windows lies beside the packages that it starts.
    const start = name.endsWith('.cmd')
      ? path.join(folder, 'node_modules', '@openai', 'codex')
      : file;
    const found = (await isFile(file)) ? await resolveCodex(start, places) : null;
    if (
      found !== null &&
      !(await isUntrusted(file, places)) &&
      !(await isUntrusted(found, places))
    ) {
      return found;
    }
  }
  return null;
}

/** The program that a file or folder stands for; null: it stands for none. */
async function resolveCodex(start: string, places: CodexPlaces): Promise<string | null> {
  const real = await realpath(start).catch(() => null);
  const found = real === null ? null : await stat(real).catch(() => null);
  if (real === null || !found) {
    return null;
  }
  if (found.isFile() && !real.endsWith('.js')) {
    return real;
  }
  const folders = found.isFile()
    ? [path.dirname(path.dirname(real))] // <package>/bin/codex.js
    : [
        real,
        ...['node_modules', 'lib/node_modules'].map((name) =>
          path.join(real, name, '@openai', 'codex'),
        ),
      ];
  for (const folder of folders) {
    const program = await findVendored(folder, places);
    if (program !== null) {
      return program;
    }
  }
  return null;
}

/** In npm's package of this platform, which is inside or beside the one that depends on it. */
async function findVendored(
  folder: string,
  { platform, arch }: CodexPlaces,
): Promise<string | null> {
  const name = platform === 'win32' ? 'codex.exe' : 'codex';
  const own = `codex-${platform}-${arch}`;
  const homes = [
    folder,
    path.join(folder, 'node_modules', '@openai', own),
    path.join(folder, '..', own),
  ];
  for (const home of homes) {
    const vendor = path.join(home, 'vendor');
    for (const triple of await readdir(vendor).catch(() => [])) {
      const file = path.join(vendor, triple, 'bin', name);
      if (isForPlatform(triple, platform, arch) && (await isFile(file))) {
        return realpath(file);
      }
    }
  }
  return null;
}

function isForPlatform(triple: string, platform: NodeJS.Platform, arch: string): boolean {
  const systems: Partial<Record<NodeJS.Platform, string>> = {
    linux: 'linux',
    darwin: 'darwin',
    win32: 'windows',
  };
  const machines: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };
  return (
    triple.includes(systems[platform] ?? platform) && triple.startsWith(machines[arch] ?? arch)
  );
}

function toPrefixes({ environment, platform, nodePath }: CodexPlaces): readonly string[] {
  const beside = path.dirname(nodePath);
  const set = environment['npm_config_prefix'];
  const appData = environment['APPDATA'];
  return platform === 'win32'
    ? [
        path.join(beside, 'node_modules'),
        ...(appData ? [path.join(appData, 'npm', 'node_modules')] : []),
      ]
    : [
        path.join(beside, '..', 'lib', 'node_modules'),
        ...(set ? [path.join(set, 'lib', 'node_modules')] : []),
      ];
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

async function isUntrusted(file: string, { untrusted }: CodexPlaces): Promise<boolean> {
  const real = await Promise.all(untrusted.map((root) => realpath(root).catch(() => root)));
  return [...untrusted, ...real].some((root) => {
    const relative = path.relative(root, file);
    return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  });
}
