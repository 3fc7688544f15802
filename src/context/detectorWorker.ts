// Entry of the detector's thread: a sample in, a guess out.

import { parentPort } from 'node:worker_threads';
import { guessEncoding } from './guessEncoding';

parentPort?.on('message', (sample: Uint8Array) => {
  parentPort?.postMessage(guessEncoding(Buffer.from(sample)));
});
