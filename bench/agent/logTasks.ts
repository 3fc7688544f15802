// Questions over logs of 1 to 50 MB.

import type { Random } from '../../test/support/random';
import { type AgentTask, fillLines } from './task';

const services = ['auth', 'billing', 'cart', 'search', 'mail', 'gateway'] as const;
const levels = ['INFO', 'INFO', 'INFO', 'INFO', 'DEBUG', 'DEBUG', 'WARN'] as const;
const codes = ['E1042', 'E2077', 'E3310', 'E4501', 'E5119'] as const;

function toTime(index: number, stepMs: number): string {
  return new Date(Date.UTC(2026, 2, 14) + index * stepMs).toISOString();
}

function toLine(index: number, random: Random): string {
  const took = 1 + random.nextInt(900);
  const request = random.nextInt(0x7fffffff).toString(16).padStart(8, '0');
  return `${toTime(index, 120)} ${random.pick(levels)} ${random.pick(services)} req=${request} handled path=/v2/items/${random.nextInt(90_000)} took=${took}ms`;
}

/** Puts `line` in place of one in the middle half. */
function place(lines: string[], line: (index: number) => string, random: Random): number {
  const at = Math.floor(lines.length / 4) + random.nextInt(Math.floor(lines.length / 2));
  lines[at] = line(at);
  return at;
}

const countErrors: AgentTask = {
  name: 'errors of one service',
  create: (random) => {
    let right = 0;
    const lines = fillLines(2_000_000, (index) => {
      if (random.nextInt(40) > 0) {
        return toLine(index, random);
      }
      const service = random.pick(services);
      right += service === 'billing' ? 1 : 0;
      return `${toTime(index, 120)} ERROR ${service} code=${random.pick(codes)} upstream failed`;
    });
    return {
      files: { 'app.log': lines.join('\n') },
      looks: [],
      work: '',
      answer: String.raw`count(r'^\S+ ERROR billing ')`,
      right: String(right),
    };
  },
};

const topCode: AgentTask = {
  name: 'most frequent error code, 50 MB',
  create: (random) => {
    const best = random.pick(codes);
    const lines = fillLines(50_000_000, (index) =>
      random.nextInt(60) > 0
        ? toLine(index, random)
        : `${toTime(index, 120)} ERROR ${random.pick(services)} code=${random.nextInt(4) === 0 ? best : random.pick(codes)} upstream failed`,
    );
    return {
      files: { 'cluster.log': lines.join('\n') },
      looks: ["grep(' ERROR ', max_matches=5)"],
      work: String.raw`codes = count(r' ERROR .*code=(\w+)', by=1)`,
      answer: 'top(codes, 1)[0][0]',
      right: best,
    };
  },
};

const slowest: AgentTask = {
  name: 'slowest request',
  create: (random) => {
    const lines = fillLines(5_000_000, (index) => toLine(index, random));
    place(
      lines,
      (at) => `${toTime(at, 120)} WARN cart req=5107bead handled path=/v2/items/17 took=48211ms`,
      random,
    );
    return {
      files: { 'gateway.log': lines.join('\n') },
      looks: [],
      work: String.raw`import re
took, req = max((int(t), r) for r, t in re.findall(r'req=(\w+) .* took=(\d+)ms', context))`,
      answer: "f'{req} {took}'",
      right: '5107bead 48211',
    };
  },
};

const oddLine: AgentTask = {
  name: 'the one rotated key',
  create: (random) => {
    const lines = fillLines(10_000_000, (index) => toLine(index, random));
    const key = random.nextInt(0x7fffffff).toString(16);
    place(lines, (at) => `${toTime(at, 120)} INFO auth signing key rotated, new id ${key}`, random);
    return {
      files: { 'auth.log': lines.join('\n') },
      looks: ["grep('key', ignore_case=True, max_matches=5)"],
      work: '',
      answer: String.raw`grep(r'new id (\w+)')[0].line_text.split()[-1]`,
      right: key,
    };
  },
};

const longestGap: AgentTask = {
  name: 'longest silence',
  create: (random) => {
    const gapAt = 3_000 + random.nextInt(3_000);
    const lines = fillLines(1_000_000, (index) =>
      index < gapAt
        ? toLine(index, random)
        : toLine(index, random).replace(/^\S+/u, toTime(index + 7_000, 120)),
    );
    return {
      files: { 'worker.log': lines.join('\n') },
      looks: ['print(head(2), tail(1))'],
      work: String.raw`from datetime import datetime
t = [datetime.fromisoformat(l.split()[0]) for l in context.split('\n')]
gap, after = max((b - a, a) for a, b in zip(t, t[1:]))`,
      answer: 'after.strftime("%H:%M:%S")',
      right: toTime(gapAt - 1, 120).slice(11, 19),
    };
  },
};

const failedLogins: AgentTask = {
  name: 'failed logins before a success',
  create: (random) => {
    const lines = fillLines(3_000_000, (index) =>
      random.nextInt(8) > 0
        ? toLine(index, random)
        : `${toTime(index, 120)} WARN auth login failed user=u${random.nextInt(300)}`,
    );
    const user = `u${900 + random.nextInt(90)}`;
    const from = 4_000 + random.nextInt(2_000);
    for (let index = 0; index < 200; index += 1) {
      lines[from + index * 3] =
        `${toTime(from + index * 3, 120)} WARN auth login failed user=${user}`;
    }
    lines[from + 700] = `${toTime(from + 700, 120)} INFO auth login ok user=${user}`;
    return {
      files: { 'logins.log': lines.join('\n') },
      looks: ["print(count(r'login (\\w+)', by=1))\ngrep('login', max_matches=3)"],
      work: String.raw`failed = count(r'login failed user=(\w+)', by=1)
ok = count(r'login ok user=(\w+)', by=1)`,
      answer: 'max(ok, key=failed.get)',
      right: user,
    };
  },
};

export const logTasks: readonly AgentTask[] = [
  countErrors,
  topCode,
  slowest,
  oddLine,
  longestGap,
  failedLogins,
];
