// rlm_fork: a new session with the state that another one had after a step.

import * as z from 'zod';
import { toInlineCode } from '../../base/markdown';
import type { Engine } from '../../core/engine';
import type { Session } from '../../core/session';
import {
  backendInput,
  countField,
  cutSchema,
  imageInput,
  placeSchema,
  sessionIdField,
  usageSchema,
} from '../fields';
import { fitPayload } from '../fit';
import { toNotablePlace, toPlaceMarkdown, toPlaceView } from '../placeView';
import { replaySchema, toBriefReplay, toReplayText, toReplayView } from '../replayView';
import { createInvalidInput } from '../invalidInput';
import { namedLimitsInput, toLimits } from '../limitsInput';
import { Shown, defineTool } from '../tool';
import { toLimitsView, toRemainingText, toShortUsageView, toUsageView } from '../usageView';

const input = z.strictObject({
  session_id: sessionIdField,
  at_step: z
    .int()
    .min(0)
    .optional()
    .describe('Fork the state after this step; 0 is the context alone. Default: the last step.'),
  title: z.string().max(200).optional().describe('Default: the title of the other session.'),
  backend: backendInput.describe(
    'Left out: where the other session ran. Elsewhere its code may do something else; replay says where it did.',
  ),
  image: imageInput,
  config: namedLimitsInput
    .optional()
    .describe(
      'Guardrails where they should differ; one that the other session had used up must be larger.',
    ),
});

const output = z.object({
  session_id: z.string().describe('The new session.'),
  forked_from: z.string(),
  at_step: z.int().nonnegative(),
  variables: z.array(z.string()).describe('Names of its variables, sorted.'),
  config: z.record(z.string(), countField).describe('The guardrails that hold.'),
  usage: usageSchema.describe('It begins with what the other session had used by that step.'),
  replay: replaySchema,
  sandbox: placeSchema.optional(),
  truncated: z.boolean().optional(),
  cut: cutSchema.optional(),
});

type Payload = z.output<typeof output>;

const pageEvents = 100;

export const fork = defineTool({
  name: 'rlm_fork',
  set: 'branches',
  title: 'Fork a session',
  description:
    'Makes a new session with the variables that another had after a step: to try another way without ' +
    'touching the first, or to go on from one that is finalized or that a guardrail stopped (give a ' +
    'larger config). The recorded code runs again, recorded sub-model answers are reused, and replay ' +
    'says where the result differs. Costs the time of those steps, no budget. Next: rlm_run_repl with ' +
    'the new session_id.',
  input,
  output,
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true, // the place may be another machine: Daytona
  },
  async run({ engine, signal, progress }, args) {
    const stages = progress.startStages();
    const forking = engine.sessions.fork(
      {
        sessionId: args.session_id,
        atStep: args.at_step ?? null,
        title: args.title ?? '',
        limits: toLimits({ config: args.config }),
        backend: args.backend ?? null,
        image: args.image ?? null,
        onStage: stages.onStage,
      },
      signal,
      (done, total) => progress.report(done, () => `replaying ${done} of ${total}`),
    );
    const { session, report } = await forking.finally(() => stages.dispose());
    if (!report) {
      throw createInvalidInput('There was nothing to replay.', 'Open a new session instead.');
    }
    const { usage, limits } = session.summary;
    const { payload, cut } = fitPayload(
      {
        session_id: session.id,
        forked_from: args.session_id,
        at_step: usage.steps,
        replay: toReplayView(report),
        sandbox: toPlaceView(session.seed.sandbox),
        usage: toUsageView({ usage, limits }),
        config: { ...toLimitsView(limits) },
        variables: await readVariables(engine, session),
      },
      ['variables'],
    );
    const whole = { ...payload, ...(cut.length > 0 && { truncated: true, cut }) };
    const place = toNotablePlace(session.seed.sandbox);
    const brief = {
      ...whole,
      replay: toBriefReplay(whole.replay),
      sandbox: place.sandbox,
      usage: toShortUsageView({ usage, limits }),
    };
    return new Shown<Payload>(whole, brief);
  },
  toMarkdown: (payload) =>
    [
      '## Session forked',
      `New session ${toInlineCode(payload.session_id)}, as ${toInlineCode(payload.forked_from)} was after step ${payload.at_step}.`,
      toReplayText(payload.replay),
      ...(payload.sandbox ? [toPlaceMarkdown(payload.sandbox)] : []),
      `Variables: ${payload.variables.map(toInlineCode).join(', ') || 'none'}. Guardrails: ${Object.entries(
        payload.config,
      )
        .map((one) => one.join(' '))
        .join(', ')}. ${toRemainingText(payload.usage)}`.trim(),
      'Next: rlm_run_repl.',
    ].join('\n\n'),
});

/** Those that its last step left, which its trace names, and its contexts. */
async function readVariables(
  { traces }: Engine,
  { id, summary }: Pick<Session, 'id' | 'summary'>,
): Promise<string[]> {
  const { steps } = summary.usage;
  const contexts = summary.contexts.map(({ variable }) => variable);
  let variables: readonly string[] = [];
  let cursor: string | null = null;
  do {
    const query = { fromStep: steps, toStep: steps, cursor, limit: pageEvents };
    const page = await traces.readEvents(id, query);
    const ended = page.events.find((event) => event.kind === 'step.finished');
    variables = ended?.outcome.variables ?? variables;
    cursor = ended ? null : page.nextCursor;
  } while (cursor !== null);
  return [...new Set([...variables, ...contexts])].sort();
}
