// What follows from each thing that a run's program tells, one after the other in the order told.

import { Emitter } from '../../../base/emitter';
import { toRlmError } from '../../errors';
import type { AgentHappening } from '../agentDriver';
import { toAgentEvent, toFileChanges } from '../happenings';
import type { Masker } from '../masking';
import type { RunApprovals } from './runApprovals';
import type { RunMeter } from './runMeter';
import type { RunHold } from './runParts';
import type { RunProgram } from './runProgram';
import type { RunSummaries } from './runSummaries';
import type { RunTurns } from './runTurns';
import type { RunWorkspace } from './runWorkspace';

/** A piece of what it says or a command writes, for who watches now; masked, and not on record. */
export interface AgentPiece {
  readonly itemId: string;
  readonly kind: 'message' | 'output';
  readonly text: string;
}

interface RunHappeningsParts {
  readonly hold: RunHold;
  readonly workspace: RunWorkspace;
  readonly program: RunProgram;
  readonly meter: RunMeter;
  readonly turns: RunTurns;
  readonly approvals: RunApprovals;
  readonly summaries: RunSummaries;
  /** It has given a sign of life. */
  readonly onHear: () => void;
  /** A turn has begun. */
  readonly onTurn: () => void;
  /** Its turn has ended well, and no other has begun. */
  readonly onComplete: () => void;
}

export class RunHappenings {
  readonly #parts: RunHappeningsParts;
  readonly #streamed = new Emitter<AgentPiece>();
  readonly onDidStream = this.#streamed.event;
  #handling: Promise<void> = Promise.resolve();
  /** The agent was told what its profile's rules want before it is done. */
  #isReminded = false;

  constructor(parts: RunHappeningsParts) {
    this.#parts = parts;
  }

  /** What needs a look at the disk is waited for before the next is taken. */
  take(happening: AgentHappening): void {
    const { hold, turns, onHear } = this.#parts;
    onHear();
    const stream = toPiece(happening, hold.trace.masker);
    if (stream) {
      this.#streamed.fire(stream);
      return;
    }
    if (happening.kind === 'turnStarted') {
      turns.tellStart();
    }
    this.#handling = this.#handling
      .then(() => this.#handle(happening))
      .catch((thrown: unknown) => hold.end('failed', toRlmError(thrown).message));
  }

  /** All that was told so far is handled. */
  async settle(): Promise<void> {
    await this.#handling;
  }

  /** Someone else has told the agent something. */
  beginMessage(): void {
    this.#isReminded = false;
  }

  async #handle(happening: AgentHappening): Promise<void> {
    const { hold, workspace, program, meter, turns, approvals, summaries } = this.#parts;
    const event = toAgentEvent(happening, (path) => workspace.toRelative(path));
    if (event) {
      hold.trace.append(event);
      summaries.addWhenDue();
    }
    switch (happening.kind) {
      case 'turnStarted':
        turns.handleStart();
        workspace.beginTurn();
        this.#parts.onTurn();
        return;
      case 'commandStarted':
      case 'patchStarted':
      case 'toolStarted':
        meter.countAction();
        return;
      case 'unlistedCall':
        if (happening.ran) {
          meter.countAction();
        }
        return;
      case 'patchEnded':
        for (const { path } of toFileChanges(happening.patch, (one) => workspace.toRelative(one))) {
          workspace.tell(path);
        }
        return;
      case 'approvalAsked':
        approvals.ask(happening);
        return;
      case 'approvalResolved':
        if (happening.by !== 'answer') {
          approvals.forget(happening.approvalId);
        }
        return;
      case 'usage':
        meter.countTokens(
          { total: happening.total.total, last: happening.last.total },
          { isMetered: program.isMetered, isFirst: turns.isBeforeFirst },
        );
        return;
      case 'turnEnded':
        await this.#endTurn(happening);
        return;
      case 'exited':
        hold.end('interrupted', `Its program ended: ${happening.detail}`);
        return;
      case 'said':
      case 'message':
      case 'messageDelta':
      case 'reasoning':
      case 'plan':
      case 'commandOutput':
      case 'commandEnded':
      case 'toolEnded':
      case 'turnDiff':
      case 'error':
      case 'warning':
      case 'subAgent':
      case 'webSearch':
      case 'raw':
        return; // recorded above, or shown to who watches
    }
  }

  async #endTurn({
    status,
    error,
  }: Extract<AgentHappening, { readonly kind: 'turnEnded' }>): Promise<void> {
    const { hold, workspace, turns, onComplete } = this.#parts;
    if (hold.isEnding()) {
      return;
    }
    if (status !== 'completed') {
      const why =
        error?.message ?? (status === 'failed' ? 'Its turn failed.' : 'Its turn was interrupted.');
      hold.end(status === 'failed' ? 'failed' : 'interrupted', why);
      return;
    }
    const forbidden = await workspace.recordChanges();
    await turns.whenAllTold(); // it may begin another turn
    if (hold.isEnding()) {
      return;
    }
    if (forbidden.length > 0) {
      const what = forbidden.join(', ');
      hold.trace.append({ kind: 'agent.refused', rule: 'workspace', what });
      hold.end('terminated', `It changed what it must not: ${what}`);
      return;
    }
    if (this.#mayRemind && !turns.isInTurn) {
      await this.#remind();
      await turns.whenAllTold();
    }
    if (!turns.isInTurn && !hold.isEnding()) {
      onComplete(); // at once, so that no message comes between
    }
  }

  /** Once for each message of others; what is still missing then is on record. */
  get #mayRemind(): boolean {
    const { hold, meter } = this.#parts;
    const isMissing = hold.trace.rules.findMissing('complete').length > 0;
    return isMissing && !this.#isReminded && meter.findTurnShortage() === null;
  }

  /** Tells the agent what its profile's rules want before it is done; it goes on then. */
  async #remind(): Promise<void> {
    const { hold, turns } = this.#parts;
    this.#isReminded = true;
    const what = hold.trace.rules.findMissing('complete').join('; ');
    await turns.tell(`You are not done yet: ${what}.`, 'host').catch(() => undefined); // on record
  }
}

function toPiece(happening: AgentHappening, masker: Masker): AgentPiece | null {
  if (happening.kind !== 'messageDelta' && happening.kind !== 'commandOutput') {
    return null;
  }
  const kind = happening.kind === 'messageDelta' ? 'message' : 'output';
  return { itemId: happening.itemId, kind, text: masker.mask(happening.text) };
}
