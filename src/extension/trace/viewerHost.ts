// Answers a viewer: reads its trace for it, and hands everything else to the editor's own actions.

import * as z from 'zod';
import { decisions } from '../../core/agent/agentEvent';
import { languages } from '../../core/sandbox';
import { RlmError, toRlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import { exportFormats } from '../../export/exportTrace';
import type { Standing, ViewerHostMethods } from '../../protocol/viewer';
import type { SessionSource } from '../sessionSource';
import type { AgentActions } from '../agents/agentActions';
import type { AgentReview } from '../agents/agentReview';
import type { SessionActions } from '../sessionActions';
import { awaitChange, readPageAfter } from '../../core/tracePages';

interface ViewerHostParts {
  readonly sessionId: string;
  readonly source: SessionSource;
  readonly actions: SessionActions;
  readonly agents: AgentActions;
  readonly review: AgentReview;
  readonly readStanding: (summary: Summary) => Standing;
  /** The step to show first; told once, to the first load. */
  readonly takeStep: () => number | null;
  /** The viewer has been told how it starts. */
  readonly onReady: () => void;
}

const stepSchema = z.int().min(0).nullable();
const nameSchema = z.string().min(1).max(10_000);
const textSchema = z.string().max(50_000_000);
const schemas = {
  nextEvents: z.object({ cursor: z.string().max(100).nullable() }),
  finalize: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('text'), text: textSchema }),
    z.object({ kind: z.literal('variable'), name: nameSchema }),
  ]),
  step: z.object({ step: stepSchema }),
  decide: z.object({ approvalId: z.string().min(1).max(1_000), decision: z.enum(decisions) }),
  tell: z.object({ text: z.string().min(1).max(1_000_000) }),
  exportTrace: z.object({ format: z.enum(exportFormats) }),
  openVariable: z.object({ name: nameSchema }),
  openText: z.object({
    title: z.string().max(1_000),
    text: textSchema,
    language: z.enum([...languages, 'plaintext']),
  }),
  openSource: z.object({
    path: z.string().max(10_000).nullable(),
    line: z.int().min(1).nullable(),
    range: z.object({ start: z.int().min(0), end: z.int().min(0) }).nullable(),
  }),
  openTrace: z.object({ sessionId: z.string().max(100) }),
  copy: z.object({ text: textSchema }),
};

export function createViewerHost(parts: ViewerHostParts): ViewerHostMethods {
  const { sessionId, source, actions, agents, review } = parts;
  return guardAll({
    async ready() {
      const summary = await source.readSummary(sessionId);
      if (!summary) {
        throw new RlmError('SESSION_NOT_FOUND', `There is no session ${sessionId}.`, {
          nextStep: 'It was deleted, or is kept in another home folder (setting rlm.home).',
        });
      }
      queueMicrotask(parts.onReady);
      return { summary, standing: parts.readStanding(summary), step: parts.takeStep() };
    },
    async nextEvents(given, signal) {
      const { cursor } = schemas.nextEvents.parse(given);
      for (;;) {
        const change = awaitChange(source.onDidChange, sessionId, signal);
        try {
          const page = await readPageAfter(await source.store(), sessionId, cursor);
          if (page.events.length > 0 || page.unreadable.length > 0 || cursor === null) {
            return page;
          }
          await change.changed;
        } finally {
          change.dispose();
        }
      }
    },
    stop: () => actions.stop(sessionId),
    finalize: (given) => actions.finalize(sessionId, schemas.finalize.parse(given)),
    resume: () => actions.resume(sessionId),
    fork: (given) => actions.fork(sessionId, schemas.step.parse(given).step),
    decide: (given) => agents.decide(sessionId, schemas.decide.parse(given)),
    tell: (given) => agents.tell(sessionId, schemas.tell.parse(given).text),
    showChanges: async () => review.show(await actions.readSummary(sessionId)),
    exportTrace: (given) => actions.exportTrace(sessionId, schemas.exportTrace.parse(given).format),
    openVariable: (given) =>
      actions.openVariable(sessionId, schemas.openVariable.parse(given).name),
    openText: (given) => actions.openText(schemas.openText.parse(given)),
    openSource: (given) => actions.openSource(sessionId, schemas.openSource.parse(given)),
    openTrace: (given) => actions.openTrace(schemas.openTrace.parse(given).sessionId, null),
    copy: (given) => actions.copy(schemas.copy.parse(given).text),
    copyLink: (given) => actions.copyLink(sessionId, schemas.step.parse(given).step),
  });
}

/** The channel tells errors of this bundle only, so those of the engine are translated first. */
function guardAll(methods: ViewerHostMethods): ViewerHostMethods {
  const guarded = Object.entries(methods).map(([name, method]) => {
    const call = method as (params: unknown, signal: AbortSignal) => Promise<unknown>; // as listed above
    return [
      name,
      async (params: unknown, signal: AbortSignal) => {
        try {
          return await call(params, signal);
        } catch (thrown) {
          throw toRlmError(thrown);
        }
      },
    ];
  });
  return Object.fromEntries(guarded) as ViewerHostMethods; // the same names, the same results
}
