// Runs attacks on real sandboxes and holds what every one of them must leave as it was: the host, the
// engine, other sessions, and the limits. What an attack's own step may end with is its row's to say.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, type Server, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { HostCall, Language, Outcome } from '../../src/core/sandbox';
import type { SandboxProcess } from '../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from './repl';

/** How a step ends: `lost` by a crash or because it did not let go, all others keep the variables. */
export type Ending = 'value' | 'error' | 'timeout' | 'lost';

export interface Attack {
  readonly name: string;
  /** `{port}`, `{marker}` and `{secretFile}` are the host's. */
  readonly code: string;
  /** One of these. Where several are given the machine's speed decides, and may decide for a kill. */
  readonly ends: Ending | readonly Ending[];
  /** Type of the error; several with `|`. */
  readonly error?: string;
  readonly result?: string;
  readonly stdout?: string;
  /** Steps that follow, each with the result it must have. */
  readonly next?: readonly (readonly [code: string, result: string | null])[];
  /** The session is not fit for other attacks afterwards. */
  readonly spoils?: true;
  readonly timeoutMs?: number;
}

/** Attacks that end alike: name → code. */
export function attacks(
  rows: Readonly<Record<string, string>>,
  alike: Omit<Attack, 'name' | 'code'>,
): readonly Attack[] {
  return Object.entries(rows).map(([name, code]) => ({ ...alike, name, code }));
}

const secret = 'planted-9f2c';
const secretName = 'RLM_PLANTED_SECRET';
const maxOutputChars = 5_000;
/** For attacks that may run into it; the others have all the time a busy machine may need. */
const shortTimeoutMs = 500;
const longTimeoutMs = 20_000;
const lanes = 3;
const context = 'kept by the host\n';

const dialects = {
  python: { setUp: 'state = 123; data = list(range(1000))', probe: 'state + len(data)' },
  javascript: {
    setUp: 'state = 123; data = Array.from({ length: 1000 }, (_, at) => at); 0',
    probe: 'state + data.length',
  },
} as const;
const contextLength = { python: 'len(context)', javascript: 'context.length' } as const;

/** Defines one test for each attack; the attacks run in a few sessions beside each other. */
export function describeAttacks(title: string, language: Language, table: readonly Attack[]): void {
  describe(title, function () {
    this.timeout(120_000);
    let range: AttackRange;
    let verdicts: ReadonlyMap<Attack, Promise<void>>;
    before(async () => {
      range = await AttackRange.open(language);
      verdicts = range.start(table);
    });
    after(async () => {
      await Promise.allSettled(verdicts.values());
      await range.close();
    });
    for (const attack of table) {
      it(attack.name, () => verdicts.get(attack));
    }
  });
}

/** The host that attacks must not reach, with a bystander session next to theirs. */
class AttackRange {
  readonly #language: Language;
  readonly #sandboxes: SandboxProcess = createSandboxes();
  readonly #server: Server;
  readonly #folder: string;
  #bystander!: Repl;
  #bystanderAnswer: Promise<string | null> = Promise.resolve(null);
  #connections = 0;
  #waiting: Attack[] = [];

  private constructor(language: Language, server: Server, folder: string) {
    this.#language = language;
    this.#server = server;
    this.#folder = folder;
    server.on('connection', (socket) => {
      this.#connections += 1;
      socket.destroy();
    });
  }

  static async open(language: Language): Promise<AttackRange> {
    process.env[secretName] = secret;
    const folder = await mkdtemp(path.join(os.tmpdir(), 'rlm-attack-'));
    await writeFile(path.join(folder, 'secret.txt'), secret);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const range = new AttackRange(language, server, folder);
    range.#bystander = await Repl.open(range.#sandboxes, { language });
    await range.#bystander.run('safe = 1');
    return range;
  }

