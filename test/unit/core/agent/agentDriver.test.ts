// The fake driver keeps the port's promises, so that what is tested with it holds for the real one.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import type {
  AgentDriver,
  AgentHappening,
  ThreadRequest,
} from '../../../../src/core/agent/agentDriver';
import { FakeAgentDriver } from '../../../support/fakeAgentDriver';

const request: ThreadRequest = {
  runId: 'run-1',
  cwd: '/work',
  inside: null,
  instructions: 'Be brief.',
  model: null,
  permissions: { sandbox: 'read-only', writableRoots: [], network: false, approvals: 'never' },
  mcpServers: {},
  configuration: {},
  commandEnvironment: {},
  outputSchema: null,
};

describe('the fake driver of agents', () => {
  it('keeps what happens for the first listener, and ends with exited', async () => {
    const driver: AgentDriver = new FakeAgentDriver();
    const thread = await driver.startThread(request, neverAborted);
    const began = await thread.say('Go on.', neverAborted);
    const happened: AgentHappening[] = [];
    thread.onDidHappen((happening) => happened.push(happening));
    await thread.stop();
    driver.dispose();
    assert.deepStrictEqual(
      [began, happened.map(({ kind, turnId }) => [kind, turnId])],
      [
        { turnId: 'turn-1', way: 'began' },
        [
          ['turnStarted', 'turn-1'],
          ['said', 'turn-1'],
          ['turnEnded', 'turn-1'],
          ['exited', null],
        ],
      ],
    );
  });
});
