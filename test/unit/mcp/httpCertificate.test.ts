import assert from 'node:assert/strict';
import { HttpCertificate } from '../../../src/mcp/httpCertificate';
import type { Renewal } from '../../../src/mcp/httpListener';

describe('the certificate of a server', () => {
  it('is told of once when it cannot be renewed, and once when it can again', async () => {
    const same = { kind: 'same' } as const;
    const renewed = { kind: 'renewed' } as const;
    const failed = (reason: string): Renewal => ({ kind: 'failed', reason });
    const said: string[] = [];
    const stuck: (boolean | undefined)[] = [];
    const renewals = [same, failed('a'), failed('a'), failed('b'), renewed, failed('a'), same];
    const listener = {
      certificateEndsAt: 1,
      renew: async (): Promise<Renewal> => renewals.shift() ?? same,
    };
    const certificate = new HttpCertificate(listener, (line) => said.push(line));
    for (let looks = 0; looks < 8; looks += 1) {
      await certificate.look();
      stuck.push(certificate.state?.isStuck);
    }
    assert.deepStrictEqual(stuck, [false, true, true, true, false, true, false, false]);
    assert.deepStrictEqual(
      said.map((line) => line.replace(/^The TLS certificate (?:is|was) /u, '')),
      [
        'not renewed, the one before stays in use: a',
        'not renewed, the one before stays in use: b',
        'renewed.',
        'not renewed, the one before stays in use: a',
        'found again.',
      ],
    );
  });

  it('is none without TLS', () => {
    const renew = async (): Promise<Renewal> => ({ kind: 'same' });
    const certificate = new HttpCertificate({ certificateEndsAt: null, renew }, () => undefined);
    assert.equal(certificate.state, null);
  });
});