  async close(): Promise<void> {
    delete process.env[secretName];
    this.#sandboxes.dispose();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
    assert.equal(this.#connections, 0, 'nothing connected to the host, later on neither');
  }

  /** The verdict of each attack: fulfilled when it left everything as it must. */
  start(table: readonly Attack[]): ReadonlyMap<Attack, Promise<void>> {
    const verdicts = new Map<Attack, Promise<void>>();
    const settle = new Map<Attack, (verdict: Promise<void>) => void>();
    for (const attack of table) {
      const verdict = new Promise<void>((resolve) => settle.set(attack, resolve));
      verdict.catch(() => undefined); // its test tells
      verdicts.set(attack, verdict);
    }
    this.#waiting = [...table];
    for (let lane = 0; lane < lanes; lane += 1) {
      void this.#runLane((attack, verdict) => settle.get(attack)?.(verdict));
    }
    return verdicts;
  }

  async #runLane(settle: (attack: Attack, verdict: Promise<void>) => void): Promise<void> {
    const open = (): Promise<Repl> =>
      Repl.open(this.#sandboxes, { language: this.#language, context });
    let session: Promise<Repl> | undefined;
    for (let attack = this.#waiting.shift(); attack; attack = this.#waiting.shift()) {
      const current = attack;
      session ??= open();
      const verdict = session.then((repl) => this.#judge(repl, current));
      settle(current, verdict);
      const isFit = await verdict.then(
        () => !current.spoils,
        () => false,
      );
      if (!isFit) {
        await session.then((repl) => repl.sandbox.dispose()).catch(() => undefined); // told above
        session = undefined;
      }
    }
    await session?.then((repl) => repl.sandbox.dispose());
  }

  async #judge(repl: Repl, attack: Attack): Promise<void> {
    const { setUp, probe } = dialects[this.#language];
    await repl.evaluate(setUp);
    const outcome = await repl.run(this.#fill(attack.code), {
      timeoutMs: attack.timeoutMs ?? chooseTimeout(attack),
      maxOutputChars,
      onHostCall: answerCall,
    });
    checkEnding(outcome, attack);
    checkCaps(outcome);
    for (const [code, result] of attack.next ?? []) {
      assert.equal(await repl.evaluate(code, { onHostCall: answerCall }), result, code);
    }
    if (outcome.stateLost) {
      assert.equal(await repl.evaluate('1 + 1'), '2');
    } else {
      assert.equal(await repl.evaluate(probe), '1123', 'variables are kept');
    }
    const length = contextLength[this.#language];
    assert.equal(await repl.evaluate(length), String(context.length), 'the context is kept');
    assert.equal(await this.#askBystander(), '1', 'the other session is as it was');
    this.#checkHost(outcome);
  }

  /** One lane after the other: a sandbox runs one step at a time. */
  #askBystander(): Promise<string | null> {
    const answer = this.#bystanderAnswer.then(() => this.#bystander.evaluate('safe'));
    this.#bystanderAnswer = answer.catch(() => null);
    return answer;
  }

  #checkHost(outcome: Outcome): void {
    assert.equal(this.#connections, 0, 'nothing connected to the host');
    assert.equal(existsSync(this.#marker), false, 'no file was made on the host');
    const said = JSON.stringify(outcome);
    for (const hidden of [secret, process.cwd(), 'node:', process.version]) {
      assert.equal(said.includes(hidden), false, `the outcome tells ${hidden}`);
    }
  }

  get #marker(): string {
    return path.join(this.#folder, 'marker');
  }

  #fill(code: string): string {
    const { port } = this.#server.address() as AddressInfo; // it listens on TCP
    return code
      .replaceAll('{port}', String(port))
      .replaceAll('{marker}', this.#marker.replaceAll('\\', '/'))
      .replaceAll('{secretFile}', path.join(this.#folder, 'secret.txt').replaceAll('\\', '/'));
  }
}

/** Every prompt is answered but `slow`, which waits until the step is interrupted. */
async function answerCall(call: HostCall, signal: AbortSignal): Promise<unknown> {
  if (call.args[0] !== 'slow') {
    return `answer to ${call.name}`;
  }
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

function chooseTimeout({ ends }: Attack): number {
  return ends.includes('timeout') || ends.includes('lost') ? shortTimeoutMs : longTimeoutMs;
}

function checkEnding(outcome: Outcome, attack: Attack): void {
  const { error, interruption, stateLost } = outcome;
  const told = `${error?.type ?? 'no error'}: ${error?.message.slice(0, 300) ?? ''}`;
  const ending: Ending = stateLost
    ? 'lost'
    : interruption === 'timeout'
      ? 'timeout'
      : error
        ? 'error'
        : 'value';
  const endings: readonly Ending[] = [attack.ends].flat();
  const isKilledForSlowness =
    stateLost && interruption === 'timeout' && endings.length > 1 && endings.includes('timeout');
  assert.ok(isKilledForSlowness || endings.includes(ending), `it ended with ${ending} (${told})`);
  assert.equal(
    error?.type === 'TimeoutError' && /ran longer than/u.test(error.message),
    interruption === 'timeout',
    'the host alone says what a time-out is',
  );
  if (attack.error !== undefined && ending === 'error') {
    assert.ok(attack.error.split('|').includes(error?.type ?? ''), told);
  }
  if (attack.result !== undefined) {
    assert.equal(outcome.result, attack.result, told);
  }
  if (attack.stdout !== undefined) {
    assert.equal(outcome.stdout, attack.stdout, told);
  }
}

function checkCaps(outcome: Outcome): void {
  const { stdout, stderr, result } = outcome;
  for (const text of [stdout, stderr, result ?? '']) {
    assert.ok(text.length <= maxOutputChars, `output of ${text.length} characters`);
  }
}
