// Where a run works: how it comes there, what has changed there and may not have, what is committed and left.

import { RlmError, cancelledError } from '../../errors';
import type { AgentInfo } from '../agentEvent';
import type { AgentStatus } from '../agentState';
import { PathRules, toPathBelow } from '../pathRules';
import { WorkspaceLog } from '../workspaceLog';
import type { Workspace, WorkspacePlace, WorkspaceRequest, Workspaces } from '../workspaces';
import type { RunHold } from './runParts';
import { settleQuietly } from './settleQuietly';

/** An event is a line of the trace, which may not be of any length. */
const filesPerEvent = 1_000;
/** Whether `.ENV` and `.env` are one file, as they are where file systems are so by default. */
const ignoresCase = process.platform !== 'linux';

interface RunWorkspaceParts {
  readonly workspaces: Workspaces;
  readonly info: AgentInfo;
  readonly hold: RunHold;
  readonly signal: AbortSignal;
  readonly readParentFolder: () => string | null;
  /** Where an earlier engine had it work; null: nowhere yet. */
  readonly earlier: WorkspacePlace | null;
}

export class RunWorkspace {
  readonly #parts: RunWorkspaceParts;
  readonly #denied: PathRules;
  readonly #writable: PathRules;
  readonly #log = new WorkspaceLog();
  #workspace: Workspace | null = null;
  /** Of a workspace that was let go of. */
  #lastPlace: WorkspacePlace | null = null;
  #leftBehind: readonly string[] = [];

  constructor(parts: RunWorkspaceParts) {
    const { deny, write } = parts.info.permissions;
    this.#parts = parts;
    this.#denied = new PathRules(deny, ignoresCase);
    this.#writable = new PathRules(write);
  }

  /** Null: it has none now. */
  get current(): Workspace | null {
    return this.#workspace;
  }

  /** Where it works or has worked; null: not known yet. */
  get place(): WorkspacePlace | null {
    return this.#workspace?.place ?? this.#lastPlace ?? this.#parts.earlier;
  }

  /** What it has left where it worked, once it has ended; for people. */
  get leftBehind(): readonly string[] {
    return this.#leftBehind;
  }

  /** @throws RlmError 'AGENT_NOT_FOUND' where it has none now. */
  require(): Workspace {
    if (!this.#workspace) {
      const { sessionId } = this.#parts.hold;
      throw new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} has no workspace now.`, {
        nextStep: 'Wait until it has begun, or look at its branch with git.',
      });
    }
    return this.#workspace;
  }

  /** @throws RlmError as `Workspaces.prepare`; 'CANCELLED' when the run ends meanwhile. */
  async prepare(onQueued: (place: number | null) => void): Promise<Workspace> {
    const { workspaces, info, hold, signal, earlier } = this.#parts;
    const { permissions, isolation, folder, profileId } = info;
    const request = {
      sessionId: hold.sessionId,
      profileId,
      folder,
      parentFolder: this.#parts.readParentFolder(),
      isolation,
      writes: permissions.sandbox !== 'read-only',
      deny: permissions.deny,
      write: permissions.write,
      onQueued,
    };
    const workspace = earlier
      ? await this.#reopen(earlier, request)
      : await workspaces.prepare(request, signal);
    this.#workspace = workspace;
    this.#throwIfEnding();
    workspace.notes.forEach((note) => this.#note(note));
    return workspace;
  }

  /** One that held nothing of its own was removed when the run was let go. */
  async #reopen(place: WorkspacePlace, request: WorkspaceRequest): Promise<Workspace> {
    const { workspaces, signal } = this.#parts;
    try {
      return await workspaces.reopen(place, request, signal);
    } catch (thrown) {
      if (!(thrown instanceof RlmError) || thrown.code !== 'AGENT_NOT_FOUND') {
        throw thrown;
      }
      this.#throwIfEnding();
      this.#note(
        `Its workspace ${place.folder} is gone; it goes on in a new one. ${thrown.message}`,
      );
      return workspaces.prepare(request, signal);
    }
  }

  beginTurn(): void {
    this.#log.beginTurn();
  }

  /** A patch has told of it. */
  tell(path: string): void {
    this.#log.tell(path);
  }

  toRelative(path: string): string {
    return toPathBelow(path, this.#workspace?.cwd ?? '');
  }

  isForbidden(path: string): boolean {
    return this.#denied.matches(path) || (!this.#writable.isEmpty && !this.#writable.matches(path));
  }

  /** What commands have changed is on record too. Gives what it must not have touched. */
  async recordChanges(): Promise<readonly string[]> {
    const workspace = this.#workspace;
    if (!workspace) {
      return [];
    }
    const found = await workspace.readChanges(this.#parts.signal);
    const fresh = this.#log.takeNew(found);
    for (let from = 0; from < fresh.length; from += filesPerEvent) {
      this.#parts.hold.trace.append({
        kind: 'agent.edited',
        actionId: 'workspace',
        changes: fresh.slice(from, from + filesPerEvent),
        diff: '',
        droppedChars: 0,
        result: 'ok',
      });
    }
    const paths = found.changes.map(({ path }) => path);
    const outside = await workspace.findViolations(paths);
    return [...new Set([...outside, ...paths.filter((path) => this.isForbidden(path))])];
  }

  /** @throws RlmError as `AgentRun.commit`. */
  async commit(status: AgentStatus, message: string, signal: AbortSignal) {
    const { trace, sessionId } = this.#parts.hold;
    const workspace = this.require();
    if (status !== 'completed') {
      throw new RlmError('INVALID_INPUT', `Agent run ${sessionId} is ${status}.`, {
        nextStep: 'Commit when its turn has completed.',
      });
    }
    const forbidden = await this.recordChanges();
    const missing = [
      ...forbidden.map((path) => `${path} must not be changed`),
      ...trace.rules.findMissing('commit'),
    ];
    if (missing.length > 0) {
      const what = missing.join('; ');
      trace.append({ kind: 'agent.refused', rule: 'commit', what });
      throw new RlmError('GUARDRAIL_STOPPED', `It may not be committed yet: ${what}.`, {
        nextStep: 'Tell the agent what is missing with agent_message, and commit after it.',
      });
    }
    const done = await workspace.commit(message, signal);
    if (trace.isOpen) {
      const note = `Committed ${done.commit} on ${done.branch}: ${message}`;
      trace.append({ kind: 'agent.noted', by: 'host', note, tags: ['commit'] });
    }
    return done;
  }

  /** Gives it back; what is left is known from then on. Never rejects. */
  async release(): Promise<void> {
    const workspace = this.#workspace;
    this.#leftBehind = (await settleQuietly(async () => workspace?.release())) ?? [];
  }

  /** Its end is on record. */
  forget(): void {
    this.#lastPlace = this.#workspace?.place ?? null;
    this.#workspace = null;
  }

  #note(note: string): void {
    this.#parts.hold.trace.append({ kind: 'agent.noted', by: 'host', note, tags: ['workspace'] });
  }

  #throwIfEnding(): void {
    if (this.#parts.hold.isEnding()) {
      throw cancelledError('The agent run');
    }
  }
}
