// TLS by files that are renewed while the server runs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type net from 'node:net';
import tls from 'node:tls';
import { HttpListener } from '../../../src/mcp/httpListener';
import { createSelfSigned } from '../../support/selfSigned';
import { connectRaw } from '../../support/rawSocket';
import { useTempFolder } from '../../support/tempFolder';

describe('httpListener', () => {
  const folder = useTempFolder();

  it('takes a renewed certificate with its key, and keeps the old one while the files do not fit', async () => {
    const files = {
      certificate: path.join(folder(), 'server.pem'),
      key: path.join(folder(), 'server.key'),
    };
    const [first, second] = [createSelfSigned(1), createSelfSigned(2)];
    await assert.rejects(
      HttpListener.create(() => undefined, files),
      { code: 'INVALID_INPUT' },
    );
    await writeFile(files.certificate, first.certificate);
    await writeFile(files.key, second.key);
    await assert.rejects(
      HttpListener.create(() => undefined, files),
      { code: 'INVALID_INPUT' },
    );
    await writeFile(files.key, first.key);
    const listener = await HttpListener.create(() => undefined, files);
    const port = await listener.listen(0, '127.0.0.1');
    const readSerial = async (): Promise<string> => {
      const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const renew = async () => (await listener.renew()).kind;
    assert.deepStrictEqual([await readSerial(), await renew()], ['01', 'same']);
    await writeFile(files.certificate, second.certificate);
    assert.deepStrictEqual([await renew(), await readSerial()], ['failed', '01']);
    await rm(files.key);
    assert.deepStrictEqual([await renew(), await readSerial()], ['failed', '01']);
    await writeFile(files.key, second.key);
    assert.deepStrictEqual([await renew(), await readSerial()], ['renewed', '02']);
    assert.ok((listener.certificateEndsAt ?? 0) > Date.now());
    await close(listener);
  });

  it('keeps connections that do not shake hands few, and ends without waiting for them', async function () {
    this.timeout(8_000); // a handshake has 10 s
    const listener = await listenSecurely();
    const port = await listener.listen(0, '127.0.0.1');
    const silent: net.Socket[] = [];
    for (let count = 0; count < 300; count += 1) {
      silent.push((await connectRaw(port)).resume());
    }
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    for (const one of silent.slice(0, 45)) {
      if (!one.closed) {
        await once(one, 'close');
      }
    }
    assert.deepStrictEqual(silent.filter(({ destroyed }) => !destroyed).length, 255); // and the one that did
    await close(listener);
    socket.destroy();
  });

  it('forgets a handshake that is done or has failed', async () => {
    const listener = await listenSecurely();
    const port = await listener.listen(0, '127.0.0.1');
    const secure: tls.TLSSocket[] = [];
    for (let count = 0; count < 260; count += 1) {
      const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      secure.push(socket.resume());
      const raw = (await connectRaw(port)).resume();
      raw.write('GET / HTTP/1.1\r\n\r\n');
      await once(raw, 'close');
    }
    assert.deepStrictEqual(secure.filter(({ destroyed }) => destroyed).length, 0);
    secure.forEach((socket) => socket.destroy());
    await close(listener);
  });

  it('goes on when a connection cannot be accepted', async () => {
    const listener = await HttpListener.create((_request, response) => response.end('here'), null);
    const port = await listener.listen(0, '127.0.0.1');
    for (let count = 0; count < 3; count += 1) {
      listener.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    }
    const reply = await fetch(`http://127.0.0.1:${port}/`);
    assert.deepStrictEqual(await reply.text(), 'here');
    await close(listener);
  });

  const listenSecurely = async (): Promise<HttpListener> => {
    const pair = createSelfSigned(1);
    const files = {
      certificate: path.join(folder(), 'server.pem'),
      key: path.join(folder(), 'server.key'),
    };
    await writeFile(files.certificate, pair.certificate);
    await writeFile(files.key, pair.key);
    return HttpListener.create(() => undefined, files);
  };

  const close = async (listener: HttpListener): Promise<void> => {
    const closed = once(listener.server, 'close');
    listener.server.close();
    listener.closeConnections();
    await closed;
  };
});
