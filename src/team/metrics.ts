// What a server counts of itself, for Prometheus. Labels are words of this program: never a user's or a model's.

import type { Engine } from '../core/engine';
import { errorCodes } from '../core/errors';
import type { EndedCall } from '../mcp/callGate';
import type { EndedRequest, HttpCounts, HttpObserver } from '../mcp/httpObserver';
import type { Libraries } from './loadLibraries';

interface MetricsParts {
  readonly libraries: Pick<Libraries, 'Counter' | 'Gauge' | 'Histogram' | 'Registry'>;
  readonly version: string;
  /** Of all users who have called. */
  readonly listEngines: () => Promise<readonly Engine[]>;
}

const callSeconds = [0.005, 0.025, 0.1, 0.5, 2, 10, 60, 300];

export class Metrics implements HttpObserver {
  readonly #parts: MetricsParts;
  readonly #registry: InstanceType<Libraries['Registry']>;
  readonly #requests;
  readonly #calls;
  readonly #callSeconds;
  readonly #gauges;

  constructor(parts: MetricsParts) {
    const { Counter, Gauge, Histogram, Registry } = parts.libraries;
    this.#parts = parts;
    const registry = new Registry();
    this.#registry = registry;
    const registers = [registry];
    this.#requests = new Counter({
      name: 'rlm_http_requests_total',
      help: 'Requests over HTTP by what they were for and the status of the response.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#calls = new Counter({
      name: 'rlm_tool_calls_total',
      help: 'Calls of tools by their outcome: ok, or the code of the error.',
      labelNames: ['tool', 'outcome'],
      registers,
    });
    this.#callSeconds = new Histogram({
      name: 'rlm_tool_call_seconds',
      help: 'How long calls of tools took.',
      labelNames: ['tool'],
      buckets: callSeconds,
      registers,
    });
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    this.#gauges = {
      liveSessions: gauge('rlm_live_sessions', 'Sessions that hold a sandbox.'),
      heldBytes: gauge('rlm_session_memory_bytes', 'Memory set apart for live sessions.'),
      users: gauge('rlm_users', 'Users who have called and have an engine.'),
      mcpSessions: gauge('rlm_mcp_sessions', 'MCP sessions that are open.'),
      openCalls: gauge('rlm_open_calls', 'Requests with calls that are not answered yet.'),
      openResponses: gauge(
        'rlm_open_responses',
        'Responses that have not ended, streams among them.',
      ),
      bodies: gauge('rlm_body_bytes', 'Memory set apart for bodies that are being read.'),
      certificateEnd: gauge(
        'rlm_tls_certificate_end_seconds',
        'When the TLS certificate in use ends, since the epoch; 0: there is none.',
      ),
      certificateStuck: gauge(
        'rlm_tls_certificate_stuck',
        '1: the files of the certificate hold something that cannot take its place.',
      ),
      memory: gauge('process_resident_memory_bytes', 'Resident memory of the engine’s process.'),
      cpu: gauge('process_cpu_seconds_total', 'User and system time of the engine’s process.'),
      uptime: gauge('rlm_uptime_seconds', 'Time since the engine’s process started.'),
    };
    const { version } = parts;
    const info = { name: 'rlm_info', help: 'The version that runs.', labelNames: ['version'] };
    new Gauge({ ...info, registers }).set({ version }, 1);
  }

  requestEnded({ route, status }: EndedRequest): void {
    this.#requests.inc({ route: route ?? 'none', status: String(status) });
  }

  /** Tools are those of the product: a call of any other name is refused before it is counted. */
  callEnded({ tool, errorCode, durationMs }: EndedCall): void {
    const isKnown = errorCode === null || errorCodes.includes(errorCode);
    this.#calls.inc({ tool, outcome: isKnown ? (errorCode ?? 'ok') : 'other' });
    this.#callSeconds.observe({ tool }, durationMs / 1_000);
  }

  /** In the text format of version 0.0.4. */
  async write(counts: HttpCounts): Promise<string> {
    const engines = await this.#parts.listEngines();
    const sum = (read: (engine: Engine) => number): number =>
      engines.reduce((total, engine) => total + read(engine), 0);
    const { user, system } = process.cpuUsage();
    this.#gauges.liveSessions.set(sum(({ sessions }) => sessions.live.length));
    this.#gauges.heldBytes.set(sum(({ sessions }) => sessions.heldMb) * 1_000_000);
    this.#gauges.users.set(engines.length);
    this.#gauges.mcpSessions.set(counts.mcpSessions);
    this.#gauges.openCalls.set(counts.openCalls);
    this.#gauges.openResponses.set(counts.openResponses);
    this.#gauges.bodies.set(counts.bodyBytes);
    this.#gauges.certificateEnd.set((counts.certificate?.endsAt ?? 0) / 1_000);
    this.#gauges.certificateStuck.set(counts.certificate?.isStuck ? 1 : 0);
    this.#gauges.memory.set(process.memoryUsage.rss());
    this.#gauges.cpu.set((user + system) / 1_000_000);
    this.#gauges.uptime.set(process.uptime());
    return this.#registry.metrics();
  }
}
