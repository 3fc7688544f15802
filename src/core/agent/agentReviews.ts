// What becomes of the work that a run has left: judged by a person, by the rules of its profile, and on record.

import { RlmError } from '../errors';
import type { AgentEvent } from '../event';
import { isAgentEvent } from '../event';
import type { TraceStore } from '../traceStore';
import type { AgentRuns } from './agentRuns';
import { isAtRest } from './agentState';
import { Checklist } from './checklist';
import { PathRules } from './pathRules';
import { RuleLedger } from './ruleLedger';
import { type RunRecord, readRecord } from './runRecord';
import { whileHeld } from './whileHeld';
import type { MergePreview, WorkspaceReview } from './workspaces';

interface ReviewParts {
  readonly runs: AgentRuns;
  readonly traces: TraceStore;
}

/** Whether `.ENV` and `.env` are one file, as they are where file systems are so by default. */
const ignoresCase = process.platform !== 'linux';

export class AgentReviews {
  readonly #parts: ReviewParts;

  constructor(parts: ReviewParts) {
    this.#parts = parts;
  }

  /** @throws RlmError 'AGENT_NOT_FOUND' where it has no worktree. */
  async open(sessionId: string): Promise<WorkspaceReview> {
    const review = await this.#parts.runs.parts.workspaces.openReview(sessionId);
    if (!review) {
      throw new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} has no worktree now.`, {
        nextStep: 'Nothing of its own was in it, it was discarded, or the run works in a folder.',
      });
    }
    return review;
  }

  /**
   * Commits what the run has left, on its own branch.
   * @throws RlmError 'GUARDRAIL_STOPPED' with what its profile's rules miss, 'INVALID_INPUT' while it is at work and as
   * `WorkspaceReview.commit`, 'AGENT_NOT_FOUND' without a worktree.
   */
  async accept(sessionId: string, message: string, signal: AbortSignal) {
    const run = this.#parts.runs.find(sessionId);
    if (run?.isOpen && run.status === 'completed') {
      return run.commit(message, signal);
    }
    return this.#whileAtRest(sessionId, async (note) => {
      const review = await this.open(sessionId);
      const record = await readRecord(this.#parts.traces, sessionId);
      const { changes } = await review.readChanges(signal);
      const missing = [...findForbidden(record, changes), ...(await this.#findMissing(record))];
      if (missing.length > 0) {
        throw new RlmError(
          'GUARDRAIL_STOPPED',
          `It may not be committed yet: ${missing.join('; ')}.`,
          {
            nextStep: 'Resume the agent with what is missing, and commit after it.',
          },
        );
      }
      const done = await review.commit(message, signal);
      await note(`Committed ${done.commit} on ${done.branch}: ${message}`, 'commit');
      return done;
    });
  }

  /** Merges its branch into what is checked out. @throws RlmError as `accept` and `WorkspaceReview.merge`. */
  async merge(
    sessionId: string,
    {
      message,
      shown,
    }: { readonly message: string; readonly shown: Pick<MergePreview, 'tip' | 'head'> },
    signal: AbortSignal,
  ) {
    return this.#whileAtRest(sessionId, async (note) => {
      const review = await this.open(sessionId);
      const done = await review.merge(message, shown, signal);
      await note(`Merged ${review.branch} as ${done.commit}: ${message}`, 'merge');
      return done;
    });
  }

  /** Removes the worktree with its branch. @throws RlmError 'INVALID_INPUT' while it is at work, 'AGENT_NOT_FOUND'. */
  async discard(sessionId: string): Promise<{ readonly keptAs: string }> {
    this.#throwIfAtWork(sessionId);
    await this.open(sessionId);
    await this.#parts.runs.find(sessionId)?.end('interrupted', 'Its worktree is discarded.');
    return this.#whileAtRest(sessionId, async (note) => {
      const review = await this.open(sessionId);
      const { keptAs } = await review.discard();
      await note(`Discarded ${review.branch}, kept as ${keptAs}.`, 'discard');
      return { keptAs };
    });
  }

  /**
   * Nobody goes on with it meanwhile, in whichever engine; `note` puts what was done on record, and the run stands as it
   * stood. @throws RlmError 'INVALID_INPUT' while it is at work, here or elsewhere.
   */
  async #whileAtRest<T>(
    sessionId: string,
    act: (note: (text: string, tag: string) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const { runs, traces } = this.#parts;
    this.#throwIfAtWork(sessionId);
    const run = runs.find(sessionId);
    if (run?.isOpen) {
      return act(async (text, tag) => {
        run.trace.append({ kind: 'agent.noted', by: 'host', note: text, tags: [tag] });
      });
    }
    await run?.end('interrupted', 'It is judged.'); // the end that is under way
    return whileHeld(traces, sessionId, (sink) =>
      act(async (text, tag) => {
        const last = sink && (await readLast(traces, sessionId));
        if (last) {
          const { step, status, usage, agentStanding } = last;
          const body = { kind: 'agent.noted', by: 'host', note: text, tags: [tag] } as const;
          await sink.append({ ...body, at: Date.now(), step, status, usage, agentStanding });
        }
      }),
    );
  }

  #throwIfAtWork(sessionId: string): void {
    const run = this.#parts.runs.find(sessionId);
    if (run && !isAtRest(run.status)) {
      throw new RlmError('INVALID_INPUT', `Agent run ${sessionId} is still at work.`, {
        nextStep: 'Wait for its end, or stop it first.',
      });
    }
  }

  /** By the rules that the run began with: a profile that has changed since judges nothing. */
  async #findMissing({ opened, bodies }: RunRecord): Promise<readonly string[]> {
    const profile = await this.#parts.runs.parts.profiles.find(opened.agent.profileId);
    if (profile.hash !== opened.agent.profileHash && profile.rules.length > 0) {
      return [`profile ${profile.id} has changed since the run began, and its rules with it`];
    }
    const checklist = new Checklist(profile.checklist);
    const ledger = new RuleLedger(profile.rules, checklist);
    bodies.forEach(({ body, number }) => {
      checklist.take(body, number);
      ledger.take(body, number);
    });
    return ledger.findMissing('commit');
  }
}

async function readLast(traces: TraceStore, sessionId: string): Promise<AgentEvent | null> {
  let last: AgentEvent | null = null;
  let cursor: string | null = null;
  do {
    const query = { fromStep: null, toStep: null, cursor, limit: 1_000 };
    const page = await traces.readEvents(sessionId, query);
    last = page.events.findLast(isAgentEvent) ?? last;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return last;
}

function findForbidden(
  { opened }: RunRecord,
  changes: readonly { readonly path: string }[],
): readonly string[] {
  const { deny, write } = opened.agent.permissions;
  const [denied, writable] = [new PathRules(deny, ignoresCase), new PathRules(write)];
  return changes
    .map(({ path }) => path)
    .filter((path) => denied.matches(path) || (!writable.isEmpty && !writable.matches(path)))
    .map((path) => `${path} must not be changed`);
}
