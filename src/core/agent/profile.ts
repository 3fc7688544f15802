// The recipe of an agent, as it is once its file has been read. Pure.

import type { AgentLimits } from './agentEvent';
import type { ApprovalMode, Isolation, SandboxMode } from './permissions';

export interface Profile {
  /** Letters, digits, `_` and `-`, begins with a letter. */
  readonly id: string;
  readonly title: string;
  /** When to take this one; for people and for models that choose. */
  readonly description: string;
  readonly persona: string;
  readonly systemPrompt: string;
  readonly goalset: readonly string[];
  readonly constraints: readonly string[];
  readonly checklist: readonly ChecklistItem[];
  /** Null: what the user has configured. */
  readonly model: string | null;
  readonly sandbox: SandboxMode;
  readonly approvals: ApprovalPolicy;
  readonly workspace: WorkspacePolicy;
  readonly network: boolean;
  readonly limits: AgentLimits;
  /** Profiles whose agents it may spawn; empty: none. */
  readonly maySpawn: readonly string[];
  readonly rules: readonly ProfileRule[];
  /** Patterns of further secrets, as regular expressions without flags. */
  readonly mask: readonly string[];
  readonly summaries: { readonly everyEvents: number; readonly everyMs: number };
  /** SHA-256 of all the above, in hexadecimal digits. */
  readonly hash: string;
  /** Where each layer of it came from, for people: built in, a file, the call. */
  readonly sources: readonly string[];
}

export interface ChecklistItem {
  readonly id: string;
  readonly description: string;
  readonly doneWhen: DoneWhen;
}

/** What fills an item in by itself. Patterns are regular expressions without flags. */
export type DoneWhen =
  | { readonly kind: 'command'; readonly pattern: string; readonly exitCode: number }
  /** A patch, or the workspace's changes at the end of a turn, has a file that matches the glob. */
  | { readonly kind: 'diff'; readonly glob: string }
  /** A message of the agent matches. */
  | { readonly kind: 'says'; readonly pattern: string }
  /** A child of this profile has completed. */
  | { readonly kind: 'child'; readonly profileId: string }
  | { readonly kind: 'manual' };

export interface ApprovalPolicy {
  readonly mode: ApprovalMode;
  /**
   * Commands that are accepted without asking: each a pattern that the whole command must match. Never one with
   * operators, substitutions or line breaks, whatever the pattern: a person is asked then.
   */
  readonly allow: readonly string[];
  /** Commands that are declined without asking, also as parts of others; before `allow`. */
  readonly deny: readonly string[];
  /** Declined when nobody has answered by then. */
  readonly timeoutMs: number;
}

export interface WorkspacePolicy {
  /** Null: a worktree where there is a repository, else the folder. */
  readonly isolation: Isolation | null;
  /** Folders it may be given; empty: the engine's allowed roots. */
  readonly allow: readonly string[];
  /** Globs below the folder that it must neither read nor change. */
  readonly deny: readonly string[];
  /** Globs below the folder that it may change; empty: all that is not denied. */
  readonly write: readonly string[];
}

/** What must have happened in a run before something else may. */
export interface ProfileRule {
  readonly before: 'commit' | 'complete';
  /** A child of this profile has completed since the last change. */
  readonly child: string | null;
  /** This item of the checklist is done. */
  readonly item: string | null;
}

/** Reads the profiles there are. Implemented in src/profiles. */
export interface ProfileSource {
  /** In the order of their ids, with files that could not be read told apart. Never rejects. */
  list(): Promise<ProfileList>;
  /** @throws RlmError 'PROFILE_NOT_FOUND', or 'INVALID_INPUT' where its file cannot be read, with file and line. */
  find(profileId: string): Promise<Profile>;
}

export interface ProfileList {
  readonly profiles: readonly Profile[];
  readonly broken: readonly {
    readonly file: string;
    readonly line: number | null;
    readonly message: string;
  }[];
}
