// Which session a sandbox tool works in: the one that is named, else the one scratch session of its connection.

import { toOneLine } from '../base/text';
import { RlmError, toRlmError } from '../core/errors';
import type { Engine } from '../core/engine';
import type { Limits } from '../core/limits';
import type { BackendName, Language } from '../core/sandbox';
import type { Session } from '../core/session';
import { createInvalidInput } from './invalidInput';
import { type ReplayView, resumeSession } from './replayView';
import type { ToolContext } from './tool';

const maxTitleChars = 60;
/** Wide ones: whoever wants others opens a session by rlm_init_context. */
const scratchLimits: Partial<Limits> = {
  maxSteps: 1_000,
  maxRuntimeMs: 3_600_000,
  budgetLimit: 2_000_000,
  maxSessionMs: 86_400_000,
};

export interface SandboxArgs {
  readonly sandbox_id?: string | undefined;
  readonly language?: Language | undefined;
  readonly backend?: BackendName | undefined;
}

export interface FoundSandbox {
  readonly session: Session;
  readonly replay: ReplayView | null;
  /** A scratch session took the place of one that has ended. */
  readonly note: string | null;
}

/** The scratch session of one connection. */
export class Scratch {
  #current: Promise<Session> | null = null;

  /** Opens one where there is none, or the last has ended. */
  async find(context: ToolContext, args: SandboxArgs): Promise<FoundSandbox> {
    const session = await this.#openOnce(context, args);
    const { status } = await context.engine.sessions.readSummary(session.id);
    if (status !== 'stopped' && status !== 'finalized') {
      requireSame(session, args);
      return { ...(await resumeSession(context, session.id)), note: null };
    }
    this.#current = null;
    const next = await this.#openOnce(context, args);
    const note = `The scratch session ${session.id} is ${status}; this is a new one, without its variables and files.`;
    return { session: next, replay: null, note };
  }

  /** Its client is gone. */
  async close(engine: Engine): Promise<void> {
    const session = await this.#current?.catch(() => null);
    this.#current = null;
    if (session) {
      await engine.sessions.closeSession(session.id, 'its client has gone').catch(() => undefined);
    }
  }

  #openOnce(context: ToolContext, args: SandboxArgs): Promise<Session> {
    if (this.#current) {
      return this.#current;
    }
    const opening = openSandbox(context, { ...args, title: 'Scratch', limits: scratchLimits });
    this.#current = opening;
    opening.catch(() => {
      if (this.#current === opening) {
        this.#current = null;
      }
    });
    return opening;
  }
}

/** A session without a text. */
export function openSandbox(
  { engine, signal, progress }: Pick<ToolContext, 'engine' | 'signal' | 'progress'>,
  options: SandboxArgs & {
    readonly title: string;
    readonly limits: Partial<Limits>;
    readonly image?: string | undefined;
  },
): Promise<Session> {
  const { language = 'python', backend = null, image = null, title, limits } = options;
  const context = { text: '', paths: [], encoding: null, includeIgnored: false };
  const request = {
    context,
    language,
    backend,
    image,
    title: toOneLine(title, maxTitleChars),
    limits,
  };
  const stages = progress.startStages();
  return engine.sessions
    .openSession({ ...request, onStage: stages.onStage }, signal)
    .finally(() => stages.dispose());
}

/** @throws RlmError 'SESSION_NOT_FOUND', and what resuming throws. */
export async function findSandbox(context: ToolContext, args: SandboxArgs): Promise<FoundSandbox> {
  const { sandbox_id: sandboxId } = args;
  if (sandboxId === undefined) {
    return context.scratch.find(context, args);
  }
  const found = await resumeSession(context, sandboxId).catch((thrown: unknown) => {
    throw toNamed(toRlmError(thrown), sandboxId);
  });
  requireSame(found.session, args);
  return { ...found, note: null };
}

/** The argument has another name here. */
function toNamed(error: RlmError, sandboxId: string): RlmError {
  return error.code === 'SESSION_NOT_FOUND'
    ? new RlmError('SESSION_NOT_FOUND', `There is no sandbox ${sandboxId}: ${error.message}`, {
        cause: error,
        nextStep:
          'Give the session_id of rlm_init_context as sandbox_id, or leave it out for a scratch session.',
      })
    : error;
}

function requireSame(session: Session, { language, backend }: SandboxArgs): void {
  const { seed } = session;
  const asked = backend ?? seed.sandbox.fallback?.from ?? seed.sandbox.backend;
  const isSamePlace = asked === seed.sandbox.backend || asked === seed.sandbox.fallback?.from;
  if ((language ?? seed.language) !== seed.language || !isSamePlace) {
    throw createInvalidInput(
      `Session ${session.id} runs ${seed.language} on backend ${seed.sandbox.backend}.`,
      'Leave language and backend out, or open another session with rlm_init_context and give its session_id as sandbox_id.',
    );
  }
}
