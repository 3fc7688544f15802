// One place where code runs: a program of the system with a supervisor in it, behind walls that the program
// builds. It has one interpreter at a time, and ends with the session that it was made for.

import * as z from 'zod';
import type { Language } from '../../core/sandbox';
import { untilReady, type WorkerHandle } from '../workerHandle';
import type { NetworkRecord } from '../../core/networkRecord';
import { FramedWorker, type WorkerPlace } from './framedWorker';
import { ForwardedStreams } from './network/forwardedStreams';
import type { NetworkProxy } from './network/networkProxy';
import type { PlaceProcess } from './placeProcess';
import { FrameReader, channels, encodeHeader } from './supervisorFrames';

export interface PlaceParts {
  readonly language: Language;
  readonly process: PlaceProcess;
  /** See guestPayload.ts; null: it is there already. */
  readonly payload: Buffer | null;
  readonly walls: readonly string[];
  readonly image: string | null;
  readonly imageDigest: string | null;
  /** Behind the loopback port of its supervisor; null: it has none. */
  readonly network?: NetworkProxy | null;
  /** That its processes may hold in memory together, whatever is loaded; left out: as much as they are told. */
  readonly maxMemoryBytes?: number;
  /** Called once, when the place is let go of: what outlives its process is removed then. */
  readonly onDispose?: () => void;
}

const filterWall = 'system calls filtered';
const pieceBytes = 2 ** 20;

const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started'), filtered: z.boolean() }),
  z.object({ event: z.literal('ended'), why: z.string().max(500) }),
]);

export class SupervisedPlace implements WorkerPlace {
  #walls: readonly string[];
  readonly image: string | null;
  readonly imageDigest: string | null;
  readonly #language: Language;
  readonly #process: PlaceProcess;
  readonly #onDispose: () => void;
  readonly #network: NetworkProxy | null;
  readonly #streams: ForwardedStreams | null;
  readonly #maxMemoryBytes: number;
  /** Null between the request for another interpreter and its start: what comes then is the old one's. */
  #worker: FramedWorker | null = null;
  #awaited: FramedWorker | null;
  #isGone = false;
  #isDisposed = false;

  private constructor(parts: PlaceParts) {
    this.#language = parts.language;
    this.#process = parts.process;
    this.#walls = parts.walls;
    this.image = parts.image;
    this.imageDigest = parts.imageDigest;
    this.#onDispose = parts.onDispose ?? (() => undefined);
    const network = (this.#network = parts.network ?? null);
    this.#streams =
      network &&
      new ForwardedStreams({
        send: (body) => this.#write(channels.network, body),
        onOpen: (stream) => network.accept(stream),
      });
    this.#maxMemoryBytes = parts.maxMemoryBytes ?? Infinity;
    this.#awaited = new FramedWorker(this, this.#language);
    const reader = new FrameReader((channel, body) => this.#take(channel, body));
    this.#process.output.on('data', (piece: Buffer) => {
      if (!reader.push(piece)) {
        this.#lose('it sent what no supervisor sends');
      }
    });
    void this.#process.ended.then((reason) => this.#lose(reason));
    if (parts.payload) {
      this.#process.input.write(parts.payload);
    }
  }

  /** Settles with its first worker, ready. @throws RlmError 'SANDBOX_EXEC_ERROR' */
  static async open(parts: PlaceParts): Promise<WorkerHandle> {
    const place = new SupervisedPlace(parts);
    return place.#untilReady(place.#awaited);
  }

  /** Those of its program, and what its supervisor has added before any code ran. */
  get walls(): readonly string[] {
    return this.#walls;
  }

  tell(json: string, raw: readonly Uint8Array[]): void {
    const body = Buffer.from(json);
    const rawBytes = raw.reduce((sum, bytes) => sum + bytes.length, 0);
    const head = String(body.length).padStart(16) + String(rawBytes).padStart(16);
    this.#write(channels.worker, Buffer.concat([Buffer.from(head), body]));
    for (const bytes of raw) {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        this.#write(channels.worker, bytes.subarray(at, at + pieceBytes));
      }
    }
  }

  tellFiles(json: string): void {
    this.#write(channels.files, Buffer.from(json));
  }

  endCommand(): void {
    this.#control({ op: 'endCommand' });
  }

  openNetwork(): void {
    this.#network?.open();
  }

  closeNetwork(): NetworkRecord | null {
    return this.#network?.close() ?? null;
  }

  interrupt(): void {
    this.#control({ op: 'interrupt' });
  }

  limitMemory(bytes: number): void {
    this.#control({ op: 'limit', bytes: Math.min(bytes, this.#maxMemoryBytes) });
  }

  async restart(): Promise<WorkerHandle | null> {
    if (this.#isGone) {
      return null;
    }
    this.#worker = null;
    this.#awaited = new FramedWorker(this, this.#language);
    this.#control({ op: 'restart' });
    return this.#untilReady(this.#awaited);
  }

  dispose(): void {
    if (this.#isDisposed) {
      return;
    }
    this.#isDisposed = true;
    this.#lose('it was let go');
    this.#network?.dispose();
  }

  async #untilReady(worker: FramedWorker | null): Promise<WorkerHandle> {
    if (worker === null) {
      throw new Error('There is no worker to wait for.');
    }
    worker.detail = await untilReady(worker);
    return worker;
  }

  #lose(reason: string): void {
    if (this.#isGone) {
      return;
    }
    this.#isGone = true;
    this.#process.input.destroy(); // its supervisor ends with it
    this.#process.kill();
    this.#streams?.closeAll();
    this.#onDispose();
    this.#worker?.lose(reason);
    this.#awaited?.lose(reason);
  }

  #control(message: object): void {
    this.#write(channels.control, Buffer.from(JSON.stringify(message)));
  }

  #write(channel: number, body: Uint8Array): void {
    if (!this.#isGone) {
      this.#process.input.write(encodeHeader(channel, body.length));
      this.#process.input.write(body);
    }
  }

  #take(channel: number, body: Buffer): void {
    if (channel === channels.worker) {
      this.#worker?.receive(body.toString('utf8'));
      return;
    }
    if (channel === channels.files) {
      this.#worker?.receiveFiled(body.toString('utf8'));
      return;
    }
    if (channel === channels.network) {
      if (this.#streams?.take(body) !== true) {
        this.#lose('it sent what no supervisor sends');
      }
      return;
    }
    const event = eventSchema.safeParse(parseJson(body.toString('utf8'))).data;
    switch (event?.event) {
      case 'started':
        this.#worker = this.#awaited;
        this.#awaited = null;
        if (event.filtered && !this.#walls.includes(filterWall)) {
          this.#walls = [...this.#walls, filterWall];
        }
        return;
      case 'ended':
        this.#worker?.lose(`its interpreter ended: ${event.why}`);
        return;
      case undefined:
        this.#lose('it sent what no supervisor sends');
        return;
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
