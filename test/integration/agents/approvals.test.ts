// What the real Codex asks, and what becomes of the answers.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ApprovalAnswer } from '../../../src/core/agent/agentDriver';
import { patch, plan, run, runOutside } from '../../support/plannedModel';
import { useCodexAgents } from './codexAgents';

const accept: ApprovalAnswer = { decision: 'accept', note: null, values: null };
const decline: ApprovalAnswer = { decision: 'decline', note: null, values: null };
const cancel: ApprovalAnswer = { decision: 'cancel', note: null, values: null };

describe('an agent of Codex that asks', function () {
  this.timeout(60_000);
  const agents = useCodexAgents();

  const startAsking = async () => {
    const request = agents().toRequest({ approvals: 'on-request' });
    const outside = path.join(agents().folder, `${request.runId}.txt`);
    const agent = await agents().start(request);
    const ended = agent.turn(plan([runOutside(`echo x > ${outside}`), { say: 'Done.' }]));
    const asked = await agent.until('approvalAsked');
    return { agent, asked, ended, outside };
  };

  it('goes on when it is allowed, and the first answer counts', async () => {
    const { agent, asked, ended, outside } = await startAsking();
    assert.deepStrictEqual(
      [asked.subject.kind, asked.reason, agent.all('commandStarted')[0]?.itemId],
      ['command', 'It must be so.', asked.itemId],
    );
    const results = await Promise.all([
      agent.thread.answer(asked.approvalId, accept),
      agent.thread.answer(asked.approvalId, decline),
      agent.thread.answer('another', accept),
    ]);
    assert.deepStrictEqual(results, ['answered', 'late', 'unknown']);
    const { status } = await ended;
    assert.deepStrictEqual(
      [
        status,
        existsSync(outside),
        agent.all('approvalResolved').map(({ decision, by }) => [decision, by]),
      ],
      ['completed', true, [['accept', 'answer']]],
    );
  });

  it('goes on without what was declined, and is told why', async () => {
    const { agent, asked, ended, outside } = await startAsking();
    const note = `Not there. ${plan([{ say: 'I see.' }])}`;
    await agent.thread.answer(asked.approvalId, { ...decline, note });
    const { status } = await ended;
    assert.deepStrictEqual(
      [status, existsSync(outside), agent.all('commandEnded').map((end) => end.status)],
      ['completed', false, ['declined']],
    );
    assert.deepStrictEqual(
      [agent.all('said').at(-1)?.text, agent.all('message').at(-1)?.text],
      [note, 'I see.'],
    );
  });

  it('ends its turn when it is cancelled', async () => {
    const { agent, asked, ended, outside } = await startAsking();
    await agent.thread.answer(asked.approvalId, cancel);
    const { status } = await ended;
    assert.deepStrictEqual(
      [status, existsSync(outside), agent.all('commandEnded').map((end) => end.status)],
      ['interrupted', false, ['declined']],
    );
  });

  it('shows the patch that it wants to make elsewhere', async () => {
    const file = path.join(agents().folder, 'elsewhere.txt');
    const agent = await agents().start(agents().toRequest({ approvals: 'on-request' }));
    const ended = agent.turn(plan([patch(`*** Add File: ${file}\n+words`), { say: 'Done.' }]));
    const { subject, approvalId } = await agent.until('approvalAsked');
    assert.ok(subject.kind === 'patch' && subject.patch);
    assert.deepStrictEqual(subject.patch.changes, [{ path: file, change: 'add', movedTo: null }]);
    assert.match(subject.patch.diff, /words/u);
    await agent.thread.answer(approvalId, decline);
    await ended;
    assert.deepStrictEqual(
      [existsSync(file), agent.all('patchEnded').map(({ status }) => status)],
      [false, ['declined']],
    );
  });

  it('is stopped while it waits, and nothing is done then', async () => {
    const { agent, asked, outside } = await startAsking();
    const report = await agent.thread.stop();
    const late = await agent.thread.answer(asked.approvalId, accept);
    assert.deepStrictEqual(
      [
        report.isCertain,
        late,
        existsSync(outside),
        agent.all('approvalResolved').map(({ decision, by }) => [decision, by]),
        agent.kinds().slice(-2),
      ],
      [true, 'late', false, [['cancel', 'end']], ['turnEnded', 'exited']],
    );
  });

  it('asks for nothing that a rule of ours forbids', async () => {
    const agent = await agents().start(agents().toRequest({ approvals: 'never' }));
    await agent.turn(plan([runOutside('echo x'), run('echo y'), { say: 'Done.' }]));
    assert.deepStrictEqual(
      [agent.all('approvalAsked').length, agent.all('unlistedCall').length],
      [0, 1],
    );
  });
});
