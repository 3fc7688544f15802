// Random schedules of a parent and its children that draw from one budget, calls under way at the same time.

import { AgentBudget } from '../../src/core/agent/agentBudget';
import { createRandom, readSeed } from '../../test/support/random';
import { toCount } from '../figure';
import type { AgentCase } from './agentBench';

const schedules = 1_000;
const children = 8;
const largestCall = 100;

export const budget: AgentCase = {
  name: 'budget',
  title: 'One budget for a parent and its children',
  async run() {
    const random = createRandom(readSeed());
    let [worst, refused, made] = [0, 0, 0];
    for (let schedule = 0; schedule < schedules; schedule += 1) {
      const tokens = 500 + random.nextInt(5_000);
      const none = { usd: 1, turns: 1, commands: 1, children, wallMs: 1 };
      const parent = new AgentBudget('parent', { tokens, ...none }, { used: null, parent: null });
      const all = [
        parent,
        ...Array.from({ length: children }, (_, at) => {
          return new AgentBudget(`child ${at}`, { tokens, ...none }, { used: null, parent });
        }),
      ];
      const open: (() => void)[] = [];
      for (let call = 0; call < 200; call += 1) {
        const amount = 1 + random.nextInt(largestCall);
        const held = all[random.nextInt(all.length)]?.reserve('tokens', amount) ?? null;
        made += held ? 1 : 0;
        refused += held ? 0 : 1;
        // A call costs at most what was reserved for it.
        const used = random.nextInt(amount + 1);
        open.push(() => held?.settle(used));
        if (open.length > children || random.nextInt(2) === 0) {
          open.splice(random.nextInt(open.length), 1)[0]?.();
        }
      }
      open.forEach((settle) => settle());
      worst = Math.max(worst, parent.used.tokens - tokens);
    }
    return [
      toCount(`calls made, ${refused} refused before they were made`, 'calls', made),
      toCount(
        `most that was spent beyond a budget, over ${schedules} schedules`,
        'tokens',
        Math.max(0, worst),
        {
          target: { atMost: 0 },
        },
      ),
    ];
  },
};
