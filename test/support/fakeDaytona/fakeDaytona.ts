// A Daytona of our own on loopback: its REST interface and its daemon's, over real processes. What it does and
// refuses is as its sources say (daytonaio/daytona 0.190: apps/api/src/sandbox, apps/daemon/pkg/toolbox, apps/proxy).
// It keeps no process open that has nothing else to do.

import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { Box, BoxError } from './box';
import { Preview } from './preview';

/** Of an account that has set no other. */
export const usualSnapshot = 'daytonaio/sandbox:0.5.0';
/** Of the daemon: a message that is longer closes the connection. */
const maxMessageBytes = 64 * 1024;

const createSchema = z.object({
  name: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  snapshot: z.string().optional(),
  target: z.string().optional(),
  networkBlockAll: z.boolean().default(false),
  public: z.boolean().default(false),
  autoStopInterval: z.number().default(15),
  autoDeleteInterval: z.number().default(-1),
});
const terminalSchema = z.object({
  id: z.string().min(1),
  cwd: z.string().optional(),
  envs: z.record(z.string(), z.string()).default({}),
  cols: z.number().max(1000).default(80),
  rows: z.number().max(1000).default(24),
});
const executeSchema = z.object({ command: z.string().min(1), timeout: z.number().optional() });
const sessionSchema = z.object({ sessionId: z.string().min(1) });
const commandSchema = z.object({ command: z.string().min(1), runAsync: z.literal(true) });
const sizeSchema = z.object({ cols: z.number().max(1000), rows: z.number().max(1000) });

export interface FakeSandbox {
  readonly id: string;
  readonly wish: z.infer<typeof createSchema>;
  state: string;
  /** So many times it is read before it has started; until then it cannot be deleted. */
  pollsLeft: number;
  box: Box | null;
  readonly terminals: Map<string, Set<WebSocket>>;
  /** Its files, where they outlive a stop. */
  readonly home: string | null;
  readonly previews: Map<number, Preview>;
  /** Another one after each start. */
  previewToken: string;
}

export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** `body`: in place of Daytona's own, with a status of success also. */
export interface Fault {
  readonly method: string;
  readonly path: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly body?: string;
  /** The request is carried out all the same: only its answer is lost. */
  readonly isDone?: boolean;
}

class HttpFault extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class FakeDaytona {
  readonly key: string;
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly calls: SeenCall[] = [];
  /** Each is used up by one request. */
  readonly faults: Fault[] = [];
  /** Of sandboxes made from now on. */
  slowStartPolls = 0;
  blocksNetwork = true;
  keepsFiles = false;
  failsToStart = false;
  /** A sandbox is made, and its making answered, once this has settled. */
  creating: Promise<void> = Promise.resolve();
  /** In its stead, of what a sandbox that starts says it is. */
  startingState = 'starting';
  /** Nothing is answered: connections are cut as they come. */
  isDown = false;
  /** So many pieces of output are lost, and the connections that they were for are closed. */
  dropsPieces = 0;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  readonly #watchers = new Set<() => void>();

  private constructor(key: string) {
    this.key = key;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#server.on('connection', (socket) => socket.unref());
  }

  static async start(key = `dtn_${randomUUID().replaceAll('-', '')}`): Promise<FakeDaytona> {
    const fake = new FakeDaytona(key);
    await new Promise<void>((resolve) => {
      fake.#server.listen(0, '127.0.0.1', resolve);
    });
    fake.#server.unref();
    return fake;
  }

  get apiUrl(): string {
    return `${this.#origin}/api`;
  }

