// A trace whose every text, from a model or a file, tries to become markup or to run.

import type { TraceEvent } from '../../src/core/event';
import type { Summary } from '../../src/core/summary';
import {
  createSource,
  createContext,
  createContextLoaded,
  createFinalized,
  createModelAnswered,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
  createClosed,
  foldEvents,
} from '../support/sampleTrace';

const attacks = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(2)</script>',
  '"><svg onload=alert(3)>',
  '<style>*{display:none}</style>',
  '</pre></code><h1 id=broken-out>out</h1>',
  '<iframe srcdoc="<script>alert(4)</script>"></iframe>',
  'javascript:alert(5)',
  '{{constructor.constructor("alert(6)")()}}',
  '\u202egnp.exe\u2066',
];

/** The same attacks, told apart by the field they stand in. */
export function toAttack(field: string): string {
  return `${field} ${attacks.join(' ')}`;
}

export const hostileFields = [
  'title',
  'source',
  'skipped',
  'reason',
  'preview',
  'code',
  'stdout',
  'stderr',
  'result',
  'type',
  'message',
  'traceback',
  'name',
  'kind',
  'value',
  'prompt',
  'answer',
  'model',
  'failure',
  'final',
  'closed',
  'child',
  'difference',
  'task',
  'broken',
  'thought',
] as const;

export function createHostileTrace(): readonly TraceEvent[] {
  const attack = toAttack;
  const source = createSource(attack('source'), 5, { encoding: attack('encoding') });
  const replay = {
    step: 1,
    field: attack('difference'),
    recorded: attack('recorded'),
    replayed: attack('replayed'),
  };
  const context = createContext({
    variable: 'context',
    kind: 'files',
    sources: [source],
    skipped: [{ path: attack('skipped'), reason: attack('reason') }],
    skippedCount: 1,
    warnings: [attack('warning')],
    preview: attack('preview'),
  });
  const outcome = createOutcome({
    stdout: attack('stdout'),
    stderr: attack('stderr'),
    result: attack('result'),
    error: {
      type: attack('type'),
      message: attack('message'),
      line: 1,
      traceback: attack('traceback'),
    },
    changes: [
      {
        change: 'added',
        name: attack('name'),
        type: attack('kind'),
        size: 1,
        preview: attack('value'),
        hash: null,
      },
    ],
    finalAnswer: attack('final'),
  });
  const { at, usage } = createOpened();
  return [
    createOpened({ title: attack('title') }),
    createContextLoaded({ context }),
    {
      kind: 'loop.started',
      at,
      step: 0,
      status: 'active',
      usage,
      task: attack('task'),
      model: attack('model'),
      subModel: attack('model'),
      maxIterations: 1,
    },
    createModelAnswered({ purpose: 'loop', step: 0, answer: attack('thought') }),
    createStepStarted({ code: attack('code') }),
    createModelAnswered({
      prompt: attack('prompt'),
      answer: attack('answer'),
      model: attack('model'),
    }),
    createModelAnswered({ call: 1, answer: null, error: attack('failure') }),
    createStepFinished({ outcome }),
    {
      kind: 'session.replayed',
      at,
      step: 1,
      status: 'active',
      usage,
      sourceSessionId: 's',
      throughStep: 1,
      stepsRun: 1,
      stepsSkipped: 0,
      differences: [replay],
      differenceCount: 1,
      engineId: 'e',
    },
    {
      kind: 'loop.finished',
      at,
      step: 1,
      status: 'active',
      usage,
      finishReason: 'failed',
      iterations: 1,
      error: attack('broken'),
    },
    createFinalized({ answer: attack('final'), fromVariable: attack('name') }),
    createClosed({ status: 'finalized', reason: attack('closed') }),
  ];
}

export function createHostileChild(): Summary {
  const child = foldEvents([
    createOpened({ sessionId: 'child-session', title: toAttack('child') }),
  ]);
  if (!child) {
    throw new Error('An opening is a trace.');
  }
  return child;
}
