// What the relay lets through of what an agent may send it.

import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { neverAborted } from '../../../../src/base/abort';
import { ModelRelay } from '../../../../src/agents/relay/modelRelay';
import { AgentBudget } from '../../../../src/core/agent/agentBudget';
import type { AdmittedCall } from '../../../../src/core/agent/masking';

describe('calls through the relay', () => {
  let server: Server;
  let asked: string[] = [];
  let relay: ModelRelay;
  let budget: AgentBudget;
  let send: (body: string) => Promise<number>;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      request.setEncoding('utf8');
      let text = '';
      request.on('data', (piece: string) => (text += piece));
      request.on('end', () => {
        asked.push(text);
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ usage: { input_tokens: 3, output_tokens: 4 } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const limits = { tokens: 1e9, usd: 1e6, turns: 9, commands: 9, children: 0, wallMs: 1e6 };
    budget = new AgentBudget('run', limits, { used: null, parent: null });
    relay = new ModelRelay();
    const way = await relay.open(
      async () => ({
        ...{ name: 'Fake', baseUrl: `http://127.0.0.1:${port}`, headers: {}, query: {} },
        prices: { priced: { input: 1, cachedInput: 1, output: 1 } },
        secrets: [],
      }),
      {
        admit: async (most): Promise<AdmittedCall | null> => {
          const found = budget.reserveCall(most);
          return found !== 'wait' && 'settle' in found ? found : null;
        },
      },
    );
    send = async (body) => {
      const headers = { Authorization: `Bearer ${way.token}`, 'Content-Type': 'application/json' };
      const init = { method: 'POST', headers, body, signal: neverAborted };
      const answer = await fetch(`${way.url}/responses`, init);
      await answer.arrayBuffer();
      return answer.status;
    };
  });

  afterEach(async () => {
    await relay.dispose();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('count by the prices that there are, whatever a model is called', async () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'unknown'];
    for (const model of names) {
      assert.equal(await send(`{"model":"${model}"}`), 200);
      assert.deepStrictEqual([model, budget.used.usd, budget.left('usd')], [model, null, 1e6]);
    }
    assert.equal(await send('{"model":"priced"}'), 200);
    assert.deepStrictEqual([budget.used.usd, budget.used.tokens], [7e-6, 7 * (names.length + 1)]);
  });

  for (const [name, body] of [
    ['no JSON', 'model=priced'],
    ['no object', '["priced"]'],
    ['nothing', ''],
    ['no model', '{}'],
    ['a model that is no text', '{"model":5}'],
    ['a limit that is none', '{"model":"priced","max_output_tokens":0}'],
    ['a limit that is no number', '{"model":"priced","max_output_tokens":"9"}'],
    ['a limit without an end', '{"model":"priced","max_output_tokens":1e999}'],
    ['an answer that comes when nobody counts', '{"model":"priced","background":true}'],
  ] as const) {
    it(`are refused before they are made where they cannot be counted: ${name}`, async () => {
      assert.equal(await send(body), 400);
      assert.deepStrictEqual([asked, budget.used.tokens, budget.left('usd')], [[], 0, 1e6]);
    });
  }
});
