// What `doctor` looks at, and what it says of each.

import type { Cli, CliRuntime } from '../cli';

/** `missing`: of use, and not there. `broken`: needed, or set up, and not working. */
export type FindingState = 'works' | 'missing' | 'broken';

export interface Finding {
  readonly name: string;
  readonly state: FindingState;
  /** For people; never a key, a token or a user's name in an address. */
  readonly detail: string;
  /** What it is for. */
  readonly serves: string;
  /** A command, or what to do; null where nothing is to be mended. */
  readonly fix: string | null;
}

export interface Surroundings {
  readonly cli: Pick<Cli, 'env' | 'cwd'>;
  readonly runtime: CliRuntime;
  /** Absolute. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Runs a program of this machine; null: it is not there, or does not end well. */
  readonly run: (
    program: string,
    args: readonly string[],
    env?: Environment,
  ) => Promise<string | null>;
  /** The command that installs packages here, for these names. */
  readonly toInstall: (packages: SystemPackages) => string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The names of one program in each system's packages; left out: it has none. */
export interface SystemPackages {
  readonly linux: string;
  readonly darwin?: string;
  readonly win32?: string;
  /** Where there is no package. */
  readonly otherwise: string;
}

export type Check = (around: Surroundings) => Promise<readonly Finding[]>;

export function works(name: string, serves: string, detail: string): Finding {
  return { name, serves, detail, state: 'works', fix: null };
}
