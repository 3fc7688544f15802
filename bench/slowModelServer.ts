// A server of models in a process of its own, which streams a chat completion after a fixed time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';
import type { Bench } from './bench';

const serve = (delayMs: number): string => `
const chunk = (value) => 'data: ' + JSON.stringify(value) + '\\n\\n';
const answer = chunk({ choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] })
  + chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  + chunk({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }) + 'data: [DONE]\\n\\n';
require('node:http').createServer((request, response) => {
  request.resume().on('end', () => setTimeout(() => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(answer);
  }, ${delayMs}));
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

export interface SlowModelServer {
  /** For a provider's base URL. */
  readonly url: string;
  /** One request of Node's own client, on a connection that is kept; settles when the stream has ended. */
  request(): Promise<void>;
}

export async function startSlowModelServer(
  bench: Bench,
  delayMs: number,
): Promise<SlowModelServer> {
  const child = spawn(process.execPath, ['-e', serve(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  bench.onLetGo(async () => {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string]; // the one line it writes
  const url = `http://127.0.0.1:${port}/v1`;
  const agent = bench.store.add(new KeptConnections({ keepAlive: true }));
  return {
    url,
    request: () =>
      new Promise((resolve, reject) => {
        const options = { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } };
        http
          .request(`${url}/chat/completions`, options, (response) => {
            response.resume().on('end', resolve).on('error', reject);
          })
          .on('error', reject)
          .end('{}');
      }),
  };
}

class KeptConnections extends http.Agent {
  dispose(): void {
    this.destroy();
  }
}
