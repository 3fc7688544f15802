// Nothing is lost: the engine, its sandbox process and single workers die at random moments of long
// runs. RLM_KILLS=1000 makes it the full run, RLM_SEED repeats one.

import assert from 'node:assert/strict';
import path from 'node:path';
import { openTraces } from '../../../src/runtime';
import { KillingGround, killKinds } from '../../support/killing';
import { hasProcessTree } from '../../support/processTree';
import { createRandom, readSeed } from '../../support/random';
import { useTempFolder } from '../../support/tempFolder';

const kills = Number(process.env['RLM_KILLS'] ?? 30);
const kinds = killKinds.filter((kind) => kind !== 'sandbox' || hasProcessTree);

describe('an engine under fire', function () {
  this.timeout(60_000 + kills * 10_000);
  const folder = useTempFolder();

  it(`loses no answered step in ${kills} kills of ${kinds.join(', ')}, and every session goes on`, async () => {
    const random = createRandom(readSeed());
    const home = path.join(folder(), 'home');
    const traces = await openTraces({ home });
    const ground = new KillingGround({ home, root: folder() }, traces, random);
    try {
      for (let done = 0; done < kills; done += 1) {
        await ground.kill(kinds[done % kinds.length] ?? 'engine').catch((thrown: unknown) => {
          const cause = thrown instanceof Error ? thrown.message : String(thrown);
          throw new Error(`kill ${done} with RLM_SEED=${random.seed}: ${cause}`, { cause: thrown });
        });
      }
    } finally {
      await ground.dispose();
      traces.dispose();
    }
    const { counts, answeredSteps, replays, finalized } = ground;
    process.stdout.write(
      `      ${JSON.stringify({ seed: random.seed, counts, answeredSteps, replays, finalized })}\n`,
    );
    assert.equal(
      Object.values(counts).reduce((sum, count) => sum + count, 0),
      kills,
    );
  });
});
