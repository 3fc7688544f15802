// A worker that holds one QuickJS guest: empties its realm, then answers messages until it is ended.

import { workerData } from 'node:worker_threads';
import { version } from '@jitl/quickjs-ng-wasmfile-release-sync/package.json';
import type { FromWorker, WorkerInit } from '../../protocol/worker';
import { JavascriptGuest } from './javascriptGuest';
import { createMessagePump } from './messagePump';
import { roots } from './guestTree';
import { MemoryFiles } from './memoryFiles';
import { MemoryTree } from './memoryTree';
import { scrubRealm } from './scrubRealm';

export interface JavaScriptAssets {
  readonly wasmModule: WebAssembly.Module;
}

const fileQuota = { maxBytes: 128 * 1024 * 1024, maxFiles: 10_000, maxPathChars: 4_096 };

const init = workerData as WorkerInit<JavaScriptAssets>; // made by the sandbox process
const pump = createMessagePump(init);
scrubRealm();

serve().catch((error: unknown) => {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  send({ kind: 'broken', message: message.slice(0, 2_000) });
});

async function serve(): Promise<never> {
  const { interrupt, maxMemoryBytes, assets } = init;
  const tree = new MemoryTree(fileQuota, roots, Date.now);
  const files = new MemoryFiles(tree);
  const guest = await JavascriptGuest.create({
    wasmModule: assets.wasmModule,
    pump,
    interrupt,
    maxMemoryBytes,
    tree,
  });
  send({ kind: 'ready', detail: `QuickJS-ng ${version} on WebAssembly` });
  for (;;) {
    const message = pump.receive();
    if (message.kind !== 'files') {
      files.abandon();
    }
    switch (message.kind) {
      case 'load':
        send({ kind: 'loaded', id: message.id, sizes: guest.load(message) });
        break;
      case 'run':
        send({ kind: 'ran', id: message.id, outcome: guest.run(message) });
        break;
      case 'read':
        send({ kind: 'value', id: message.id, value: guest.read(message) });
        break;
      case 'files':
        pump.send(JSON.stringify({ kind: 'filed', id: message.id, answer: files.answer(message) }));
        break;
      case 'reply':
        throw new Error(`A reply to call ${message.call}, which nothing waits for.`);
    }
  }
}

function send(message: FromWorker): void {
  pump.send(JSON.stringify(message));
}
