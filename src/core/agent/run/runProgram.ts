// What a run's program is given and how it is let go: its way to a model, our own server for it, its thread.

import type { Disposable } from '../../../base/disposable';
import { cancelledError } from '../../errors';
import type { AgentHappening, AgentThread, StopReport } from '../agentDriver';
import type { AgentAccess, CallMeter } from '../masking';
import { toInstructions } from '../spawnPlan';
import type { Workspace } from '../workspaces';
import type { AgentRunParts, AgentServer, RunHold } from './runParts';
import { settleQuietly } from './settleQuietly';

export class RunProgram {
  readonly #parts: AgentRunParts;
  readonly #hold: RunHold;
  #thread: AgentThread | null = null;
  #hearing: Disposable | null = null;
  #access: AgentAccess | null = null;
  #server: AgentServer | null = null;

  constructor(parts: AgentRunParts, hold: RunHold) {
    this.#parts = parts;
    this.#hold = hold;
  }

  /** Null: none was opened. */
  get thread(): AgentThread | null {
    return this.#thread;
  }

  get isMetered(): boolean {
    return this.#access?.isMetered === true;
  }

  /** @throws RlmError as `AgentAccessSource.open` and `AgentDriver.startThread`; 'CANCELLED' when the run ends meanwhile. */
  async open(
    workspace: Workspace,
    {
      meter,
      signal,
      onHappen,
    }: {
      readonly meter: CallMeter;
      readonly signal: AbortSignal;
      readonly onHappen: (happening: AgentHappening) => void;
    },
  ): Promise<void> {
    const { access, driver, earlier, opened, profile, openServer } = this.#parts;
    const { sessionId, trace } = this.#hold;
    this.#server = await openServer(opened);
    this.#throwIfEnding();
    this.#access = await access.open({
      sessionId,
      mask: profile.mask,
      secrets: this.#server?.secrets ?? [],
      meter: { admit: (most, given) => meter.admit(most, AbortSignal.any([given, signal])) },
    });
    trace.maskWith(this.#access.masker);
    this.#throwIfEnding();
    const request = this.#toThreadRequest(workspace, this.#access);
    const threadId = earlier?.threadId ?? null;
    this.#thread =
      threadId === null
        ? await driver.startThread(request, signal)
        : await driver.resumeThread(threadId, request, signal);
    this.#hearing = this.#thread.onDidHappen(onHappen);
    this.#throwIfEnding();
  }

  /** Ends the turn and all that it has started. Null: there was none, or it could not. */
  async stop(): Promise<StopReport | null> {
    return (await settleQuietly(async () => this.#thread?.stop())) ?? null;
  }

  /** Nothing more is heard of it. */
  async endThread(): Promise<void> {
    await settleQuietly(async () => this.#thread?.dispose());
    this.#hearing?.dispose();
  }

  async release(): Promise<void> {
    await settleQuietly(async () => this.#server?.dispose());
    await settleQuietly(async () => this.#access?.dispose());
  }

  #toThreadRequest(workspace: Workspace, access: AgentAccess) {
    const { opened, profile } = this.#parts;
    const { permissions, model, isolation } = opened.agent;
    const isInside = isolation === 'container';
    return {
      runId: this.#hold.sessionId,
      cwd: workspace.cwd,
      inside: isInside
        ? { folder: workspace.place.folder, writes: permissions.sandbox !== 'read-only' }
        : null,
      instructions: [toInstructions(profile, opened.agent), ...workspace.notes].join('\n\n'),
      model,
      permissions: {
        sandbox: isInside ? ('external' as const) : permissions.sandbox,
        writableRoots: permissions.sandbox === 'workspace-write' ? workspace.writableRoots : [],
        network: permissions.network,
        approvals: permissions.approvals,
      },
      mcpServers: this.#server ? { [this.#server.name]: this.#server.server } : {},
      configuration: access.configuration,
      commandEnvironment: {},
      outputSchema: null,
    };
  }

  #throwIfEnding(): void {
    if (this.#hold.isEnding()) {
      throw cancelledError('The agent run');
    }
  }
}
