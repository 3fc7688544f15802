// What a new session is to be, before it has a sandbox: its first event, and where it is to run.

import { createTimeOrderedId } from '../base/ids';
import { toOneLine } from '../base/text';
import type { Clock } from './clock';
import type { GivenContext } from './context';
import type { ReplOpened, Verbosity } from './event';
import { type History, readUsage } from './history';
import { type Limits, checkLimits, createLimits, noUsage } from './limits';
import { type RequestScope, noRequests } from './requestScope';
import type { BackendName, Language, SandboxPlace, SandboxRequest } from './sandbox';
import type { SessionSeed } from './session';
import { exhaustedForkError } from './sessionErrors';
import { type SessionParent, toChildLimits } from './sessionParent';
import { readSharedLimits } from './sharedLimits';
import type { ReplSummary } from './summary';

/** Where the start of a sandbox is that takes long, in words for people. */
export type OnStage = (stage: string) => void;

export interface OpenRequest {
  readonly context: GivenContext;
  readonly language: Language;
  /** Empty: made from the context. */
  readonly title: string;
  readonly limits: Partial<Limits>;
  /** Left out: normal. */
  readonly verbosity?: Verbosity;
  /** Null or left out: the parent's, else what the user has set. */
  readonly backend?: BackendName | null;
  /** Of a container; null or left out: as `backend`. */
  readonly image?: string | null;
  /** The session whose code asks for this one, and which pays for it. */
  readonly parent?: SessionParent | null;
  readonly onStage?: OnStage;
}

export interface ForkRequest {
  readonly sessionId: string;
  /** Null: after the last answered step. */
  readonly atStep: number | null;
  /** Empty: the other session's. */
  readonly title: string;
  /** Where they differ from the other session's. */
  readonly limits: Partial<Limits>;
  /** Null or left out: where the other session ran. */
  readonly backend?: BackendName | null;
  /** Of a container; null or left out: as `backend`. */
  readonly image?: string | null;
  readonly onStage?: OnStage;
}

/** All but where it runs, which is known once its sandbox is there. */
export interface PlannedSession {
  readonly opened: Omit<ReplOpened, 'sandbox'>;
  readonly parent: SessionParent | null;
  readonly wanted: WantedPlace;
}

export type WantedPlace = Pick<SandboxRequest, 'backend' | 'image' | 'mayFallBack'>;

/** Where a new session is to run: where the caller says, else where the session that it comes from runs. */
function toWantedPlace(
  { backend = null, image = null }: Pick<OpenRequest, 'backend' | 'image'>,
  from: SandboxPlace | null,
): WantedPlace {
  const isElsewhere = backend !== null && backend !== from?.backend;
  return from === null || isElsewhere
    ? { backend, image, mayFallBack: from === null }
    : { backend: from.backend, image: image ?? from.image, mayFallBack: false };
}

/** A record is run again where it was made, and nowhere else. */
export function toRecordedPlace({ sandbox }: Pick<ReplSummary, 'sandbox'>): WantedPlace {
  return { backend: sandbox.backend, image: sandbox.image, mayFallBack: false };
}

const noOrigin = { parentSessionId: null, sourceStep: null, depth: 0 } as const;

function toTitle(context: GivenContext): string {
  const [first] = context.paths;
  if (first !== undefined) {
    const more = context.paths.length - 1;
    return toOneLine(more > 0 ? `${first} and ${more} more` : first, 120);
  }
  return toOneLine(context.text ?? '', 60) || 'Empty context';
}

/** What names the engine in the first event of a session. */
export interface PlannerParts {
  readonly clock: Clock;
  /** Whose ids are recorded with what they lead to. */
  readonly requests?: RequestScope;
  readonly engineId: string;
  readonly version: string;
}

export function planSession(request: OpenRequest, parts: PlannerParts): PlannedSession {
  const title = request.title || toTitle(request.context);
  const parent = request.parent ?? null;
  const limits = parent ? toChildLimits(request.limits, parent) : request.limits;
  const origin = parent
    ? { parentSessionId: parent.sessionId, sourceStep: null, depth: parent.depth + 1 }
    : noOrigin;
  const { language, verbosity } = request;
  const seed = { language, title, limits: createLimits(limits), ...origin };
  const { pool = null, budget: parentBudget = null } = parent ?? {};
  const shared = readSharedLimits({ ...seed, usage: noUsage }, { pool, parentBudget });
  const opened = createOpened(
    {
      ...seed,
      ...(verbosity && { verbosity }),
      ...(Object.keys(shared).length > 0 && { shared }),
    },
    parts,
  );
  return { opened, parent, wanted: toWantedPlace(request, parent?.sandbox ?? null) };
}

/** @throws RlmError 'INVALID_INPUT' where its limits would let it run no step. */
export function planFork(
  request: ForkRequest,
  history: History,
  parts: PlannerParts,
): PlannedSession {
  const { language, limits, title, verbosity, sandbox } = history.opened;
  const wanted = { ...limits, ...request.limits };
  const used = readUsage(history);
  const reason = checkLimits(wanted, used, 0);
  if (reason) {
    throw exhaustedForkError(reason, { limits: wanted, usage: used });
  }
  const opened = createOpened(
    {
      language,
      title: request.title || title,
      limits: wanted,
      ...(verbosity && { verbosity }),
      parentSessionId: request.sessionId,
      sourceStep: history.throughStep,
      depth: 0, // it pays for itself
    },
    parts,
  );
  return { opened, parent: null, wanted: toWantedPlace(request, sandbox) };
}

function createOpened(
  seed: Omit<SessionSeed, 'sessionId' | 'sandbox'> & Pick<ReplOpened, 'shared'>,
  { clock, requests, engineId, version }: PlannerParts,
): PlannedSession['opened'] {
  const at = clock.now();
  const { requestId, user } = requests ?? noRequests;
  return {
    ...(requestId !== null && { requestId }),
    ...(user !== null && { user }),
    kind: 'session.opened',
    at,
    step: 0,
    status: 'active',
    usage: noUsage,
    ...seed,
    agent: null,
    sessionId: createTimeOrderedId(at),
    title: toOneLine(seed.title, 200),
    engineId,
    version,
  };
}
