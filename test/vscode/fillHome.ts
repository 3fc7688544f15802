// Fills a home with many ended sessions: `node fillHome.cjs HOME COUNT`. The first tenth is two years old.

import { createTimeOrderedId } from '../../src/base/ids';
import { FileTraceStore } from '../../src/store/fileTraceStore';
import { createHome } from '../../src/store/home';
import {
  createContextLoaded,
  createOpened,
  createStepFinished,
  createStepStarted,
} from '../support/sampleTrace';

const [home = '', count = '0'] = process.argv.slice(2);
const minuteMs = 60_000;
const twoYearsMs = 2 * 365 * 24 * 60 * minuteMs;
const parallel = 100;

async function fillHome(): Promise<void> {
  const total = Number(count);
  const now = Date.now();
  const store = new FileTraceStore({
    home: await createHome(home),
    engineId: createTimeOrderedId(now),
    isEngineAlive: async () => false,
  });
  const leave = async (index: number): Promise<void> => {
    const at = now - (total - index) * minuteMs - (index < total / 10 ? twoYearsMs : 0);
    const topic = index === 17 ? 'refunds' : 'checkouts';
    const title = `Session ${index} over the logs of ${topic}`;
    const opened = createOpened({ sessionId: createTimeOrderedId(at), at, title });
    const sink = await store.createTrace(opened);
    await sink.append(createContextLoaded({ at }));
    await sink.append(createStepStarted({ at }));
    await sink.append(createStepFinished({ at: at + 10 }));
    await sink.close();
  };
  for (let first = 0; first < total; first += parallel) {
    const length = Math.min(parallel, total - first);
    await Promise.all(Array.from({ length }, (_, offset) => leave(first + offset)));
  }
  store.dispose();
}

void fillHome();
