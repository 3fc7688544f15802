// A thread of a Codex that has no app-server: each turn is a process of `codex exec --json`. It can ask nothing, so
// approvals are never; it can be told nothing while it works; and what was refused is not told. Longer than others: a
// thread and its turns are one state.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Emitter } from '../../base/emitter';
import * as z from 'zod';
import type {
  AgentError,
  AgentThread,
  AnswerResult,
  ExitReason,
  SaidText,
  StopMeasure,
  StopReport,
  ThreadRequest,
} from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';
import { RlmError, throwIfAborted } from '../../core/errors';
import { parseExecEvent, toExecHappenings } from './execEvents';
import { Happenings } from './happenings';
import { canFindLeftovers, endLeftovers, listLeftovers } from './leftovers';
import { LineSplitter } from './lines';
import { toThreadParams } from './threadConfig';
import { toRaw } from './toHappening';
import { toToml } from './toml';

export interface ExecThreadParts {
  readonly clock: Clock;
  readonly program: string;
  readonly request: ThreadRequest;
  /** Of the provider. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string>>;
}

interface ExecTurn {
  readonly turnId: string;
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<void>;
  error: AgentError | null;
  isComplete: boolean;
}

const maxLineBytes = 32 * 1024 * 1024;
const termMs = 1_500;

export class ExecThread implements AgentThread {
  readonly effective;
  readonly onDidHappen;
  readonly #happenings: Happenings;
  readonly #ended = new Emitter<void>();
  readonly onDidEnd = this.#ended.event;
  #threadId: string;
  #turn: ExecTurn | null = null;
  #turns = 0;
  #stop: Promise<StopReport> | null = null;
  #isOver = false;

  constructor(
    threadId: string | null,
    private readonly parts: ExecThreadParts,
  ) {
    const { permissions, cwd, model } = parts.request;
    if (permissions.approvals !== 'never' || permissions.sandbox === 'external') {
      throw new RlmError(
        'INVALID_INPUT',
        'This Codex has no app-server, so it can neither ask for approvals nor run inside walls of others.',
        {
          nextStep: 'Ask for approvals "never" and a sandbox of its own, or install a newer Codex.',
        },
      );
    }
    this.#threadId = threadId ?? '';
    this.effective = { ...permissions, cwd, model: model ?? '' };
    this.#happenings = new Happenings(parts.clock);
    this.onDidHappen = this.#happenings.event;
  }

  get threadId(): string {
    return this.#threadId;
  }

  get turnId(): string | null {
    return this.#turn?.turnId ?? null;
  }

  async say(text: string, signal: AbortSignal): Promise<SaidText> {
    throwIfAborted(signal, 'Saying something to the agent');
    if (this.#turn || this.#stop || this.#isOver) {
      throw new RlmError(
        'INVALID_INPUT',
        'This Codex has no app-server: it can be told nothing while it works, or after its end.',
        { nextStep: 'Wait for the end of its turn, or install a newer Codex.' },
      );
    }
    this.#turns += 1;
    const turnId = `${this.parts.request.runId}-${this.#turns}`;
    this.#turn = this.#startTurn(turnId, text);
    this.#happenings.tell({ kind: 'turnStarted' }, turnId);
    this.#happenings.tell({ kind: 'said', text }, turnId);
    return { turnId, way: 'began' };
  }

  async answer(): Promise<AnswerResult> {
    return 'unknown';
  }

  stop(): Promise<StopReport> {
    this.#stop ??= this.#runStop();
    return this.#stop;
  }

  dispose(): void {
    this.#turn?.child.kill('SIGTERM');
    this.#finish('disposed', 'The thread was given up.');
  }

  #startTurn(turnId: string, text: string): ExecTurn {
    const { program, request, environment } = this.parts;
    const child = spawn(program, [...this.#toArgs()], {
      cwd: request.cwd,
      env: { ...environment, ...toSecrets(request) },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    const turn: ExecTurn = { turnId, child, ended, error: null, isComplete: false };
    const splitter = new LineSplitter(
      {
        line: (line) => this.#hear(turn, line),
        longLine: ({ head }) => this.#happenings.tell(toRaw('exec', head), turnId),
      },
      maxLineBytes,
    );
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => splitter.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk.toString('utf8')}`.slice(-2_000);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(text);
    void ended.then(() => this.#endTurn(turn, errors));
    return turn;
  }

  #hear(turn: ExecTurn, line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = line;
    }
    const event = parseExecEvent(value);
    if (event?.type === 'thread.started') {
      // An unknown id would silently begin another thread.
      if (this.#threadId !== '' && this.#threadId !== event.thread_id) {
        const message = `Codex began thread ${event.thread_id} instead of ${this.#threadId}.`;
        turn.error = { message, code: 'otherThread', httpStatus: null };
        turn.child.kill('SIGTERM');
      }
      this.#threadId ||= event.thread_id;
    } else if (event?.type === 'turn.failed') {
      turn.error = { message: event.error.message, code: null, httpStatus: null };
    }
    turn.isComplete ||= event?.type === 'turn.completed';
    for (const body of toExecHappenings(value, this.parts.request.cwd)) {
      this.#happenings.tell(body, turn.turnId);
    }
  }

  #endTurn(turn: ExecTurn, errors: string): void {
    if (this.#isOver) {
      return;
    }
    this.#turn = null;
    const isStopped = this.#stop !== null;
    const status = turn.isComplete ? 'completed' : isStopped ? 'interrupted' : 'failed';
    const message = errors.trim() === '' ? 'Codex ended without a word.' : errors.trim();
    const error = turn.error ?? { message, code: 'processEnded', httpStatus: null };
    this.#happenings.tell(
      { kind: 'turnEnded', status, error: status === 'failed' ? error : null },
      turn.turnId,
    );
  }

  async #runStop(): Promise<StopReport> {
    const { clock, request } = this.parts;
    const startedAt = clock.monotonic();
    const measures: StopMeasure[] = [];
    const turn = this.#turn;
    if (turn) {
      turn.child.kill('SIGTERM');
      measures.push('interrupted');
      const timer = clock.after(termMs, () => {
        turn.child.kill('SIGKILL');
        measures.push('process killed');
      });
      await turn.ended;
      timer.dispose();
    }
    if ((await endLeftovers(request.runId)) > 0) {
      measures.push('leftovers killed');
    }
    const left = await listLeftovers(request.runId);
    const hasWalls = request.permissions.sandbox !== 'danger-full-access';
    this.#finish('stopped', 'It was stopped.');
    return {
      measures,
      isCertain: left.length === 0 && (canFindLeftovers || hasWalls),
      durationMs: clock.monotonic() - startedAt,
    };
  }

  #toArgs(): readonly string[] {
    const { request, settings } = this.parts;
    const { config, sandbox, developerInstructions } = toThreadParams(request, settings);
    const overrides = {
      ...(typeof config === 'object' ? config : {}),
      approval_policy: 'never',
      developer_instructions: developerInstructions,
      mcp_servers: toServers(request),
      ...toProviders(request),
    };
    return [
      ...['exec', '--json', '--skip-git-repo-check', '--sandbox', String(sandbox)],
      ...['--cd', request.cwd],
      ...(request.model === null ? [] : ['--model', request.model]),
      ...Object.entries(overrides).flatMap(([name, value]) => ['-c', `${name}=${toToml(value)}`]),
      ...(this.#threadId === '' ? [] : ['resume', this.#threadId]),
      '-',
    ];
  }

  #finish(reason: ExitReason, detail: string): void {
    if (this.#isOver) {
      return;
    }
    if (this.#turn) {
      const error = { message: detail, code: 'threadEnded', httpStatus: null };
      this.#happenings.tell({ kind: 'turnEnded', status: 'interrupted', error }, this.turnId);
      this.#turn = null;
    }
    this.#happenings.tell({ kind: 'exited', reason, detail }, null);
    this.#isOver = true;
    this.#happenings.dispose();
    this.#ended.fire();
    this.#ended.dispose();
  }
}

/** Tokens go by the environment of the process: everyone may read its arguments. */
function toServers(request: ThreadRequest): object {
  return Object.fromEntries(
    Object.entries(request.mcpServers).map(([name, { reached, isRequired, tools, timeoutMs }]) => {
      const common = {
        required: isRequired,
        tool_timeout_sec: timeoutMs / 1_000,
        default_tools_approval_mode: tools === 'allow' ? 'approve' : 'writes',
      };
      return [
        name,
        reached.kind === 'http'
          ? {
              ...common,
              url: reached.url,
              env_http_headers: Object.fromEntries(
                Object.keys(reached.headers).map((header, at) => [header, toName(name, at)]),
              ),
            }
          : {
              ...common,
              command: reached.command,
              args: reached.args,
              env_vars: Object.keys(reached.environment),
            },
      ];
    }),
  );
}

function toSecrets(request: ThreadRequest): Readonly<Record<string, string>> {
  return Object.fromEntries([
    ...Object.entries(request.mcpServers).flatMap(([name, { reached }]) =>
      reached.kind === 'http'
        ? Object.values(reached.headers).map((value, at) => [toName(name, at), value] as const)
        : Object.entries(reached.environment),
    ),
    ...Object.entries(readProviders(request)).flatMap(([name, { http_headers: headers = {} }]) =>
      Object.values(headers).map((value, at) => [toName(name, at), value] as const),
    ),
  ]);
}

const providersSchema = z.record(
  z.string(),
  z.looseObject({ http_headers: z.record(z.string(), z.string()).optional() }),
);

function readProviders({ configuration }: ThreadRequest): z.output<typeof providersSchema> {
  return providersSchema.safeParse(configuration['model_providers']).data ?? {};
}

/** As `toServers`, of what the run's own configuration has. */
function toProviders(request: ThreadRequest): object {
  const providers = Object.entries(readProviders(request)).map(
    ([name, { http_headers: headers = {}, ...rest }]): readonly [string, object] => [
      name,
      {
        ...rest,
        env_http_headers: Object.fromEntries(
          Object.keys(headers).map((header, at) => [header, toName(name, at)]),
        ),
      },
    ],
  );
  return providers.length === 0 ? {} : { model_providers: Object.fromEntries<object>(providers) };
}

function toName(server: string, at: number): string {
  return `RLM_MCP_${server.toUpperCase().replaceAll('-', '_')}_${at}`;
}
