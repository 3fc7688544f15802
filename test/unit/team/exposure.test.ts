import assert from 'node:assert/strict';

import { checkExposure, isLoopback } from '../../../src/team/exposure';

const local = ['127.0.0.1', '127.8.9.1', '::1', 'localhost', 'LOCALHOST'];
const wide = [
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '192.168.1.2',
  '::ffff:127.0.0.1',
  '127.0.0.1.evil.example',
  'rlm.example.com',
  'localhost.evil.example',
  '',
];

describe('exposure', () => {
  const nothing = { hasUsers: false, hasTls: false, hasProxy: false, isPlainAllowed: false };

  it('knows loopback from what other machines reach', () => {
    assert.deepStrictEqual([...local, ...wide].filter(isLoopback), local);
  });

  it('asks nothing of a server on loopback', () => {
    local.forEach((host) => checkExposure({ ...nothing, host }));
  });

  it('lets no server listen beyond loopback without users, whatever else is given', () => {
    const rest = { hasTls: true, hasProxy: true, isPlainAllowed: true };
    for (const host of wide) {
      assert.throws(() => checkExposure({ ...rest, hasUsers: false, host }), {
        code: 'INVALID_INPUT',
      });
    }
  });

  it('lets no token cross a network in the clear that nobody has said is private', () => {
    for (const host of wide) {
      const users = { ...nothing, hasUsers: true, host };
      assert.throws(() => checkExposure(users), { code: 'INVALID_INPUT' });
      for (const way of ['hasTls', 'hasProxy', 'isPlainAllowed']) {
        checkExposure({ ...users, [way]: true });
      }
    }
  });
});
