import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  LostError,
  TerminalLink,
  type TerminalListener,
} from '../../../../src/sandbox/native/daytona/terminalLink';
import {
  LineReader,
  type TerminalLine,
  encodeLine,
} from '../../../../src/sandbox/native/daytona/terminalLines';

/** What terminal.py does with lines: it keeps what it has sent until that is taken, and asks again for what is not whole. */
class Guest {
  readonly received: Buffer[] = [];
  /** To whoever is connected. */
  toHost: (bytes: Buffer) => void = () => undefined;
  #expected = 0;
  #next = 0;
  readonly #untaken = new Map<number, Buffer>();
  readonly #reader = new LineReader({
    onLine: (line) => this.#take(line),
    onDamage: () => this.#tell('R'),
    onNoise: () => this.#tell('R'),
  });

  receive(bytes: Buffer): void {
    this.#reader.push(bytes);
  }

  start(): void {
    this.#tell('R');
  }

  send(body: Buffer): void {
    const line = encodeLine({ kind: 'D', number: this.#next, body });
    this.#untaken.set(this.#next, line);
    this.#next += 1;
    this.toHost(line);
  }

  #tell(kind: 'A' | 'R'): void {
    this.toHost(encodeLine({ kind, number: this.#expected, body: Buffer.alloc(0) }));
  }

  #take({ kind, number, body }: TerminalLine): void {
    if (kind === 'D') {
      if (number > this.#expected) {
        this.#tell('R');
        return;
      }
      if (number === this.#expected) {
        this.#expected += 1;
        this.received.push(body);
      }
      this.#tell('A');
      return;
    }
    [...this.#untaken.keys()]
      .filter((one) => one < number)
      .forEach((one) => this.#untaken.delete(one));
    if (kind === 'R') {
      this.#tell('A');
      [...this.#untaken.values()].forEach((line) => this.toHost(line));
    }
  }
}

/** A network to one guest, which a test cuts and damages. */
class Network {
  readonly guest = new Guest();
  readonly sleeps: number[] = [];
  connects = 0;
  /** What becomes of the next attempts to connect. */
  readonly plans: ('cut' | 'refuse' | 'lose')[] = [];
  /** Applied to the next lines of the host. */
  readonly faults: ('damage' | 'drop')[] = [];
  #listener: TerminalListener | null = null;
  #hasGuest = false;

  open(): Promise<TerminalLink> {
    this.guest.toHost = (bytes) => this.#listener?.onBytes(bytes);
    return TerminalLink.open(
      {
        connect: async (listener) => {
          this.connects += 1;
          const plan = this.plans.shift();
          if (plan === 'refuse') {
            throw new Error('it answered 502');
          }
          if (plan === 'lose') {
            throw new LostError('its sandbox is stopped at Daytona');
          }
          this.#listener = listener;
          if (plan === 'cut') {
            this.cut();
          }
          return {
            send: (bytes) => this.#fromHost(listener, bytes),
            close: () => {
              if (this.#listener === listener) {
                this.#listener = null;
              }
            },
          };
        },
        sleep: async (ms) => {
          this.sleeps.push(ms);
        },
      },
      Buffer.from('become it\n'),
    );
  }

  cut(): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.onEnd({ exit: null });
  }

  #fromHost(listener: TerminalListener, bytes: Buffer): void {
    if (this.#listener !== listener) {
      return;
    }
    if (!this.#hasGuest) {
      this.#hasGuest = true;
      this.guest.start();
      return;
    }
    const fault = this.faults.shift();
    if (fault === 'damage') {
      this.guest.receive(Buffer.concat([bytes.subarray(0, 2), bytes.subarray(5)]));
    } else if (fault !== 'drop') {
      this.guest.receive(bytes);
    }
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the link to a terminal', () => {
  it('gives up on a terminal that is cut as soon as it is connected, after a number of attempts', async () => {
    const network = new Network();
    const link = await network.open();
    network.plans.push(...Array.from({ length: 500 }, () => 'cut' as const));
    network.cut();
    assert.match(await link.ended, /could not be made again/u);
    assert.ok(network.connects < 20, String(network.connects));
  });

  it('is cut any number of times as long as the guest answers in between', async () => {
    const network = new Network();
    const link = await network.open();
    for (let cuts = 0; cuts < 50; cuts += 1) {
      network.cut();
      await settle();
    }
    network.guest.send(Buffer.from('still there'));
    assert.equal(String(link.output.read()), 'still there');
    link.kill();
  });

  it('asks again where what it asked for did not arrive', async () => {
    const network = new Network();
    const link = await network.open();
    network.cut();
    network.guest.send(Buffer.from('lost while nobody was connected, '));
    network.faults.push('damage');
    await settle();
    network.guest.send(Buffer.from('and found again'));
    await settle();
    assert.equal(String(link.output.read()), 'lost while nobody was connected, and found again');
    link.kill();
  });

  for (const last of ['kill', 'damage'] as const) {
    it(`takes nothing of what comes in one piece behind its end, by ${last}`, async () => {
      const network = new Network();
      const link = await network.open();
      const errors: Error[] = [];
      link.output.on('error', (error) => errors.push(error));
      const data = (number: number): Buffer =>
        encodeLine({ kind: 'D', number, body: Buffer.from('late') });
      const broken = Buffer.from('\x02Dnothing\n'.repeat(2_000));
      if (last === 'kill') {
        const { toHost } = network.guest;
        link.output.on('data', () => link.kill());
        toHost(Buffer.concat([data(0), data(1), data(2)]));
        await settle();
        toHost(data(1));
      } else {
        network.guest.toHost(Buffer.concat([broken, data(0), data(1)]));
      }
      link.kill();
      link.output.resume();
      await settle();
      assert.deepStrictEqual(errors, []);
    });
  }

  it('is over where there is nothing to connect to any more', async () => {
    const network = new Network();
    const link = await network.open();
    network.plans.push('refuse', 'lose');
    network.cut();
    assert.equal(await link.ended, 'its sandbox is stopped at Daytona');
    assert.equal(network.connects, 3);
  });

  it('lets go of what connects after it was let go of', async () => {
    const network = new Network();
    const link = await network.open();
    network.cut();
    link.kill();
    await settle();
    assert.equal(await link.ended, 'it was let go');
    network.guest.send(Buffer.from('late'));
    assert.equal(link.output.read(), null);
  });

  it('carries all, once and in order, whatever is cut, refused and damaged', async function () {
    this.timeout(60_000);
    const action = fc.oneof(
      {
        arbitrary: fc.nat({ max: 40_000 }).map((bytes) => ({ kind: 'out', bytes }) as const),
        weight: 4,
      },
      {
        arbitrary: fc.nat({ max: 90_000 }).map((bytes) => ({ kind: 'in', bytes }) as const),
        weight: 4,
      },
      { arbitrary: fc.constant({ kind: 'cut' } as const), weight: 2 },
      { arbitrary: fc.constant({ kind: 'cutTwice' } as const), weight: 1 },
      { arbitrary: fc.constant({ kind: 'refuse' } as const), weight: 1 },
      { arbitrary: fc.constant({ kind: 'damage' } as const), weight: 2 },
      { arbitrary: fc.constant({ kind: 'turn' } as const), weight: 2 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const network = new Network();
        const link = await network.open();
        const got: Buffer[] = [];
        link.output.on('data', (piece: Buffer) => got.push(piece));
        const sent: Record<'in' | 'out', Buffer[]> = { in: [], out: [] };
        let count = 0;
        for (const one of actions) {
          count += 1;
          switch (one.kind) {
            case 'out':
            case 'in': {
              const bytes = Buffer.alloc(one.bytes, String(count));
              sent[one.kind].push(bytes);
              if (one.kind === 'in') {
                link.input.write(bytes);
              } else {
                network.guest.send(bytes);
              }
              break;
            }
            case 'cut':
              network.cut();
              break;
            case 'cutTwice':
              network.plans.push('cut');
              network.cut();
              break;
            case 'refuse':
              network.plans.push('refuse');
              network.cut();
              break;
            case 'damage':
              network.faults.push('damage');
              break;
            case 'turn':
              await settle();
          }
        }
        network.faults.length = 0;
        await settle();
        network.guest.send(Buffer.from('end')); // what was damaged last is seen by what comes after it
        link.input.write(Buffer.from('end'));
        await settle();
        await settle();
        const whole = (pieces: readonly Buffer[]): Buffer =>
          Buffer.concat([...pieces, Buffer.from('end')]);
        assert.ok(Buffer.concat(got).equals(whole(sent.out)), 'what the guest said');
        assert.ok(
          Buffer.concat(network.guest.received).equals(whole(sent.in)),
          'what the guest was told',
        );
        link.kill();
      }),
      { numRuns: 200 },
    );
  });
});