  get #origin(): string {
    const { port } = this.#server.address() as AddressInfo; // it listens on TCP
    return `http://127.0.0.1:${port}`;
  }

  /** Settles once what is asked for holds; it is looked at whenever something has changed. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /** One with nothing inside. */
  addSandbox(name: string, labels: Readonly<Record<string, string>>): void {
    const wish = createSchema.parse({ name, labels });
    const id = randomUUID();
    const terminals = new Map<string, Set<WebSocket>>();
    const rest = { home: null, previews: new Map<number, Preview>(), previewToken: '' };
    this.sandboxes.set(id, {
      id,
      wish,
      state: 'started',
      pollsLeft: 0,
      box: null,
      terminals,
      ...rest,
    });
  }

  /** As a proxy or a network does it: without a word. */
  cutSockets(): void {
    for (const { terminals } of this.sandboxes.values()) {
      for (const sockets of terminals.values()) {
        sockets.forEach((socket) => socket.terminate());
      }
    }
  }

  stopSandbox(sandbox: FakeSandbox, state = 'stopped'): void {
    sandbox.state = state;
    sandbox.box?.stop();
    sandbox.box = null;
    const closed = [...sandbox.terminals.values()].flatMap((sockets) => [...sockets]);
    sandbox.terminals.clear();
    closed.forEach((socket) => socket.terminate());
    this.#changed();
  }

  deleteSandbox(sandbox: FakeSandbox): void {
    this.sandboxes.delete(sandbox.id);
    this.stopSandbox(sandbox, 'destroyed');
    sandbox.previews.forEach((preview) => preview.stop());
    if (sandbox.home !== null) {
      rmSync(sandbox.home, { recursive: true, force: true });
    }
  }

  /** Stops what nobody is connected to, and deletes what has been stopped for long enough. */
  passMinutes(minutes: number): void {
    for (const sandbox of [...this.sandboxes.values()]) {
      const { autoStopInterval, autoDeleteInterval } = sandbox.wish;
      const isUsed = [...sandbox.terminals.values()].some((sockets) => sockets.size > 0);
      const mayDelete = autoDeleteInterval >= 0 && minutes >= autoDeleteInterval;
      if (sandbox.state === 'stopped' && mayDelete) {
        this.deleteSandbox(sandbox);
      } else if (!isUsed && autoStopInterval > 0 && minutes >= autoStopInterval) {
        this.stopSandbox(sandbox);
      }
    }
  }

  stop(): void {
    for (const sandbox of [...this.sandboxes.values()]) {
      this.deleteSandbox(sandbox);
    }
    this.#sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #changed(): void {
    [...this.#watchers].forEach((watcher) => watcher());
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.isDown) {
      request.socket.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', this.#origin);
    const method = request.method ?? 'GET';
    try {
      const pieces: Buffer[] = [];
      for await (const piece of request) {
        pieces.push(piece as Buffer); // no encoding is set
      }
      const body = Buffer.concat(pieces);
      const { pathname: path } = url;
      this.calls.push({ method, path, headers: request.headers, body: body.toString('latin1') });
      this.#changed();
      this.#authorize(request);
      const fault = this.#takeFault(method, path);
      const answer =
        fault && fault.isDone !== true ? null : await this.#answer(method, url, body, request);
      if (fault) {
        for (const [name, value] of Object.entries(fault.headers ?? {})) {
          response.setHeader(name, value);
        }
        if (fault.body !== undefined) {
          response.writeHead(fault.status, { 'content-type': 'text/html' });
          response.end(fault.body);
          return;
        }
        throw new HttpFault(fault.status, fault.message ?? 'as the test asked for');
      }
      const isFile = Buffer.isBuffer(answer);
      const type = isFile ? 'application/octet-stream' : 'application/json';
      const isTerminal = method === 'POST' && path.endsWith('/process/pty');
      response.writeHead(isTerminal ? 201 : 200, { 'content-type': type });
      response.end(isFile ? answer : answer === undefined ? '' : JSON.stringify(answer));
    } catch (thrown) {
      const status =
        thrown instanceof HttpFault || thrown instanceof BoxError ? thrown.status : 500;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(toErrorBody(url.pathname, status, message));
    }
    this.#changed();
  }

  #authorize({ headers }: IncomingMessage): void {
    if (headers.authorization !== `Bearer ${this.key}`) {
      throw new HttpFault(401, 'Invalid credentials');
    }
  }

  #takeFault(method: string, path: string): Fault | undefined {
    const at = this.faults.findIndex((one) => one.method === method && one.path.test(path));
    return at === -1 ? undefined : this.faults.splice(at, 1)[0];
  }

  async #answer(
    method: string,
    url: URL,
    body: Buffer,
    request: IncomingMessage,
  ): Promise<unknown> {
    const [, first, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const route = rest.join('/');
    if (first === 'api' && route === 'sandbox') {
      return method === 'POST' ? this.#createLater(parse(createSchema, body)) : this.#list(url);
    }
    if (first === 'api') {
      return this.#control(method, rest[1] ?? '', rest.slice(2).join('/'));
    }
    if (first === 'toolbox') {
      const [id = '', ...path] = rest;
      return this.#toolbox(`${method} ${path.join('/')}`, this.#started(id), url, {
        body,
        request,
      });
    }
    throw new HttpFault(404, `Cannot ${method} ${url.pathname}`);
  }

  async #createLater(wish: FakeSandbox['wish']): Promise<unknown> {
    await this.creating;
    return this.#create(wish);
  }

  #create(wish: FakeSandbox['wish']): unknown {
    if ([...this.sandboxes.values()].some((one) => wish.name && one.wish.name === wish.name)) {
      throw new HttpFault(409, `Sandbox with name ${wish.name} already exists`);
    }
    if (wish.snapshot?.startsWith('no-')) {
      throw new HttpFault(400, `Snapshot ${wish.snapshot} not found.`);
    }
    const sandbox: FakeSandbox = {
      id: randomUUID(),
      wish,
      state: this.slowStartPolls > 0 ? 'creating' : 'started',
      pollsLeft: this.slowStartPolls,
      box: null,
      terminals: new Map(),
      home: this.keepsFiles ? makeHome() : null,
      previews: new Map(),
      previewToken: '',
    };
    if (this.failsToStart) {
      sandbox.state = 'error';
    }
    this.#fill(sandbox);
    this.sandboxes.set(sandbox.id, sandbox);
    return this.#toDto(sandbox);
  }

  #fill(sandbox: FakeSandbox): void {
    const listener = {
      onOutput: (terminal: string, bytes: Buffer) => this.#send(sandbox, terminal, bytes),
      onExit: (terminal: string, code: number) => exit(sandbox, terminal, code),
    };
    sandbox.box = new Box(listener, sandbox.home);
    sandbox.previewToken = randomUUID();
  }

  #restart(sandbox: FakeSandbox): unknown {
    if (!['stopped', 'archived'].includes(sandbox.state)) {
      throw new HttpFault(400, 'Sandbox is not in valid state');
    }
    const answered = this.#toDto(sandbox);
    this.#fill(sandbox);
    sandbox.pollsLeft = Math.max(1, this.slowStartPolls);
    return answered;
  }

  async #preview(sandbox: FakeSandbox, port: number): Promise<unknown> {
    const known = sandbox.previews.get(port);
    const preview =
      known ??
      (await Preview.open({
        readToken: () => sandbox.previewToken,
        isPublic: sandbox.wish.public,
        port,
        connect: async () => this.#started(sandbox.id).box.connect(port),
      }));
    sandbox.previews.set(port, preview);
    return { sandboxId: sandbox.id, url: preview.url, token: sandbox.previewToken };
  }

  /** Newest first, a hundred at a time at the most. */
  #list(url: URL): unknown {
    const labels = z
      .record(z.string(), z.string())
      .parse(JSON.parse(url.searchParams.get('labels') ?? '{}'));
    const limit = Math.min(Number(url.searchParams.get('limit') ?? 100), 100);
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const found = [...this.sandboxes.values()].filter(({ wish }) =>
      Object.entries(labels).every(([name, value]) => wish.labels[name] === value),
    );
    const isMore = found.length > from + limit;
    return {
      items: found.slice(from, from + limit).map((one) => this.#toDto(one)),
      nextCursor: isMore ? String(from + limit) : null,
    };
  }

  #control(method: string, idOrName: string, action: string): unknown {
    const sandbox =
      this.sandboxes.get(idOrName) ??
      [...this.sandboxes.values()].find(({ wish }) => wish.name === idOrName);
    if (!sandbox) {
      throw new HttpFault(404, `Sandbox with ID or name ${idOrName} not found`);
    }
    if (method === 'GET' && action === 'toolbox-proxy-url') {
      return { url: `${this.#origin}/toolbox` };
    }
    if (method === 'POST' && action === 'start') {
      return this.#restart(sandbox);
    }
    const [, port] = /^ports\/(\d+)\/preview-url$/u.exec(action) ?? [];
    if (method === 'GET' && port !== undefined) {
      return this.#preview(sandbox, Number(port));
    }
    if (method === 'DELETE' && action === '' && sandbox.pollsLeft > 0) {
      throw new HttpFault(409, 'Sandbox state change in progress');
    }
    if (method === 'DELETE' && action === '') {
      this.deleteSandbox(sandbox);
      return this.#toDto({ ...sandbox, state: 'destroying' });
    }
    if (method === 'GET' && action === '') {
      if (sandbox.pollsLeft > 0) {
        sandbox.pollsLeft -= 1;
        sandbox.state = sandbox.pollsLeft > 0 ? this.startingState : 'started';
      }
      return this.#toDto(sandbox);
    }
    throw new HttpFault(404, `Cannot ${method} ${action}`);
  }

  #started(id: string): FakeSandbox & { readonly box: Box } {
    const sandbox = this.sandboxes.get(id);
    if (!sandbox?.box || sandbox.state !== 'started') {
      throw new HttpFault(400, 'failed to get runner info: no IP address found');
    }
    return sandbox as FakeSandbox & { readonly box: Box }; // looked at above
  }

  async #toolbox(
    route: string,
    sandbox: FakeSandbox & { readonly box: Box },
    url: URL,
    { body, request }: { readonly body: Buffer; readonly request: IncomingMessage },
  ): Promise<unknown> {
    const { box, terminals } = sandbox;
    const path = url.searchParams.get('path') ?? '/home/daytona';
    const [, session] = /^(?:POST|DELETE) process\/session\/([^/]+)/u.exec(route) ?? [];
    if (session !== undefined) {
      return this.#inSession(route, box, session, body);
    }
    const [, terminal = ''] = /process\/pty\/([^/]+)/u.exec(route) ?? [];
    if (terminal !== '' && !terminals.has(terminal)) {
      throw new HttpFault(404, 'PTY session not found');
    }
    switch (terminal === '' ? route : route.replace(terminal, '*')) {
      case 'POST files/upload':
        await box.ask('upload', { path, data: (await readForm(body, request)).toString('base64') });
        return undefined;
      case 'GET files/download':
        return Buffer.from(z.string().parse(await box.ask('download', { path })), 'base64');
      case 'GET files':
        return box.ask('list', { path });
      case 'DELETE files':
        return box.ask('delete', { path });
      case 'POST process/execute':
        return box.ask('execute', parse(executeSchema, body));
      case 'POST process/session': {
        const { sessionId } = parse(sessionSchema, body);
        await box.ask('beginSession', { session: sessionId });
        return undefined;
      }
      case 'POST process/pty': {
        const { id, ...given } = parse(terminalSchema, body);
        if (terminals.has(id)) {
          throw new HttpFault(409, `PTY session with ID '${id}' already exists`);
        }
        terminals.set(id, new Set());
        await box.ask('begin', { terminal: id, ...given });
        return { sessionId: id };
      }
      case 'POST process/pty/*/resize':
        return box.ask('resize', { terminal, ...parse(sizeSchema, body) });
      case 'DELETE process/pty/*':
        return box.ask('kill', { terminal });
      default:
        throw new HttpFault(404, `no route ${route}`);
    }
  }

  async #inSession(route: string, box: Box, session: string, body: Buffer): Promise<unknown> {
    const isEnd = route.startsWith('DELETE');
    await box
      .ask(isEnd ? 'endSession' : 'execSession', {
        session,
        ...(!isEnd && { command: parse(commandSchema, body).command }),
      })
      .catch(() => {
        throw new HttpFault(404, 'session not found');
      });
    return isEnd ? undefined : { cmdId: randomUUID() };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const found = /^\/toolbox\/([^/]+)\/process\/pty\/([^/]+)\/connect$/u.exec(request.url ?? '');
    const { pathname: path } = new URL(request.url ?? '/', this.#origin);
    this.calls.push({ method: 'CONNECT', path, headers: request.headers, body: '' });
    const fault = this.#takeFault('CONNECT', path);
    try {
      if (this.isDown || !found) {
        throw new HttpFault(404, 'Not Found');
      }
      this.#authorize(request);
      if (fault) {
        throw new HttpFault(fault.status, 'Fault');
      }
      const sandbox = this.#started(found[1] ?? '');
      this.#sockets.handleUpgrade(request, socket, head, (connection) =>
        this.#attach(sandbox, found[2] ?? '', connection),
      );
    } catch (thrown) {
      const status = thrown instanceof HttpFault ? thrown.status : 500;
      socket.end(this.isDown ? '' : `HTTP/1.1 ${status} Error\r\nconnection: close\r\n\r\n`);
    }
    this.#changed();
  }

  #attach(
    sandbox: FakeSandbox & { readonly box: Box },
    terminal: string,
    connection: WebSocket,
  ): void {
    const sockets = sandbox.terminals.get(terminal);
    connection.on('error', () => undefined); // too long a message; it is closed then
    if (!sockets) {
      const error = `Failed to connect to PTY session: PTY session ${terminal} not found`;
      connection.send(JSON.stringify({ type: 'control', status: 'error', error }));
      connection.close();
      return;
    }
    sockets.add(connection);
    connection.on('message', (data) => sandbox.box.put(terminal, data));
    connection.on('close', () => {
      sockets.delete(connection);
      this.#changed();
    });
    connection.send(JSON.stringify({ type: 'control', status: 'connected' }));
    this.#changed();
  }

  #send(sandbox: FakeSandbox, terminal: string, bytes: Buffer): void {
    if (this.dropsPieces > 0) {
      this.dropsPieces -= 1;
      sandbox.terminals.get(terminal)?.forEach((socket) => socket.close(1008, 'slow consumer'));
      return;
    }
    sandbox.terminals.get(terminal)?.forEach((socket) => socket.send(bytes));
  }

  #toDto({ id, wish, state }: FakeSandbox): unknown {
    return {
      id,
      organizationId: 'fake',
      name: wish.name ?? id,
      snapshot: wish.snapshot ?? usualSnapshot,
      labels: wish.labels,
      public: wish.public,
      networkBlockAll: this.blocksNetwork && wish.networkBlockAll,
      target: wish.target ?? 'us',
      state,
      desiredState: 'started',
      ...(state === 'error' && { errorReason: 'no runner has room' }),
      autoStopInterval: wish.autoStopInterval,
      autoDeleteInterval: wish.autoDeleteInterval,
      createdAt: '2026-01-02T03:04:05.000Z',
      toolboxProxyUrl: `${this.#origin}/toolbox`,
    };
  }
}

