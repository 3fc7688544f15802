// What a run is made of, and what its parts may know of it.

import type { Disposable } from '../../../base/disposable';
import type { Clock } from '../../clock';
import type { AgentOpened } from '../../event';
import type { AgentBudget } from '../agentBudget';
import type { AgentDriver, AgentMcpServer } from '../agentDriver';
import type { AgentSlots } from '../agentSlots';
import type { AgentStatus } from '../agentState';
import type { AgentTrace } from '../agentTrace';
import type { AgentAccessSource } from '../masking';
import type { Narrator } from '../narrator';
import type { Profile } from '../profile';
import type { WorkspacePlace, Workspaces } from '../workspaces';

export interface AgentRunParts {
  readonly opened: AgentOpened;
  readonly profile: Profile;
  readonly driver: AgentDriver;
  readonly workspaces: Workspaces;
  readonly access: AgentAccessSource;
  /** Our own server for this run alone; null: none is offered. */
  readonly openServer: (opened: AgentOpened) => Promise<AgentServer | null>;
  readonly slots: AgentSlots;
  readonly budget: AgentBudget;
  readonly clock: Clock;
  readonly narrator: Narrator;
  /** What an earlier engine left of it; null: it is new. */
  readonly earlier: EarlierRun | null;
  /** Where its parent works now; null: it has none here. */
  readonly readParentFolder: () => string | null;
  /** Children end with their parent. */
  readonly endChildren: (reason: string) => Promise<void>;
  /** A run that has completed is not let go of while they work for it. */
  readonly hasWorkingChildren: () => boolean;
}

export interface EarlierRun {
  /** As the record has it; not at rest where its engine ended without a word. */
  readonly status: AgentStatus;
  /** Approvals without a decision on record. */
  readonly undecided: readonly string[];
  readonly threadId: string | null;
  readonly place: WorkspacePlace | null;
}

export interface AgentServer extends Disposable {
  readonly name: string;
  /** What opens it, which must be seen nowhere. */
  readonly secrets: readonly string[];
  readonly server: AgentMcpServer;
}

/** What each part of a run may do to the whole. */
export interface RunHold {
  readonly sessionId: string;
  readonly trace: AgentTrace;
  /** Its end has begun: nothing new may begin. */
  isEnding(): boolean;
  /** Begins its end; the first says how. */
  end(status: 'failed' | 'terminated' | 'interrupted', reason: string): void;
}
