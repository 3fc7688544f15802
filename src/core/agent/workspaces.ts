// Port: where agents work, each apart from the others. Implemented in src/agents/workspaces.

import type { FileChange } from './agentEvent';
import type { Isolation } from './permissions';

export interface Workspaces {
  /**
   * What a run would work on, by its real path. Null: the engine's own folder.
   * @throws RlmError 'PATH_NOT_ALLOWED' | 'INVALID_INPUT' (no folder)
   */
  readFolder(
    folder: string | null,
  ): Promise<{ readonly folder: string; readonly isRepository: boolean }>;
  /**
   * Prepares a place to work in and takes the lease on what it writes to; another run that writes there waits.
   * @throws RlmError 'PATH_NOT_ALLOWED' | 'INVALID_INPUT' | 'BACKEND_UNAVAILABLE' (git is missing)
   * | 'CANCELLED'. Nothing is left behind then.
   */
  prepare(request: WorkspaceRequest, signal: AbortSignal): Promise<Workspace>;
  /** A workspace that an earlier run of the session has left, with its lease. @throws as `prepare`, 'AGENT_NOT_FOUND' when it is gone. */
  reopen(place: WorkspacePlace, request: WorkspaceRequest, signal: AbortSignal): Promise<Workspace>;
  /** Worktrees and containers of runs that no trace knows as running. Never rejects. */
  listLeft(): Promise<readonly LeftWorkspace[]>;
  /** @throws RlmError 'INVALID_INPUT' where it holds what is not committed, unless `force`. */
  remove(left: LeftWorkspace, force: boolean): Promise<void>;
  /** What a run has left in its worktree; null: it has none, or it is gone. */
  openReview(sessionId: string): Promise<WorkspaceReview | null>;
  readStatus(): Promise<WorkspaceStatus>;
}

/** The worktree of a run, for a person to judge; not while the run is at work. Files are named from `folder` on. */
export interface WorkspaceReview {
  readonly folder: string;
  readonly branch: string;
  /** That it is a worktree of: the person's own folder. */
  readonly repository: string;
  /** Since the run began, committed or not. */
  readChanges(signal: AbortSignal): Promise<WorkspaceChanges>;
  /** A file as it was when the run began. @throws RlmError 'INVALID_INPUT' where it was not there. */
  readOriginal(file: string): Promise<string>;
  /** All that is there, on its branch, hooks off. @throws RlmError 'INVALID_INPUT' when there is nothing. */
  commit(
    message: string,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly branch: string }>;
  /** What merging its branch into what is checked out in `repository` would do. @throws RlmError 'INVALID_INPUT' */
  previewMerge(signal: AbortSignal): Promise<MergePreview>;
  /**
   * What was shown, and nothing that came after it.
   * @throws RlmError 'INVALID_INPUT' with the conflicts, where it is not as it was shown, or git refuses; nothing has changed then.
   */
  merge(
    message: string,
    shown: Pick<MergePreview, 'tip' | 'head'>,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string }>;
  /** Removes it with its branch. All but ignored files stays reachable: the ref that holds it. */
  discard(): Promise<{ readonly keptAs: string }>;
}

export interface MergePreview {
  /** The branch that is checked out; HEAD where there is none. */
  readonly into: string;
  /** The last commits of its branch, and of what it is merged into. */
  readonly tip: string;
  readonly head: string;
  readonly commits: number;
  readonly changes: readonly FileChange[];
  /** Files that would be in conflict. */
  readonly conflicts: readonly string[];
}

export interface WorkspaceRequest {
  readonly sessionId: string;
  readonly profileId: string;
  /** Absolute: what it was asked to work on. */
  readonly folder: string;
  /** Where its parent works now, whose files it begins with, committed or not; null: with what `folder` has committed. */
  readonly parentFolder: string | null;
  readonly isolation: Isolation;
  /** False: it reads only, and shares the folder with others that do. */
  readonly writes: boolean;
  readonly deny: readonly string[];
  readonly write: readonly string[];
  /** Told while another run holds what this one would write to: its place in line, from 1; null: its turn has come. */
  readonly onQueued: (place: number | null) => void;
}

/** What finds a workspace again; it is on record in the trace. */
export interface WorkspacePlace {
  readonly folder: string;
  readonly branch: string | null;
  readonly container: string | null;
}

export interface Workspace {
  readonly place: WorkspacePlace;
  /** Where the agent works; in a container it has the same path. */
  readonly cwd: string;
  /** What the agent must know of it: sentences, for people too. */
  readonly notes: readonly string[];
  /** Other roots that it must be able to write to. */
  readonly writableRoots: readonly string[];
  /** Which of `paths` it must not have touched; by their real paths. */
  findViolations(paths: readonly string[]): Promise<readonly string[]>;
  /** What has changed since it was prepared, by what lies there and not by what the agent said. */
  readChanges(signal: AbortSignal): Promise<WorkspaceChanges>;
  /** Commits what changed, hooks off. @throws RlmError 'INVALID_INPUT' when there is nothing, or no repository. */
  commit(
    message: string,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly branch: string }>;
  /** Lets go of it: removed when it holds nothing of its own, else kept. For people: what is left. Never rejects. */
  release(): Promise<readonly string[]>;
}

export interface WorkspaceChanges {
  readonly changes: readonly FileChange[];
  /** A unified diff; binary files by their names. */
  readonly diff: string;
  readonly droppedChars: number;
}

export interface LeftWorkspace {
  readonly place: WorkspacePlace;
  readonly sessionId: string;
  readonly ageMs: number;
  readonly bytes: number | null;
  /** Not committed, or committed and on no other branch. */
  readonly holdsWork: boolean;
}

export interface WorkspaceStatus {
  readonly git: string | null;
  readonly containers: string | null;
  /** Worktrees there are, and bytes of all. */
  readonly worktrees: number;
  readonly bytes: number;
}
