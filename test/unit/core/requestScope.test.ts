// Events carry the id of the request that led to them, also where the code's own calls come by another way.

import assert from 'node:assert/strict';

import { toUserRequests } from '../../../src/core/requestScope';
import { AsyncRequestScope } from '../../../src/mcp/asyncRequestScope';
import { emptyOutcome } from '../../support/emptyOutcome';
import { createFakeSession } from '../../support/fakePorts';

const never = new AbortController().signal;

describe('requestScope', () => {
  it('says of every event whose session it is, also where no request leads to it', async () => {
    const requests = toUserRequests(new AsyncRequestScope(), 'alice');
    const parts = { parentBudget: null, loops: null, requests };
    const { session, sink, clock } = createFakeSession({ maxSessionMs: 60_000 }, parts);
    await session.runStep({ code: '1' }, never);
    clock.advance(60_001);
    await session.finalize({ text: 'x' }, never);
    assert.ok(sink.events.length >= 4);
    assert.deepStrictEqual(
      sink.events.map(({ user }) => user),
      sink.events.map(() => 'alice'),
    );
    session.dispose();
  });

  it('is told of every event of a step, and of none that timers bring', async () => {
    const requests = new AsyncRequestScope();
    const parts = { parentBudget: null, loops: null, requests };
    const { session, sandbox, sink, clock } = createFakeSession({ maxSessionMs: 60_000 }, parts);
    sandbox.script = async ({ onHostCall }, signal) => {
      const call = { name: 'llm_query', args: ['a prompt'] };
      // As a message of another process does, in the course of another request.
      await requests.run('someone-else', () => onHostCall(call, signal));
      return emptyOutcome;
    };
    const run = (id: string) =>
      requests.run(id, () => session.runStep({ code: '1' }, never).then(() => undefined));
    await Promise.all([run('first'), run('second')]);
    await session.runStep({ code: '1' }, never);
    await requests.run('third', async () => clock.advance(60_001));
    await session.finalize({ text: 'x' }, never);
    assert.deepStrictEqual(
      sink.events.map(({ kind, requestId }) => [kind, requestId]),
      [
        ['step.started', 'first'],
        ['model.answered', 'first'],
        ['step.finished', 'first'],
        ['step.started', 'second'],
        ['model.answered', 'second'],
        ['step.finished', 'second'],
        ['step.started', undefined],
        ['model.answered', undefined],
        ['step.finished', undefined],
        ['session.stopped', undefined],
        ['session.finalized', undefined],
      ],
    );
    session.dispose();
  });
});
