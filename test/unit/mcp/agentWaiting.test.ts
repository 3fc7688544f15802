// Who waits for an agent through a client that can ask its person: every way in which an answer can come, or not.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { toClientAgents } from '../../../src/core/agent/callerAgents';
import { readWaiting } from '../../../src/mcp/agentWaiting';
import type { AskPerson, PersonsAnswer } from '../../../src/mcp/eliciting';
import { createSpawn, FakeAgents, settle } from '../../support/fakeAgents';

interface Asked {
  readonly message: string;
  readonly signal: AbortSignal;
  readonly answer: (answer: PersonsAnswer | null) => void;
}

async function open() {
  const fake = new FakeAgents();
  const run = await fake.runs.spawn(createSpawn(), { kind: 'person' });
  await settle();
  const thread = fake.threadOf(run.id);
  const asked: Asked[] = [];
  const askPerson: AskPerson = (message, signal) =>
    new Promise((answer) => {
      asked.push({ message, signal, answer });
      signal.addEventListener('abort', () => answer(null), { once: true });
    });
  const ask = async (approvalId: string, command = `rm ${approvalId}`): Promise<void> => {
    thread.happen({
      ...{ kind: 'approvalAsked', approvalId, itemId: approvalId, reason: 'why' },
      subject: { kind: 'command', command, cwd: '/w', host: null },
    });
    await settle();
  };
  const agents = toClientAgents(fake.runs);
  const wait = (signal = neverAborted, waitMs = 600_000, person: AskPerson | null = askPerson) =>
    readWaiting(run.id, { agents, askPerson: person, waitMs, signal });
  return { fake, run, thread, asked, ask, wait, agents };
}

describe('waiting for an agent by a client that can ask its person', () => {
  for (const decision of ['accept', 'decline', 'cancel'] as const) {
    it(`hands on the answer ${decision}, once`, async () => {
      const { fake, thread, asked, ask, wait } = await open();
      const read = wait();
      await ask('a', 'rm x');
      assert.match(asked[0]?.message ?? '', /rm x[^]*why/u);
      asked[0]?.answer({ decision, note: 'so' });
      await settle();
      assert.deepStrictEqual(
        thread.answers.map(({ approvalId, answer }) => [approvalId, answer.decision, answer.note]),
        [['a', decision, 'so']],
      );
      await fake.runs.close();
      assert.equal((await read).status, 'interrupted');
      assert.equal(asked.length, 1);
    });
  }

  it('asks one after another, also for what waited before', async () => {
    const { fake, thread, asked, ask, wait } = await open();
    await ask('a');
    await ask('b');
    const read = wait();
    await settle();
    assert.equal(asked.length, 1);
    asked[0]?.answer({ decision: 'accept', note: null });
    await settle();
    asked[1]?.answer({ decision: 'decline', note: null });
    await settle();
    assert.deepStrictEqual(
      thread.answers.map(({ answer }) => answer.decision),
      ['accept', 'decline'],
    );
    await fake.runs.close();
    await read;
  });

  it('comes back with what the person leaves open', async () => {
    const { fake, thread, asked, ask, wait } = await open();
    const read = wait();
    await ask('a');
    asked[0]?.answer(null);
    const { status, run } = await read;
    assert.equal(status, 'awaiting_approval');
    assert.equal(run?.approvals.length, 1);
    assert.deepStrictEqual(thread.answers, []);
    await fake.runs.close();
  });

  it('takes the question back when it is answered elsewhere, and goes on waiting', async () => {
    const { fake, thread, asked, ask, wait, agents, run } = await open();
    let isBack = false;
    const read = wait().finally(() => (isBack = true));
    await ask('a');
    agents.decide(run.id, { approvalId: 'a', decision: 'decline', note: null });
    await settle();
    assert.equal(asked[0]?.signal.aborted, true);
    assert.equal(isBack, false);
    assert.equal(thread.answers.length, 1);
    await fake.runs.close();
    await read;
  });

  it('lets an answer be late', async () => {
    const { fake, thread, ask, agents, run } = await open();
    await ask('a');
    const read = readWaiting(run.id, {
      ...{ agents, waitMs: 600_000, signal: neverAborted },
      askPerson: async () => {
        agents.decide(run.id, { approvalId: 'a', decision: 'decline', note: null });
        return { decision: 'accept', note: null };
      },
    });
    await settle();
    assert.deepStrictEqual(
      thread.answers.map(({ answer }) => answer.decision),
      ['decline'],
    );
    await fake.runs.close();
    await read;
  });

  it('takes the question back with the call', async () => {
    const { fake, asked, ask, wait } = await open();
    const stop = new AbortController();
    const read = wait(stop.signal);
    await ask('a');
    stop.abort();
    assert.equal((await read).status, 'awaiting_approval');
    assert.equal(asked[0]?.signal.aborted, true);
    await fake.runs.close();
  });

  it('asks nothing where it does not wait, where nobody can be asked, and what is too long to be judged', async () => {
    const { fake, asked, ask, wait } = await open();
    await ask('a', 'x'.repeat(7_000));
    assert.equal((await wait()).status, 'awaiting_approval');
    assert.equal((await wait(neverAborted, 0)).status, 'awaiting_approval');
    assert.equal((await wait(neverAborted, 600_000, null)).status, 'awaiting_approval');
    assert.equal(asked.length, 0);
    await fake.runs.close();
  });

  it('shows what would not show', async () => {
    const { fake, asked, ask, wait } = await open();
    const read = wait();
    await ask('a', 'echo \u202etxt.exe \u001b[8mhidden');
    assert.match(asked[0]?.message ?? '', /\\u202etxt\.exe \\u001b\[8mhidden/u);
    asked[0]?.answer(null);
    await read;
    await fake.runs.close();
  });
});
