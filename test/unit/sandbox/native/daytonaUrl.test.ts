import assert from 'node:assert/strict';
import { checkDaytonaUrl } from '../../../../src/sandbox/native/daytona/daytonaUrl';

describe('the address that a key of Daytona is sent to', () => {
  for (const [given, checked] of [
    ['https://app.daytona.io/api', 'https://app.daytona.io/api'],
    ['https://daytona.example:8443/api//', 'https://daytona.example:8443/api'],
    ['http://127.0.0.1:3000/api', 'http://127.0.0.1:3000/api'],
    ['http://localhost/api/', 'http://localhost/api'],
    ['http://[::1]:1/api', 'http://[::1]:1/api'],
  ] as const) {
    it(`may be ${given}`, () => {
      assert.equal(checkDaytonaUrl(given, 'it'), checked);
    });
  }

  for (const given of [
    '',
    'app.daytona.io',
    'http://app.daytona.io/api',
    'http://127.0.0.1.example.com/api',
    'http://localhost.example/api',
    'http://10.0.0.1/api',
    'ftp://app.daytona.io',
    'file:///etc/passwd',
    'https://name:password@app.daytona.io/api',
    'https://app.daytona.io/api?to=http://other',
  ]) {
    it(`may not be ${given || 'empty'}, and the error does not repeat it`, () => {
      assert.throws(
        () => checkDaytonaUrl(given, 'It'),
        (error: { code?: string; message: string }) =>
          error.code === 'BACKEND_UNAVAILABLE' && (given === '' || !error.message.includes(given)),
      );
    });
  }
});
