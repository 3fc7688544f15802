// Port: runs agents that work by themselves in a folder, and tells all that they do. Implemented in src/agents.
// Payloads of unknown shape are JSON as the agent's program gave it.

import type { Disposable } from '../../base/disposable';
import type { Listen } from '../../base/emitter';

export interface AgentDriver extends Disposable {
  /** Starts nothing that goes on running; never rejects. */
  readStatus(): Promise<AgentDriverStatus>;
  /**
   * A new thread, which does nothing until something is said.
   * @throws RlmError 'BACKEND_UNAVAILABLE' when the program is missing, does not answer or does not speak as it must;
   * 'INVALID_INPUT' when it refuses the request, or would run the thread with other permissions than those asked for.
   */
  startThread(request: ThreadRequest, signal: AbortSignal): Promise<AgentThread>;
  /**
   * A thread of an earlier process, with the history it had. Sandbox and approvals are sent again, and what comes back
   * is compared, since the program itself may come back with others.
   * @throws RlmError as `startThread`; 'AGENT_NOT_FOUND' when the program has no such thread.
   */
  resumeThread(threadId: string, request: ThreadRequest, signal: AbortSignal): Promise<AgentThread>;
  /**
   * Ends what commands of a run have left behind, whichever engine had started them; how many processes there were.
   * Only while no thread of the run is open here or elsewhere. Never rejects; 0 where processes cannot be found out.
   */
  endLeftovers(runId: string): Promise<number>;
}

export interface AgentDriverStatus {
  readonly works: boolean;
  /** For people: what it is, or why it does not work. */
  readonly detail: string;
  /** What would make it work; null where it does. */
  readonly nextStep: string | null;
  readonly program: AgentProgram | null;
  /** `steered`: threads in one process, with approvals. `once`: a process per turn, which can ask nothing and be told nothing. */
  readonly mode: 'steered' | 'once' | null;
  /** Parts of its protocol that are not as this version of the driver knows them; empty: all are. */
  readonly differences: readonly string[];
  /** The process that the threads share; null: none runs. */
  readonly pid: number | null;
  readonly threads: number;
}

export interface AgentProgram {
  readonly path: string;
  readonly version: string;
  readonly foundBy: 'setting' | 'environment' | 'path' | 'npm';
}

/** `external`: no walls of its own, since others stand around it already (a container). */
export type SandboxMode = 'read-only' | 'workspace-write' | 'danger-full-access' | 'external';
/** `never`: what would need a question is refused. `untrusted`: asks before all but commands known to be harmless. */
export type ApprovalMode = 'never' | 'on-request' | 'untrusted';

export interface ThreadPermissions {
  readonly sandbox: SandboxMode;
  /** Beside the folder itself; absolute. Only for `workspace-write`. */
  readonly writableRoots: readonly string[];
  /** For commands. */
  readonly network: boolean;
  readonly approvals: ApprovalMode;
}

export interface ThreadRequest {
  /** In the environment of every command, so that what they leave behind can be found: letters, digits and `-`. */
  readonly runId: string;
  /** Absolute; must exist. */
  readonly cwd: string;
  /** Runs the program in a container that is given this folder, at its own path; null: it runs beside us. */
  readonly inside: { readonly folder: string; readonly writes: boolean } | null;
  /** Who the agent is and what holds for it. */
  readonly instructions: string;
  /** Null: the one that the program takes by itself. */
  readonly model: string | null;
  readonly permissions: ThreadPermissions;
  /** For this thread only; names are letters, digits, `_` and `-`. */
  readonly mcpServers: Readonly<Record<string, AgentMcpServer>>;
  /** Settings of the program for this thread, by dotted name; no secrets. Those that could permit more are refused. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** What its commands see beside PATH, HOME and the like; no secrets. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** A JSON schema for the last message of each turn; null: none. The program does not check it. */
  readonly outputSchema: unknown;
}

export interface AgentMcpServer {
  readonly reached:
    | {
        readonly kind: 'http';
        readonly url: string;
        /** May hold a token: they are sent to the program over its input and written nowhere. */
        readonly headers: Readonly<Record<string, string>>;
      }
    | {
        readonly kind: 'command';
        readonly command: string;
        readonly args: readonly string[];
        readonly environment: Readonly<Record<string, string>>;
      };
  /** The thread does not start without it. */
  readonly isRequired: boolean;
  /** `ask`: calls of tools that may change something become approvals. */
  readonly tools: 'allow' | 'ask';
  readonly timeoutMs: number;
}