/** Terminals have a body of their own for errors. Source: pty/controller.go. */
function toErrorBody(path: string, statusCode: number, message: string): string {
  return JSON.stringify(
    path.includes('/process/pty')
      ? { error: message }
      : { path, timestamp: '2026-01-02T03:04:05.000Z', statusCode, error: 'Error', message },
  );
}

function makeHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), 'rlm-daytona-'));
  chmodSync(home, 0o777); // whoever runs inside is somebody else
  return home;
}

/** The shell at a terminal has ended. */
function exit(sandbox: FakeSandbox, terminal: string, exitCode: number): void {
  const sockets = sandbox.terminals.get(terminal);
  sandbox.terminals.delete(terminal);
  const reasons: Readonly<Record<number, string>> = {
    130: 'Ctrl+C',
    137: 'SIGKILL',
    143: 'SIGTERM',
  };
  const exitReason = reasons[exitCode] ?? 'non-zero exit';
  const data = exitCode === 0 ? { exitCode } : { exitCode, exitReason };
  sockets?.forEach((socket) => socket.close(exitCode === 0 ? 1000 : 1011, JSON.stringify(data)));
}

function parse<T>(schema: z.ZodType<T>, body: Buffer): T {
  const parsed = schema.safeParse(JSON.parse(body.toString('utf8') || '{}'));
  if (!parsed.success) {
    throw new HttpFault(400, parsed.error.message);
  }
  return parsed.data;
}

async function readForm(body: Buffer, { headers }: IncomingMessage): Promise<Buffer> {
  const type = headers['content-type'] ?? '';
  const form = await new Response(Uint8Array.from(body), {
    headers: { 'content-type': type },
  }).formData();
  const file = form.get('file');
  if (file === null || typeof file === 'string') {
    throw new HttpFault(400, 'http: no such file');
  }
  return Buffer.from(await file.arrayBuffer());
}
