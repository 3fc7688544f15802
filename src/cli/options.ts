// Options that several commands share, checked where they are parsed.

import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseBackendSettings, type ReadBackendSettings } from '../core/backendSettings';
import type { GivenContext } from '../core/context';
import { type LimitRange, type Limits, limitRanges } from '../core/limits';
import { type BackendName, type Language, backendNames, languages } from '../core/sandbox';
import type { Cli } from './cli';
import { toAbsolute } from './roots';
import { toCountText } from './render/words';

export interface GlobalOptions {
  readonly home?: string;
}

/** The folder given by --home; null leaves it to the environment. */
export function toHome({ home }: GlobalOptions, cli: Pick<Cli, 'cwd'>): string | null {
  return home === undefined ? null : path.resolve(cli.cwd, home);
}

export function parseWholeNumber({ min, max }: Omit<LimitRange, 'default'>) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/u.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(
        `It must be a whole number from ${toCountText(min)} to ${toCountText(max)}.`,
      );
    }
    return value;
  };
}

export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

export function rootOption(): Option {
  return new Option(
    '--root <folder>',
    'a folder that may be read, instead of the current one; once for each',
  )
    .argParser(collect)
    .default([], 'none');
}

/** Of commands without files after it, where several folders may follow. */
export function rootsOption(): Option {
  return new Option(
    '--root <folder...>',
    'folders that may be read, instead of the current one; repeatable',
  )
    .argParser(collect)
    .default([], 'none');
}

export function downloadsOption(): Option {
  return new Option(
    '--downloads <folder>',
    'where clients may have files of sandboxes written (default: nowhere)',
  ).env('RLM_DOWNLOADS');
}

/** Of an engine; a relative folder starts at the current one. */
export function toDownloads(
  { downloads }: { readonly downloads?: string | undefined },
  cwd: string,
): () => string | null {
  const folder = downloads ? toAbsolute(cwd, downloads) : null;
  return () => folder;
}

export interface ReadOptions {
  readonly encoding?: string;
  readonly includeIgnored?: true;
}

/** How the named files are read. */
export function addReadOptions(command: Command): Command {
  return command
    .option('--encoding <label>', 'encoding of the files, such as windows-1251 (default: found)')
    .option('--include-ignored', 'read what .gitignore rules out, too');
}

export function toGivenFiles(files: readonly string[], options: ReadOptions): GivenContext {
  const { encoding = null, includeIgnored = false } = options;
  return { text: null, paths: files, encoding, includeIgnored };
}

export function codeOption(): Option {
  return new Option(
    '--code <file>',
    'run this code (- is stdin); a line `# %%` or `// %%` begins a new step',
  );
}

export function jsonOption(): Option {
  return new Option('--json', 'with --code: print one JSON document at the end');
}

export function languageOption(): Option {
  return new Option(
    '--language <name>',
    'language of the REPL (default: by --code, else python)',
  ).choices(languages);
}

export interface BackendOptions {
  readonly backend?: BackendName;
  readonly image?: string;
}

export interface SandboxNetworkOptions {
  readonly sandboxNetwork?: string;
}

/** Where code runs. */
export function addBackendOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--backend <name>',
        'where the code runs (default: RLM_BACKEND, else wasm; of a fork: where the other one ran)',
      ).choices(backendNames),
    )
    .option(
      '--image <name>',
      'image of backend container or kubernetes (default: RLM_SANDBOX_CONTAINER_IMAGE)',
    );
}

export function sandboxNetworkOption(): Option {
  return new Option(
    '--sandbox-network <hosts>',
    'none, or hosts that code in backends local, container and daytona may connect to, such as pypi.org,*.pythonhosted.org (default: RLM_SANDBOX_NETWORK, else none)',
  );
}

/** Of an engine: the environment's, and what was named. */
export function toBackendSettings(
  { sandboxNetwork: network }: SandboxNetworkOptions,
  { env }: Cli,
): ReadBackendSettings {
  return async () => parseBackendSettings(env, { network });
}

export function toBackend({ backend, image }: BackendOptions): {
  readonly backend: BackendName | null;
  readonly image: string | null;
} {
  return { backend: backend ?? null, image: image ?? null };
}

/** The language asked for, else the one the code file's name tells, else Python. */
export function toLanguage(asked: Language | undefined, codeFile: string | undefined): Language {
  const isJavaScript = /\.[cm]?js$/iu.test(codeFile ?? '');
  return asked ?? (isJavaScript ? 'javascript' : 'python');
}

/** Every guardrail, in the order people meet them. */
const limitHelp = {
  maxSteps: 'steps',
  maxRuntimeMs: 'run time of all steps, in ms',
  budgetLimit: 'characters of code and output of all steps',
  stepTimeoutMs: 'time of one step, in ms',
  maxSessionMs: 'time since the session was opened, in ms',
  maxMemoryMb: 'memory of the code, in MB, the context not counted',
  maxOutputChars: 'characters kept of the output of one step',
  maxLlmCalls: 'prompts to models, of the code and of sessions below it',
  maxLlmTokens: 'tokens of these prompts and their answers',
  maxDepth: 'how deep sessions may be opened by the code',
} satisfies Record<keyof Limits, string>;

export type LimitOptions = Partial<Limits>;
const limitNames = Object.keys(limitHelp) as (keyof Limits)[]; // the keys just written

export function addLimitOptions(command: Command): Command {
  for (const name of limitNames) {
    const range = limitRanges[name];
    const flag = name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
    command.addOption(
      new Option(
        `--${flag} <n>`,
        `${limitHelp[name]} (default: ${toCountText(range.default)})`,
      ).argParser(parseWholeNumber(range)),
    );
  }
  return command;
}

export function toLimits(options: LimitOptions): Partial<Limits> {
  const given = limitNames.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}