export interface AgentThread extends Disposable {
  readonly threadId: string;
  /** As the program says it runs the thread. */
  readonly effective: ThreadPermissions & { readonly cwd: string; readonly model: string };
  /** In order, each once. What happens before the first listener comes is kept for it. */
  readonly onDidHappen: Listen<AgentHappening>;
  /** Of the turn that runs; null: none does. */
  readonly turnId: string | null;
  /**
   * Begins a turn, or adds to the one that runs; a turn that ends meanwhile is followed by another. When it has
   * resolved the text is with the program, once. What the agent takes in is told by `said`.
   * @throws RlmError 'BACKEND_UNAVAILABLE' when the process is gone or does not answer, and then it is not known whether
   * the text arrived unless the message says so; 'CANCELLED' when `signal` aborts before it was sent, or `stop` was called.
   */
  say(text: string, signal: AbortSignal): Promise<SaidText>;
  /** The first answer counts; never rejects. */
  answer(approvalId: string, answer: ApprovalAnswer): Promise<AnswerResult>;
  /**
   * Ends the turn and everything it has started, by what it takes: asking, closing its terminals, archiving the thread,
   * killing the process, which ends the threads beside it. Calls share one stop; approvals that wait are cancelled; nothing more can be said
   * after it. Never rejects.
   */
  stop(): Promise<StopReport>;
}

export interface SaidText {
  readonly turnId: string;
  readonly way: 'began' | 'steered';
}

export type ApprovalDecision = 'accept' | 'decline' | 'cancel';

export interface ApprovalAnswer {
  /** `decline`: the turn goes on without. `cancel`: the turn ends. */
  readonly decision: ApprovalDecision;
  /** Told to the agent, where it goes on; null: nothing. */
  readonly note: string | null;
  /** For `input`, by the question's id; for `form`, by field. Null: the program's own words for yes. */
  readonly values: Readonly<Record<string, unknown>> | null;
}

/** `late`: answered before, resolved by the program, or the thread has ended. `unknown`: there was no such approval. */
export type AnswerResult = 'answered' | 'late' | 'unknown';

export interface StopReport {
  /** What was done, in order. Empty: nothing ran. */
  readonly measures: readonly StopMeasure[];
  /** The program has confirmed the end of the turn and its commands, or is gone itself, and no process was found. */
  readonly isCertain: boolean;
  readonly durationMs: number;
}

/** `leftovers killed`: processes that were left of its commands. `process killed`: the program's own. */
export type StopMeasure =
  'interrupted' | 'terminals closed' | 'leftovers killed' | 'archived' | 'process killed';

/** One thing that happened. */
export type AgentHappening = {
  /** Epoch ms. */
  readonly at: number;
  readonly turnId: string | null;
} & HappeningBody;

