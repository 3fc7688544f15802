import assert from 'node:assert/strict';
import type { SessionStatus } from '../../../../src/core/event';
import { createSummary } from '../../../../src/core/summary';
import { listActions, toGroup } from '../../../../src/extension/sessions/sessionGroup';
import { findLeading } from '../../../../src/extension/sessions/leadingSession';
import { toStanding } from '../../../../src/extension/trace/standing';
import { createOpened } from '../../../support/sampleTrace';

describe('what can be done with a session', () => {
  const around = { isHere: true, isLive: true, mayRun: true };
  const createSession = (status: SessionStatus) => createSummary(createOpened({ status }));

  it('depends on its status and on who runs it', () => {
    const statuses = ['active', 'stopped', 'finalized', 'interrupted', 'closed'] as const;
    assert.deepStrictEqual(
      statuses.map((status) => listActions(createSession(status), around).join(' ')),
      [
        'stop finalize fork readVariable',
        'finalize fork readVariable',
        'fork readVariable',
        'resume finalize fork',
        'resume finalize fork',
      ],
    );
    const other = { ...around, isHere: false, isLive: false };
    assert.deepStrictEqual(listActions(createSession('active'), other), ['fork']);
  });

  it('is nothing in an untrusted window, which says why', () => {
    const untrusted = { ...around, mayRun: false, children: [] };
    assert.deepStrictEqual(
      toStanding(createSession('active'), untrusted, (note) => note),
      { status: null, actions: [], note: 'untrusted', children: [] },
    );
  });

  it('tells a viewer what the events cannot: that the engine is gone, or is another', () => {
    const known = { ...around, children: [] };
    const interrupted = toStanding(createSession('interrupted'), known, (note) => note);
    const elsewhere = toStanding(
      createSession('active'),
      { ...known, isHere: false },
      (note) => note,
    );
    assert.deepStrictEqual(
      [interrupted.status, interrupted.note, elsewhere.status, elsewhere.note],
      ['interrupted', null, null, 'elsewhere'],
    );
  });

  it('puts active sessions of other engines apart', () => {
    assert.deepStrictEqual(
      [toGroup(createSession('active'), false), toGroup(createSession('finalized'), false)],
      ['elsewhere', 'finalized'],
    );
  });

  it('leads with a running session, then with the one that changed last', () => {
    const waiting = { ...createSession('active'), sessionId: 'waiting', updatedAt: 3 };
    const running = { ...createSession('active'), sessionId: 'running', running: true };
    const ended = { ...createSession('finalized'), updatedAt: 9 };
    const older = { ...waiting, sessionId: 'older', updatedAt: 2 };
    const lead = (...all: Parameters<typeof findLeading>[0]) => findLeading(all);
    assert.deepStrictEqual(
      [lead(waiting, running, ended)?.summary.sessionId, lead(waiting, running, ended)?.others],
      ['running', 1],
    );
    assert.equal(lead(older, waiting)?.summary.sessionId, 'waiting');
    assert.equal(lead(ended), undefined);
  });
});
