// Questions over tables as CSV.

import type { Random } from '../../test/support/random';
import { type AgentTask, fillLines } from './task';

const regions = ['north', 'south', 'east', 'west'] as const;
const header = 'order_id,date,customer,region,amount_cents,status';

interface Order {
  readonly id: number;
  readonly day: number;
  readonly customer: number;
  readonly region: string;
  readonly cents: number;
  readonly status: string;
}

function createOrder(id: number, random: Random): Order {
  return {
    id,
    day: random.nextInt(365),
    customer: random.nextInt(2_000),
    region: random.pick(regions),
    cents: 100 + random.nextInt(90_000),
    status: random.nextInt(12) === 0 ? 'cancelled' : 'paid',
  };
}

function toDay(day: number): string {
  return new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10);
}

function toRow({ id, day, customer, region, cents, status }: Order): string {
  return `${id},${toDay(day)},C${customer},${region},${cents},${status}`;
}

function createOrders(
  chars: number,
  random: Random,
  change: (order: Order) => Order = (order) => order,
): { readonly orders: readonly Order[]; readonly text: string } {
  const orders: Order[] = [];
  const rows = fillLines(chars, (index) => {
    const order = change(createOrder(index + 1, random));
    orders.push(order);
    return toRow(order);
  });
  return { orders, text: [header, ...rows].join('\n') };
}

const readRows = 'import csv, io\nrows = list(csv.DictReader(io.StringIO(context)))';

function sum(orders: readonly Order[]): number {
  return orders.reduce((total, { cents }) => total + cents, 0);
}

const regionTotal: AgentTask = {
  name: 'sum of one region',
  create: (random) => {
    const { orders, text } = createOrders(3_000_000, random);
    return {
      files: { 'orders.csv': text },
      looks: [
        `${readRows}\nprint(len(rows), top(r['region'] for r in rows), top(r['status'] for r in rows))`,
      ],
      work: "total = sum(int(r['amount_cents']) for r in rows if r['region'] == 'north' and r['status'] == 'paid')",
      answer: 'total',
      right: String(
        sum(orders.filter(({ region, status }) => region === 'north' && status === 'paid')),
      ),
    };
  },
};

const joined: AgentTask = {
  name: 'join of two tables',
  create: (random) => {
    const { orders, text } = createOrders(2_000_000, random);
    const tiers = Array.from({ length: 2_000 }, () => random.pick(['gold', 'silver', 'basic']));
    const customers = tiers.map((tier, index) => `C${index},customer ${index},${tier}`);
    const golden = orders.filter(
      ({ customer, status }) => tiers[customer] === 'gold' && status === 'cancelled',
    );
    return {
      files: {
        'orders.csv': text,
        'customers.csv': ['customer,name,tier', ...customers].join('\n'),
      },
      looks: [
        'for p in context:\n    print(p, head(3, p))',
        `import csv, io
tables = {p: list(csv.DictReader(io.StringIO(t))) for p, t in context.items()}
print({p: len(rows) for p, rows in tables.items()}, {c['tier'] for c in tables['data/customers.csv']})`,
      ],
      work: `gold = {c['customer'] for c in tables['data/customers.csv'] if c['tier'] == 'gold'}
n = sum(1 for r in tables['data/orders.csv'] if r['customer'] in gold and r['status'] == 'cancelled')`,
      answer: 'n',
      right: String(golden.length),
    };
  },
};

const duplicates: AgentTask = {
  name: 'orders that stand twice',
  create: (random) => {
    const { orders, text } = createOrders(1_500_000, random);
    const twice = new Set(Array.from({ length: 37 }, () => random.nextInt(orders.length)));
    const again = [...twice].flatMap((index) => {
      const order = orders[index];
      return order ? [toRow({ ...order, day: random.nextInt(365) })] : [];
    });
    return {
      files: { 'orders.csv': [text, ...again].join('\n') },
      looks: [
        `${readRows}\nprint(len(rows), len({r['order_id'] for r in rows}), len(set(map(str, rows))))`,
      ],
      work: String.raw`n = sum(1 for c in count(r'^(\d+),', by=1).values() if c > 1)`,
      answer: 'n',
      right: String(twice.size),
    };
  },
};

const bestMonth: AgentTask = {
  name: 'month with the highest mean',
  create: (random) => {
    const month = 1 + random.nextInt(12);
    const { text } = createOrders(8_000_000, random, (order) =>
      Number(toDay(order.day).slice(5, 7)) === month
        ? { ...order, cents: order.cents + 4_000 }
        : order,
    );
    return {
      files: { 'orders.csv': text },
      looks: [],
      work: `${readRows}
from collections import defaultdict
by = defaultdict(list)
for r in rows:
    by[r['date'][:7]].append(int(r['amount_cents']))
means = {k: sum(v) / len(v) for k, v in by.items()}`,
      answer: 'max(means, key=means.get)',
      right: `2025-${String(month).padStart(2, '0')}`,
    };
  },
};

const largest: AgentTask = {
  name: 'customer of the largest order',
  create: (random) => {
    const at = 2_000 + random.nextInt(5_000);
    const { text } = createOrders(400_000, random, (order) =>
      order.id === at ? { ...order, cents: 7_654_321, customer: 4_711 } : order,
    );
    return {
      files: { 'orders.csv': text },
      looks: [],
      work: `${readRows}\ntop = max(rows, key=lambda r: int(r['amount_cents']))`,
      answer: "top['customer']",
      right: 'C4711',
    };
  },
};

export const tableTasks: readonly AgentTask[] = [
  regionTotal,
  joined,
  duplicates,
  bestMonth,
  largest,
];
