// Questions over running text and over lines that must be classed first, some of them by the agent itself.

import type { Random } from '../../test/support/random';
import { toDay } from '../eval/days';
import { createEssayParagraph } from '../eval/haystackWords';
import { type Instance, type Label, createLines, createUserIds, labels } from '../eval/instances';
import { type AgentTask, fillLines } from './task';

/** Paragraphs, with `facts` among them, each at a place of its own. */
function createEssay(chars: number, facts: readonly string[], random: Random): string {
  const lines = fillLines(chars, () => createEssayParagraph(random));
  const part = Math.floor(lines.length / (facts.length + 1));
  for (const [index, fact] of [...facts.entries()].reverse()) {
    lines.splice(part * index + random.nextInt(part), 0, fact);
  }
  return lines.join('\n');
}

const needle: AgentTask = {
  name: 'needle among others',
  create: (random) => {
    const value = 1_000_000 + random.nextInt(9_000_000);
    const facts = ['amber-harbor', 'silent-orchard', 'copper-meadow', 'lively-canyon'].map(
      (key) =>
        `One of the special magic numbers for ${key} is: ${key === 'silent-orchard' ? value : 1_000_000 + random.nextInt(9_000_000)}.`,
    );
    return {
      files: { 'essays.txt': createEssay(4_000_000, facts, random) },
      looks: [],
      work: "hits = grep('magic number.*silent-orchard', ignore_case=True)",
      answer: "' | '.join(h.line_text.rstrip('.').split(': ')[-1] for h in hits)",
      right: String(value),
    };
  },
};

function createInstances(
  chars: number,
  random: Random,
): { readonly text: string; readonly instances: readonly Instance[] } {
  const users = createUserIds(12, random);
  const days = [toDay(2024, 1, 1), toDay(2024, 4, 1)] as const;
  return createLines(
    () => ({ user: random.pick(users), days, next: () => random.pick(labels) }),
    chars,
    random,
  );
}

const parse = String.raw`import re
from collections import Counter
rows = re.findall(r'^Date: (.+?) \|\| User: (\d+) \|\| Instance: (.+)$', context, re.M)
print(len(rows), Counter(' '.join(t.split()[:2]) for _, _, t in rows).most_common(14))`;

const asked: Label = 'human being';

const countLabel: AgentTask = {
  name: 'lines of one class',
  create: (random) => {
    const { text, instances } = createInstances(500_000, random);
    return {
      files: { 'questions.txt': text },
      looks: [parse],
      work: "n = sum(1 for _, _, t in rows if t.startswith('Who '))",
      answer: 'n',
      right: String(instances.filter(({ label }) => label === asked).length),
    };
  },
};

const pairs: AgentTask = {
  name: 'pairs of users',
  create: (random) => {
    const { text, instances } = createInstances(400_000, random);
    const counts = new Map<number, number>();
    for (const { user, label } of instances) {
      counts.set(user, (counts.get(user) ?? 0) + (label === asked ? 1 : 0));
    }
    const sorted = [...counts.entries()].sort(([, one], [, other]) => other - one);
    const most = sorted[0]?.[1] ?? 0;
    const near = sorted.filter(([, count]) => count >= most - 40).map(([user]) => user);
    return {
      files: { 'questions.txt': text },
      looks: [
        parse,
        "c = Counter(u for _, u, t in rows if t.startswith('Who '))\nprint(c.most_common(20))",
      ],
      work: `from itertools import combinations
top = max(c.values())
near = sorted(int(u) for u, n in c.items() if n >= top - 40)`,
      answer: "' '.join(f'{a},{b}' for a, b in combinations(near, 2)) or 'none'",
      right:
        near
          .sort((one, other) => one - other)
          .flatMap((one, index, all) => all.slice(index + 1).map((other) => `${one},${other}`))
          .join(' ') || 'none',
    };
  },
};

/** Of a review: what it says, and whether that is content. */
type Said = readonly [string, boolean];

const judged: AgentTask = {
  name: 'what reviews say of delivery',
  create: (random) => {
    const said: readonly [Said, ...Said[]] = [
      ['It came a day early, and the box was fine.', true],
      ['Three weeks of waiting, and then half of it was missing.', false],
      ['The courier was kind and quick.', true],
      ['It stood in the rain in front of the wrong house.', false],
    ];
    let good = 0;
    const facts = Array.from({ length: 16 }, (_, index) => {
      const [text, isGood] = random.pick(said);
      good += isGood ? 1 : 0;
      return `Review ${index + 1}, on delivery: ${text}`;
    });
    return {
      files: { 'reviews.txt': createEssay(1_000_000, facts, random) },
      looks: ["hits = grep('delivery')\nprint(len(hits), hits[:3])\naround(hits[0], 1)"],
      work: String.raw`says = llm_query_batched([f'Is this review content with the delivery? Reply yes or no.\n{m.line_text}' for m in hits])`,
      answer: "sum(1 for s in says if s.strip().lower().startswith('yes'))",
      right: String(good),
      reply: (prompt) =>
        said.some(([text, isGood]) => isGood && prompt.includes(text)) ? 'yes' : 'no',
    };
  },
};

export const corpusTasks: readonly AgentTask[] = [needle, countLabel, pairs, judged];
