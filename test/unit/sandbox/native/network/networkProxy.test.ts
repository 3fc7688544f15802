// The proxy against what hostile code and hostile servers send: real sockets on loopback, names by a resolver of the test.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import { type Server as NetServer, type Socket, createServer as createNetServer } from 'node:net';
import { ProxyTest, type ProxyTestOptions, readAll } from '../../../../support/codeConnection';

describe('the proxy of a sandbox', () => {
  let web: Server;
  let port: number;
  const requests: {
    method: string;
    url: string;
    headers: IncomingMessage['rawHeaders'];
    body: string;
  }[] = [];
  let raw: NetServer;
  let rawPort: number;
  let answerRaw: (socket: Socket) => void = () => undefined;
  const open: ProxyTest[] = [];

  const start = async (options: ProxyTestOptions): Promise<ProxyTest> => {
    const test = await new ProxyTest(options).start();
    open.push(test);
    return test;
  };
  /** A name that is listed and has an address of this machine, which is listed too. */
  const startListed = (rest: Partial<ProxyTestOptions> = {}): Promise<ProxyTest> =>
    start({
      allowed: [
        `web.test:${port}`,
        `127.0.0.1:${port}`,
        `web.test:${rawPort}`,
        `127.0.0.1:${rawPort}`,
      ],
      addresses: { 'web.test': [['127.0.0.1']] },
      ...rest,
    });

  before(async () => {
    web = createServer((request, response) => {
      let body = '';
      request.setEncoding('latin1').on('data', (text: string) => (body += text));
      request.on('end', () => {
        requests.push({
          method: request.method ?? '',
          url: request.url ?? '',
          headers: request.rawHeaders,
          body,
        });
        response.setHeader('Connection', 'X-Secret');
        response.setHeader('X-Secret', 'of this hop');
        response.end(`hello ${request.url}`);
      });
    }).listen(0, '127.0.0.1');
    raw = createNetServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end());
      answerRaw(socket);
    }).listen(0, '127.0.0.1');
    await Promise.all([once(web, 'listening'), once(raw, 'listening')]);
    port = toPort(web);
    rawPort = toPort(raw);
  });
  after(async () => {
    web.closeAllConnections();
    web.close();
    raw.close();
    await Promise.all([once(web, 'close'), once(raw, 'close')]);
  });
  beforeEach(() => {
    requests.length = 0;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((test) => test.dispose()));
  });

  it('forwards a request in absolute form, with the name of its target and without what is for the proxy', async () => {
    const test = await startListed();
    const answer = await test.ask(
      `POST http://web.test:${port}/a?b=c HTTP/1.1\r\nHost: evil.test\r\nProxy-Authorization: secret\r\n` +
        'Connection: X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nUpgrade: websocket\r\nX-Kept: 2\r\nContent-Length: 3\r\n\r\nabc',
    );
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/u);
    assert.match(answer, /hello \/a\?b=c/u);
    assert.ok(!/X-Secret/iu.test(answer), answer);
    const [{ method, url, headers, body } = assert.fail('no request')] = requests;
    const named = Object.fromEntries(
      headers.flatMap((name, index) =>
        index % 2 ? [] : [[name.toLowerCase(), headers[index + 1]]],
      ),
    );
    assert.deepStrictEqual(
      { method, url, body, ...named },
      {
        ...{ method: 'POST', url: '/a?b=c', body: 'abc' },
        ...{ host: `web.test:${port}`, connection: 'close', 'content-length': '3', 'x-kept': '2' },
      },
    );
    assert.deepStrictEqual(test.take(), [`web.test:${port} allowed 1`]);
  });

  it('carries a tunnel both ways, with what came early and after either end', async () => {
    const test = await startListed();
    answerRaw = (socket) => {
      const parts: Buffer[] = [];
      socket.on('data', (part: Buffer) => parts.push(part));
      socket.prependListener('end', () => socket.end(`got ${Buffer.concat(parts).toString()}`));
    };
    const socket = await test.connect();
    socket.write(`CONNECT web.test:${rawPort} HTTP/1.1\r\n\r\nearly `);
    socket.end('late');
    const answer = await readAll(socket);
    assert.equal(answer, 'HTTP/1.1 200 Connection Established\r\n\r\ngot early late');
    assert.deepStrictEqual(test.take(), [`web.test:${rawPort} allowed 1`]);
  });

  const forbidden: Readonly<Record<string, string>> = {
    'a name that is not listed': 'other.test:443',
    'a port that is not listed': 'web.test:25',
    'this machine by its address': '127.0.0.1:1',
    'this machine by another of its addresses': '127.0.0.2:80',
    'this machine by IPv6': '[::1]:80',
    'this machine by IPv4 inside of IPv6': '[::ffff:127.0.0.1]:80',
    'the metadata service': '169.254.169.254:80',
    'a name that is of this machine': 'localhost:80',
  };
  for (const [what, target] of Object.entries(forbidden)) {
    it(`refuses ${what}, by either way, and looks nothing up`, async () => {
      const test = await startListed();
      for (const head of [`CONNECT ${target} HTTP/1.1`, `GET http://${target}/ HTTP/1.1`]) {
        assert.match(
          await test.ask(`${head}\r\nHost: web.test:${port}\r\n\r\n`),
          /^HTTP\/1\.1 403 /u,
        );
      }
      const name = target.replace(/:(\d+)$/u, '').replaceAll(/[[\]]/gu, '');
      const lines = test.take();
      assert.equal(lines.length, 1, lines.join());
      assert.match(lines[0] ?? '', / refused 2 the user’s settings do not list it$/u);
      assert.ok(name.startsWith('::ffff') || lines[0]?.startsWith(`${name}:`), lines[0]);
      assert.deepStrictEqual([test.lookups, requests], [[], []]);
    });
  }

  const malformed = [
    ...[
      '2130706433:80',
      '0x7f.1:80',
      '0177.0.0.1:80',
      '127.1:80',
      '[fe80::1%25lo]:80',
      '[::1%lo]:80',
    ],
    ...[
      'web.test',
      'web.test:',
      'web.test:0',
      'web.test:99999',
      'web.test:80:80',
      'user@web.test:80',
    ],
    ...[':80', 'web.test:80/x', 'web.test:+80', 'web.test:0x50', 'web.test\\:80'],
  ];
  for (const target of malformed) {
    it(`takes ${target} for no target`, async () => {
      const test = await startListed();
      const answer = await test.ask(`CONNECT ${target} HTTP/1.1\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 400 /u);
      assert.match(test.take().join(), / refused 1 /u);
      assert.deepStrictEqual(test.lookups, []);
    });
  }

  const malformedRequests: Readonly<Record<string, (at: string) => string>> = {
    'a user in the address': (at) => `GET http://user:pass@${at}/ HTTP/1.1\r\n\r\n`,
    'a user that looks like the host': (at) => `GET http://${at}@127.0.0.1/ HTTP/1.1\r\n\r\n`,
    'a fragment': (at) => `GET http://${at}/#@evil HTTP/1.1\r\n\r\n`,
    'a backslash': (at) => `GET http://evil\\@${at}/ HTTP/1.1\r\n\r\n`,
    'another scheme': (at) => `GET ftp://${at}/ HTTP/1.1\r\n\r\n`,
    'https without a tunnel': (at) => `GET https://${at}/ HTTP/1.1\r\n\r\n`,
    'a file': () => 'GET file:///etc/passwd HTTP/1.1\r\n\r\n',
    'only a path, and the host in a header': (at) => `GET / HTTP/1.1\r\nHost: ${at}\r\n\r\n`,
    'a line break in the target': (at) => `GET http://${at}/\r\nX: y HTTP/1.1\r\n\r\n`,
    'a version of its own': (at) => `GET http://${at}/ HTTP/2.0\r\n\r\n`,
    'no version': (at) => `GET http://${at}/\r\n\r\n`,
    'a bare line feed in a header': (at) =>
      `GET http://${at}/ HTTP/1.1\r\nA: b\nTransfer-Encoding\n: chunked\r\n\r\n`,
    'a carriage return in a header': (at) =>
      `GET http://${at}/ HTTP/1.1\r\nA: b\rHost: evil\r\n\r\n`,
    'a null in a header': (at) => `GET http://${at}/ HTTP/1.1\r\nA: b\0c\r\n\r\n`,
    'a folded header': (at) =>
      `GET http://${at}/ HTTP/1.1\r\nA: b\r\n c\r\n Transfer-Encoding: chunked\r\n\r\n`,
    'a length and chunks': (at) =>
      `POST http://${at}/ HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`,
    'two lengths': (at) =>
      `POST http://${at}/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    'a length with a sign': (at) => `POST http://${at}/ HTTP/1.1\r\nContent-Length: +1\r\n\r\na`,
    'an encoding that only ends in chunked': (at) =>
      `POST http://${at}/ HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'chunks of a length that is none': (at) =>
      `POST http://${at}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n`,
    'no HTTP': () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n',
    'a body in a coding that is not undone': (at) =>
      `PUT http://${at}/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
    'a head without end': (at) =>
      `GET http://${at}/ HTTP/1.1\r\n${`A: ${'x'.repeat(1_000)}\r\n`.repeat(40)}`,
    'a target without end': (at) => `GET http://${at}/${'x'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
  };
  for (const [what, write] of Object.entries(malformedRequests)) {
    it(`lets no request through that has ${what}`, async () => {
      const test = await startListed();
      const answer = await test.ask(write(`web.test:${port}`));
      assert.match(answer, /^(?:HTTP\/1\.1 (?:400|403|502) |$)/u);
      assert.ok(
        requests.every(({ method, body }) => method === 'POST' && body.length <= 1),
        'arrived whole',
      );
      assert.equal(test.take().length, 1);
    });
  }

  for (const method of ['GET', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'QUERY']) {
    it(`hands on the body of a ${method} in pieces as its body, and never as a request`, async () => {
      const test = await startListed();
      const body = 'GET /smuggled HTTP/1.1\r\nHost: other.test\r\n\r\n';
      const answer = await test.ask(
        `${method} http://web.test:${port}/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n` +
          `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 200 /u);
      assert.deepStrictEqual(
        requests.map((one) => [one.method, one.url, one.body]),
        [[method, '/a', body]],
      );
    });
  }

  it('lets one request through for each connection, whatever follows it', async () => {
    const test = await startListed();
    const one = `GET http://web.test:${port}/1 HTTP/1.1\r\n\r\n`;
    const answer = await test.ask(
      one + one.replace('/1', '/2') + `GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n`,
    );
    assert.deepStrictEqual(
      requests.map(({ url }) => url),
      ['/1'],
    );
    assert.equal(answer.match(/HTTP\/1\.1 200/gu)?.length, 1);
  });

  it('judges each request of a redirect anew', async () => {
    const test = await startListed();
    answerRaw = (socket) => {
      socket.resume();
      socket.end(
        'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n',
      );
    };
    const first = await test.ask(`GET http://web.test:${rawPort}/ HTTP/1.1\r\n\r\n`);
    assert.match(first, /^HTTP\/1\.1 302 .*169\.254\.169\.254/su);
    assert.match(
      await test.ask('GET http://169.254.169.254/latest HTTP/1.1\r\n\r\n'),
      /^HTTP\/1\.1 403 /u,
    );
  });

  const privateAddresses = [
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    'fe80::1%lo',
    '224.0.0.1',
    'fd00::1',
    '0.0.0.0',
  ];
  for (const address of privateAddresses) {
    it(`refuses a listed name whose address is ${address}`, async () => {
      const test = await start({
        allowed: [`web.test:${port}`],
        addresses: { 'web.test': [[address]] },
      });
      assert.match(
        await test.ask(`CONNECT web.test:${port} HTTP/1.1\r\n\r\n`),
        /^HTTP\/1\.1 403 .*not public/su,
      );
      assert.match(test.take().join(), /refused 1 its name has an address that is not public/u);
    });
  }

  it('connects to the addresses that it judged, and looks a name up once', async () => {
    const test = await start({
      allowed: [`web.test:${port}`, `127.0.0.1:${port}`],
      addresses: { 'web.test': [['127.0.0.1'], ['169.254.169.254']] },
    });
    const request = `GET http://web.test:${port}/ HTTP/1.1\r\n\r\n`;
    assert.match(await test.ask(request), /^HTTP\/1\.1 200 /u);
    assert.deepStrictEqual(test.lookups, ['web.test']);
    assert.match(
      await test.ask(request),
      /^HTTP\/1\.1 403 /u,
      'the second has an address of its own',
    );
  });

  it('passes over addresses that may not be reached where a name has others', async () => {
    const test = await start({
      allowed: [`web.test:${port}`, `127.0.0.1:${port}`],
      addresses: { 'web.test': [['10.0.0.1', '127.0.0.1']] },
    });
    assert.match(
      await test.ask(`GET http://web.test:${port}/ HTTP/1.1\r\n\r\n`),
      /^HTTP\/1\.1 200 /u,
    );
  });

  it('says of a name without address, and of a server that does not answer, that they failed', async () => {
    const gone = createNetServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const closed = toPort(gone);
    gone.close();
    await once(gone, 'close');
    const test = await start({
      allowed: ['nowhere.test', `web.test:${closed}`, `127.0.0.1:${closed}`],
      addresses: { 'web.test': [['127.0.0.1']] },
    });
    for (const target of ['nowhere.test:443', `web.test:${closed}`]) {
      assert.match(await test.ask(`CONNECT ${target} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 502 /u);
    }
    assert.deepStrictEqual(test.take(), [
      'nowhere.test:443 failed 1 its name has no address',
      `web.test:${closed} failed 1 it cannot be reached: ECONNREFUSED`,
    ]);
  });

  it('does not make a whole of a part: what a server cuts is cut', async () => {
    const test = await startListed();
    answerRaw = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', () =>
        socket.destroy(),
      );
    };
    const socket = await test.connect();
    socket.write(`GET http://web.test:${rawPort}/ HTTP/1.1\r\n\r\n`);
    const answer = await readAll(socket);
    assert.ok(!answer.includes('\r\n0\r\n'), answer);
    assert.match(test.take().join(), /allowed 1 cut: /u);
  });

  it('cuts a session off once it has had its bytes, and says so from then on', async () => {
    const test = await startListed({ limits: { maxBytes: 100_000, maxBytesText: 'all is used' } });
    answerRaw = (socket) => {
      socket.resume();
      socket.write(Buffer.alloc(200_000, 120));
    };
    const socket = await test.connect();
    socket.write(`CONNECT web.test:${rawPort} HTTP/1.1\r\n\r\n`);
    const answer = await readAll(socket);
    assert.ok(answer.length <= 100_100, String(answer.length));
    assert.match(
      await test.ask(`CONNECT web.test:${rawPort} HTTP/1.1\r\n\r\n`),
      /^HTTP\/1\.1 403 .*all is used/su,
    );
    assert.deepStrictEqual(test.take(), [
      `web.test:${rawPort} allowed 1 cut: all is used`,
      `web.test:${rawPort} refused 1 all is used`,
    ]);
  });

  it('ends a connection that asks for nothing in time, and one that is idle', async () => {
    const test = await startListed({ limits: { headMs: 20, idleMs: 20 } });
    answerRaw = (socket) => void socket.resume();
    const slow = await test.connect();
    slow.write('GET http://web.test');
    await once(slow, 'close');
    const idle = await test.connect();
    idle.write(`CONNECT web.test:${rawPort} HTTP/1.1\r\n\r\n`);
    await readAll(idle);
    assert.deepStrictEqual(test.take(), [
      ':0 failed 1 its request did not come in time',
      `web.test:${rawPort} allowed 1 cut: it was idle for 0.02 s`,
    ]);
  });

  it('holds a few connections at once, and refuses the others', async () => {
    const test = await startListed({ limits: { maxConnections: 2 } });
    answerRaw = (socket) => void socket.resume();
    for (let count = 0; count < 2; count += 1) {
      const socket = await test.connect();
      socket.write(`CONNECT web.test:${rawPort} HTTP/1.1\r\n\r\n`);
      await once(socket, 'data');
    }
    const third = await test.connect();
    await once(third, 'close');
    assert.match(test.take().join(), /:0 refused 1 too many connections at once/u);
  });

  it('is open only while a step runs, and cuts what the step left open', async () => {
    const test = await startListed();
    answerRaw = (socket) => void socket.resume();
    const socket = await test.connect();
    socket.write(`CONNECT web.test:${rawPort} HTTP/1.1\r\n\r\n`);
    await once(socket, 'data');
    const closed = once(socket, 'close');
    const record = test.proxy.close();
    await closed;
    assert.match(record?.uses[0]?.reason ?? '', /open when its step ended/u);
    const late = await test.connect();
    await once(late, 'close');
    test.proxy.open();
    assert.deepStrictEqual(test.take(), [':0 refused 1 no step and no command ran']);
  });

  it('keeps a record of bounded size for 10,000 connections to as many hosts', async () => {
    const test = await startListed();
    const ask = async (from: number): Promise<void> => {
      for (let number = from; number < 10_000; number += 20) {
        await test.ask(`CONNECT h${number}.test:443 HTTP/1.1\r\n\r\n`);
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, from) => ask(from)));
    const record = test.proxy.close();
    assert.deepStrictEqual(
      [record?.uses.length, (record?.unlisted ?? 0) + (record?.uses.length ?? 0)],
      [100, 10_000],
    );
  }).timeout(60_000);
});

function toPort(server: NetServer): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
