// TLS by files that are renewed while the server runs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';
import { HttpListener } from '../../../src/mcp/httpListener';
import { createSelfSigned } from '../../support/selfSigned';
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
    assert.deepStrictEqual([await readSerial(), await listener.renew()], ['01', false]);
    await writeFile(files.certificate, second.certificate);
    assert.deepStrictEqual([await listener.renew(), await readSerial()], [false, '01']);
    await writeFile(files.key, second.key);
    assert.deepStrictEqual([await listener.renew(), await readSerial()], [true, '02']);
    const closed = once(listener.server, 'close');
    listener.server.close();
    listener.server.closeAllConnections();
    await closed;
  });
});
