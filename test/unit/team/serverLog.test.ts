import assert from 'node:assert/strict';

import { ServerLog } from '../../../src/team/serverLog';

const request = {
  requestId: 'r1',
  user: 'alice',
  address: '10.0.0.1',
  method: 'POST',
  route: 'mcp',
  rpcMethod: 'tools/call',
  status: 200,
  durationMs: 12.6,
  isCutShort: false,
} as const;

describe('serverLog', () => {
  const write = (tell: (log: ServerLog) => void): readonly Record<string, unknown>[] => {
    const lines: string[] = [];
    const now = () => Date.parse('2026-01-02T03:04:05Z');
    tell(new ServerLog({ write: (line) => lines.push(line), now, readRequestId: () => 'r1' }));
    assert.ok(lines.every((line) => !line.includes('\n')));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>); // what it wrote
  };

  it('tells requests and calls under the same id', () => {
    const head = { time: '2026-01-02T03:04:05.000Z', request_id: 'r1', user: 'alice' };
    assert.deepStrictEqual(
      write((log) => {
        log.requestEnded(request);
        log.callEnded({ tool: 'rlm_run_repl', user: 'alice', errorCode: null, durationMs: 3 });
        log.callEnded({ tool: 'rlm_fork', user: null, errorCode: 'INTERNAL_ERROR', durationMs: 3 });
      }),
      [
        {
          ...head,
          level: 'info',
          event: 'request',
          address: '10.0.0.1',
          method: 'POST',
          route: 'mcp',
          rpc_method: 'tools/call',
          status: 200,
          cut_short: false,
          duration_ms: 13,
        },
        { ...head, level: 'info', event: 'call', tool: 'rlm_run_repl', duration_ms: 3 },
        {
          time: head.time,
          level: 'error',
          event: 'call',
          request_id: 'r1',
          tool: 'rlm_fork',
          error_code: 'INTERNAL_ERROR',
          duration_ms: 3,
        },
      ],
    );
  });

  it('repeats no method that a client has made up', () => {
    const methods = [
      'sk-secret',
      'a b',
      'x'.repeat(41),
      'a/b/c/d',
      '',
      'é',
      'tools/call\n{}',
      'a1',
    ];
    const told = write((log) => {
      methods.forEach((rpcMethod) => log.requestEnded({ ...request, rpcMethod }));
    });
    assert.deepStrictEqual(
      told.map(({ rpc_method: method }) => method),
      methods.map(() => 'other'),
    );
  });
});
