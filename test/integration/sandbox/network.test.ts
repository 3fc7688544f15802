// The one way out of a native place: its supervisor's loopback port, as code of the session sees it. Names and addresses
// are of this machine; the proxy's own rules are tested in unit/sandbox/native/network.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { Outcome } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { networkWalls } from '../../../src/sandbox/native/kubernetes/podManifest';
import { describePython, placeBackends } from '../../support/backends';
import { toLines } from '../../support/codeConnection';
import { Repl, createSandboxes } from '../../support/repl';

/** Not `127.0.0.1`, which is the sandbox's own for its programs. */
const host = '127.0.0.2';
const never = new AbortController().signal;
const get = (url: string): string =>
  `import urllib.request\nurllib.request.urlopen("${url}", timeout=20).read().decode()`;

describePython(
  'the network of a native place',
  function (backend) {
    this.timeout(90_000);
    let sandboxes: SandboxProcess;
    let repl: Repl;
    let web: Server;
    let port: number;
    let requests = 0;

    before(async () => {
      web = createServer((request, response) => {
        requests += 1;
        if (request.url === '/large') {
          response.end(Buffer.alloc(2_000_000, 'x'));
        } else if (request.url === '/cut') {
          response.write('part');
          response.once('drain', () => response.destroy());
          response.write(Buffer.alloc(200_000, 'y'), () => response.destroy());
        } else {
          request.pipe(response.writeHead(200, { 'X-Url': request.url ?? '' }));
        }
      }).listen(0, host);
      await once(web, 'listening');
      const address = web.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
      sandboxes = createSandboxes(backend, [`${host}:${port}`, 'localhost:1']);
      repl = await Repl.open(sandboxes, { context: 'a text' });
      await repl.run('kept = 1');
    });
    after(async () => {
      repl.sandbox.dispose();
      sandboxes.dispose();
      web.closeAllConnections();
      web.close();
      await once(web, 'close');
    });
    afterEach(async () => assert.equal(await repl.evaluate('kept'), '1'));

    const at = (path: string): string => `http://${host}:${port}${path}`;
    const run = async (code: string): Promise<Outcome> => {
      const outcome = await repl.run(code, { timeoutMs: 60_000 });
      assert.equal(outcome.error?.traceback, undefined);
      return outcome;
    };

    it('is named among its walls', () => {
      const walls = repl.sandbox.place.walls.filter((wall) => wall.startsWith('network'));
      assert.deepStrictEqual(walls, [`network: ${host}:${port}, localhost:1`]);
    });

    it('lets code reach what the user has listed, and puts it on record', async () => {
      const { result, network } = await run(
        `import urllib.request\nsent = b"z" * 300_000\nback = urllib.request.urlopen("${at('/x')}", data=sent, timeout=20).read()\nlen(back), back == sent`,
      );
      assert.equal(result, '(300000, True)');
      assert.deepStrictEqual(toLines(network ?? null), [`${host}:${port} allowed 1`]);
      const [use] = network?.uses ?? [];
      assert.deepStrictEqual([use?.sentBytes, use?.receivedBytes], [300_000, 300_000]);
      assert.equal((await run('1 + 1')).network, undefined);
    });

    it('lets a command of the shell reach it too, on record', async () => {
      const command = `python3 -c 'import urllib.request as r; print(r.urlopen("${at('/s')}").headers["X-Url"])'`;
      const { answer, network } = await repl.sandbox.runFileOperation(
        { operation: { kind: 'shell', command, maxOutputChars: 1_000 }, timeoutMs: 30_000 },
        never,
      );
      assert.equal(answer?.kind === 'shell' ? answer.stdout : answer?.kind, '/s\n');
      assert.deepStrictEqual(toLines(network ?? null), [`${host}:${port} allowed 1`]);
    });

    it('carries much, to readers that are slow, and from many at once', async () => {
      const { result, network } = await run(
        `import concurrent.futures, time, urllib.request\ndef load(slow):\n    with urllib.request.urlopen("${at('/large')}", timeout=40) as answer:\n` +
          '        if slow: time.sleep(0.3)\n        return sum(len(part) for part in iter(lambda: answer.read(65536), b""))\n' +
          'with concurrent.futures.ThreadPoolExecutor(8) as pool: sizes = list(pool.map(load, [True, False] * 4))\nset(sizes), len(sizes)',
      );
      assert.equal(result, '({2000000}, 8)');
      assert.deepStrictEqual(toLines(network ?? null), [`${host}:${port} allowed 8`]);
      assert.equal(network?.uses[0]?.receivedBytes, 16_000_000);
    });

    it('makes no whole of what a server has cut', async () => {
      const { result, network } = await run(
        `import http.client, urllib.request\ntry: said = len(urllib.request.urlopen("${at('/cut')}", timeout=20).read())\nexcept (http.client.HTTPException, OSError) as error: said = "cut"\nsaid`,
      );
      assert.equal(result, "'cut'");
      assert.match(toLines(network ?? null).join(), / allowed 1 cut: /u);
    });

    it('refuses all else with the reason, on record', async () => {
      const { result, network } = await run(
        'import urllib.error, urllib.request\nfound = []\n' +
          `for url in ("http://169.254.169.254/latest", "http://10.0.0.1/", "http://example.com/", "http://localhost:1/", "http://${host}:1/", "http://2130706434:${port}/"):\n` +
          '    request = urllib.request.Request(url)\n    request.set_proxy("127.0.0.1:3128", "http")\n' +
          '    try: found.append(urllib.request.urlopen(request, timeout=20).status)\n    except urllib.error.HTTPError as error: found.append((error.code, "rlm.sandbox.network" in error.read().decode()))\nfound',
      );
      const refused = '(403, True)';
      assert.equal(result, `[${`${refused}, `.repeat(5)}(400, True)]`);
      const verdicts = (network?.uses ?? []).map((use) => `${use.verdict} ${use.host}`);
      assert.deepStrictEqual(verdicts, [
        'refused 169.254.169.254',
        'refused 10.0.0.1',
        'refused example.com',
        'refused localhost',
        `refused ${host}`,
        `refused http://2130706434:${port}/`,
      ]);
    });

    it('has no other way: no device, no route, no name', async () => {
      const { result } = await run(
        'import socket\nfound = [name for _, name in socket.if_nameindex() if name != "lo"]\n' +
          `for address in (("${host}", ${port}), ("8.8.8.8", 53), ("169.254.169.254", 80)):\n` +
          '    try:\n        socket.create_connection(address, 0.5)\n        found.append(address)\n    except OSError: pass\n' +
          'try: found.append(socket.gethostbyname("example.com"))\nexcept OSError: pass\nfound',
      );
      assert.equal(result, '[]');
    });

    it('keeps the code’s own loopback its own', async () => {
      const { result, network } = await run(
        'import http.server, threading, urllib.request\nserver = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)\n' +
          'threading.Thread(target=server.handle_request, daemon=True).start()\n' +
          'try: urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=20)\nexcept urllib.error.HTTPError as error: said = error.code\nserver.server_close()\nsaid',
      );
      assert.deepStrictEqual([result, network], ['501', undefined]);
    });

    it('lets hundreds of connections wait their turn', async () => {
      const { result, network } = await run(
        'import socket\nrefused = 0\nfor _ in range(300):\n    with socket.create_connection(("127.0.0.1", 3128), 30) as one:\n' +
          '        one.sendall(b"CONNECT example.com:443 HTTP/1.1\\r\\n\\r\\n")\n        refused += one.recv(12) == b"HTTP/1.1 403"\nrefused',
      );
      assert.equal(result, '300');
      assert.match(toLines(network ?? null).join(), /^example\.com:443 refused 300 /u);
    });

    it('holds out against hundreds that are open at once and say nothing', async () => {
      const { result } = await run(
        'import socket\nmany = [socket.create_connection(("127.0.0.1", 3128), 30) for _ in range(400)]\n[one.close() for one in many]\n' +
          `many = None\n${get(at('/after'))} == ""`,
      );
      assert.equal(result, 'True');
    });

    it('closes with the step, and what a thread goes on to ask for then is refused', async () => {
      await run(
        `import os, threading, urllib.request\ndef ask():\n    event.wait()\n    try: said = urllib.request.urlopen("${at('/late')}", timeout=20).status\n` +
          '    except OSError: said = "refused"\n    with open("new.txt", "w") as file: file.write(said)\n    os.rename("new.txt", "said.txt")\n    done.set()\nevent, done = threading.Event(), threading.Event()\nthread = threading.Thread(target=ask, daemon=True); thread.start(); threading.Timer(0.05, event.set).start()',
      );
      const before = requests;
      const read = async (): Promise<string | undefined> => {
        const operation = { kind: 'read', path: 'said.txt', offset: 0, maxBytes: 100 } as const;
        const request = { operation, timeoutMs: 20_000 };
        const { answer } = await repl.sandbox.runFileOperation(request, never);
        return answer?.kind === 'read'
          ? Buffer.from(answer.content, 'base64').toString()
          : undefined;
      };
      let said = await read();
      while (said === undefined) {
        said = await read();
      }
      assert.deepStrictEqual([said, requests], ['refused', before]);
      const { network } = await run('done.wait()');
      assert.match(toLines(network ?? null).join(), /refused 1 no step and no command ran/u);
    });

    it('cuts a connection that a step leaves open', async () => {
      const { network } = await run(
        `import socket\nopen_one = socket.create_connection(("127.0.0.1", 3128), 20)\nopen_one.sendall(b"CONNECT ${host}:${port} HTTP/1.1\\r\\n\\r\\n")\nopen_one.recv(100)`,
      );
      assert.match(toLines(network ?? null).join(), /allowed 1 it was open when its step ended/u);
      const { result } = await run(
        'try: said = open_one.recv(100)\nexcept OSError as error: said = type(error).__name__\nopen_one.close()\nsaid',
      );
      assert.equal(result, "'ConnectionResetError'");
    });

    it('survives an interpreter that is lost while it is used', async () => {
      const outcome = await repl.run(
        `import os, socket\none = socket.create_connection(("127.0.0.1", 3128), 20)\none.sendall(b"CONNECT ${host}:${port} HTTP/1.1\\r\\n\\r\\n")\none.recv(100)\nos._exit(3)`,
      );
      assert.equal(outcome.stateLost, true);
      assert.match(toLines(outcome.network ?? null).join(), /allowed 1/u);
      await run('kept = 1');
      assert.equal((await run(get(at('/again')))).result, "''");
    });

    it('gives code that writes frames of its own no more than its connections have', async () => {
      // Every file of the supervisor that can be opened is written to, as if by the supervisor.
      const frame = `struct.pack(">BI", 3, 5 + len(data)) + struct.pack(">IB", number, kind) + data`;
      const outcome = await repl.run(
        'import glob, os, struct\ndef send(number, kind, data=b""):\n    for path in glob.glob("/proc/1/fd/*"):\n' +
          `        try:\n            file = os.open(path, os.O_WRONLY | os.O_NONBLOCK)\n            os.write(file, ${frame})\n            os.close(file)\n        except OSError: pass\n` +
          'send(2**31, 0)\nsend(2**31, 1, b"CONNECT 169.254.169.254:80 HTTP/1.1\\r\\n\\r\\n")\nsend(2**31 + 1, 0)\nsend(2**31 + 1, 1, bytes(300_000))',
        { timeoutMs: 20_000 },
      );
      const uses = outcome.network?.uses ?? [];
      assert.ok(
        uses.every(({ verdict }) => verdict !== 'allowed'),
        toLines(outcome.network ?? null).join(),
      );
      // It may have cost its own place, and nobody else's.
      const other = await Repl.open(sandboxes, { context: 'other' });
      assert.equal(await other.evaluate('context'), "'other'");
      other.sandbox.dispose();
      repl.sandbox.dispose();
      repl = await Repl.open(sandboxes, { context: 'a text' });
      await repl.run('kept = 1');
    });
  },
  placeBackends,
);

describePython(
  'a native place without a network',
  function (backend) {
    this.timeout(60_000);

    it('listens nowhere, and says that it has none', async () => {
      const sandboxes = createSandboxes(backend);
      try {
        const repl = await Repl.open(sandboxes);
        const { result, network } = await repl.run(
          'import os, socket\ntry: said = socket.create_connection(("127.0.0.1", 3128), 1)\nexcept OSError as error: said = type(error).__name__\n' +
            'said, [name for name in os.environ if "proxy" in name.lower()]',
        );
        assert.deepStrictEqual([result, network], ["('ConnectionRefusedError', [])", undefined]);
        const wall = backend === 'kubernetes' ? networkWalls.closed : 'network: none';
        assert.ok(repl.sandbox.place.walls.includes(wall));
        repl.sandbox.dispose();
      } finally {
        sandboxes.dispose();
      }
    });
  },
  placeBackends,
);