export type HappeningBody =
  | { readonly kind: 'turnStarted' }
  | {
      readonly kind: 'turnEnded';
      readonly status: 'completed' | 'interrupted' | 'failed';
      readonly error: AgentError | null;
    }
  /** The agent has taken in what was said to it. */
  | { readonly kind: 'said'; readonly text: string }
  /** `isFinal`: by the program's word it is the turn's answer; false also where it does not say. */
  | {
      readonly kind: 'message';
      readonly itemId: string;
      readonly text: string;
      readonly isFinal: boolean;
    }
  | { readonly kind: 'messageDelta'; readonly itemId: string; readonly text: string }
  | { readonly kind: 'reasoning'; readonly itemId: string; readonly text: string }
  | {
      readonly kind: 'plan';
      readonly explanation: string | null;
      readonly steps: readonly PlanStep[];
    }
  | {
      readonly kind: 'commandStarted';
      readonly itemId: string;
      readonly command: string;
      readonly cwd: string;
    }
  /** `isCapped`: this is the last piece told, whatever else is written. */
  | {
      readonly kind: 'commandOutput';
      readonly itemId: string;
      readonly text: string;
      readonly isCapped: boolean;
    }
  | ({ readonly kind: 'commandEnded' } & CommandEnd)
  | { readonly kind: 'patchStarted'; readonly itemId: string; readonly patch: Patch }
  | {
      readonly kind: 'patchEnded';
      readonly itemId: string;
      readonly patch: Patch;
      readonly status: ActionStatus;
    }
  /** All patches of the turn together; what commands changed is not in it. */
  | { readonly kind: 'turnDiff'; readonly diff: string; readonly droppedChars: number }
  | ({ readonly kind: 'toolStarted' } & ToolCall)
  | ({
      readonly kind: 'toolEnded';
      readonly status: ActionStatus;
      readonly result: unknown;
      readonly durationMs: number | null;
    } & ToolCall)
  /**
   * The model called a tool and nothing else tells of it: it was refused, failed before it began, or is of a kind that
   * has no item. Told at the latest before the turn ends. `output` is what the model was told; null: nothing.
   */
  | {
      readonly kind: 'unlistedCall';
      readonly callId: string;
      readonly tool: string;
      readonly arguments: string;
      readonly output: string | null;
      /** A command that has run to its end all the same; null: it is none, or how it ended is not told. */
      readonly ran: { readonly command: string; readonly exitCode: number } | null;
      readonly droppedChars: number;
    }
  | {
      readonly kind: 'approvalAsked';
      readonly approvalId: string;
      readonly itemId: string | null;
      readonly reason: string | null;
      readonly subject: AskedSubject;
    }
  /** `by`: our answer, or the program (its turn ended), or the end of the thread. */
  | {
      readonly kind: 'approvalResolved';
      readonly approvalId: string;
      readonly decision: ApprovalDecision;
      readonly by: 'answer' | 'program' | 'end';
    }
  | {
      readonly kind: 'usage';
      readonly total: AgentTokens;
      readonly last: AgentTokens;
      readonly contextWindow: number | null;
    }
  | { readonly kind: 'error'; readonly error: AgentError; readonly willRetry: boolean }
  | { readonly kind: 'warning'; readonly message: string }
  /** Agents that the program has started by itself, inside this thread. */
  | {
      readonly kind: 'subAgent';
      readonly itemId: string;
      readonly action: string;
      readonly threadIds: readonly string[];
      readonly prompt: string | null;
      readonly status: string;
    }
  | { readonly kind: 'webSearch'; readonly itemId: string; readonly query: string }
  /** Whatever the driver does not know, and the raw record of the model's items. JSON, cut where it is long. */
  | {
      readonly kind: 'raw';
      readonly method: string;
      readonly payload: string;
      readonly droppedChars: number;
    }
  /** The last of all: nothing of the thread runs any more. */
  | { readonly kind: 'exited'; readonly reason: ExitReason; readonly detail: string };

export type ExitReason = 'stopped' | 'disposed' | 'process ended';

/** `declined`: by whoever was asked, or by a rule of the program. */
export type ActionStatus = 'completed' | 'failed' | 'declined' | 'interrupted';

export interface CommandEnd {
  readonly itemId: string;
  readonly command: string;
  readonly cwd: string;
  readonly status: ActionStatus;
  /** Null: it has none. */
  readonly exitCode: number | null;
  /** Both streams as they were mixed; where it is long the middle is left out. */
  readonly output: string;
  readonly droppedChars: number;
  readonly durationMs: number | null;
}

export interface Patch {
  readonly changes: readonly {
    readonly path: string;
    readonly change: 'add' | 'update' | 'delete';
    /** Where an updated file goes; null: it stays. */
    readonly movedTo: string | null;
  }[];
  readonly diff: string;
  readonly droppedChars: number;
}

export interface ToolCall {
  readonly itemId: string;
  /** Null: a tool of the program itself. */
  readonly server: string | null;
  readonly tool: string;
  readonly arguments: unknown;
}

export interface PlanStep {
  readonly text: string;
  readonly status: 'pending' | 'inProgress' | 'completed';
}

/** `cwd` and the rest are as the program names them; null: it does not. */
export type AskedSubject =
  | {
      readonly kind: 'command';
      readonly command: string | null;
      readonly cwd: string | null;
      /** It is asked for network access to this host; null: for the command itself. */
      readonly host: string | null;
    }
  /** `grantRoot`: it wants to write below this folder from now on. */
  | { readonly kind: 'patch'; readonly patch: Patch | null; readonly grantRoot: string | null }
  | { readonly kind: 'permissions'; readonly cwd: string; readonly permissions: unknown }
  /** An MCP server asks, also whether a tool of it may be called. */
  | {
      readonly kind: 'form';
      readonly server: string;
      readonly message: string;
      readonly schema: unknown;
      readonly url: string | null;
    }
  | { readonly kind: 'input'; readonly questions: readonly AskedQuestion[] };

export interface AskedQuestion {
  readonly id: string;
  readonly question: string;
  readonly options: readonly string[];
}

export interface AgentTokens {
  readonly total: number;
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface AgentError {
  readonly message: string;
  /** The program's own word, `unauthorized` for example; null: it gives none. Rules go by it and by `httpStatus`, never by the message. */
  readonly code: string | null;
  readonly httpStatus: number | null;
}
