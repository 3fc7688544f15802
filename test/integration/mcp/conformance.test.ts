// The official conformance suite, all server scenarios, pending ones too, against the real HTTP plumbing. Each is
// looked at by name: the suite's own totals also pass when a scenario found nothing to check.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { type TokenServing, serveHttp } from '../../../src/mcp/http';
import { bundledNode, runChild } from '../../support/childProcess';
import { conformanceAdditions } from '../../support/conformanceFixtures';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { type HeaderProxy, startHeaderProxy } from '../../support/headerProxy';

const suite = path.resolve('node_modules/@modelcontextprotocol/conformance/dist/index.js');

const scenarios = [
  'server-initialize',
  'logging-set-level',
  'ping',
  'completion-complete',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-with-logging',
  'tools-call-error',
  'tools-call-with-progress',
  'tools-call-sampling',
  'tools-call-elicitation',
  'json-schema-2020-12',
  'elicitation-sep1034-defaults',
  'server-sse-polling',
  'server-sse-multiple-streams',
  'elicitation-sep1330-enums',
  'resources-list',
  'resources-read-text',
  'resources-read-binary',
  'resources-templates-read',
  'resources-subscribe',
  'resources-unsubscribe',
  'prompts-list',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-embedded-resource',
  'prompts-get-with-image',
  'dns-rebinding-protection',
] as const;

const checksSchema = z.array(
  z.object({
    id: z.string(),
    status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'INFO', 'SKIPPED']),
    description: z.string(),
    errorMessage: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
);
type Check = z.infer<typeof checksSchema>[number];

describe('the conformance suite of 2025-11-25', function () {
  this.timeout(180_000);
  let engine: FakeEngine;
  let proxy: HeaderProxy;
  let serving: TokenServing;
  let results: ReadonlyMap<string, readonly Check[]>;

  before(async () => {
    engine = createFakeEngine();
    proxy = await startHeaderProxy();
    serving = await serveHttp(engine, {
      allowedOrigins: [proxy.origin],
      additions: conformanceAdditions,
    });
    proxy.target = serving;
    results = await runSuite(proxy.url);
  });

  after(async () => {
    await proxy.dispose();
    await serving.dispose();
    await engine.close();
    assert.equal(engine.traces.listenerCount, 0);
  });

  it('has the scenarios that are named here, no more', async () => {
    const { stdout } = await runChild(bundledNode, [suite, 'list', '--server']);
    const listed = [...stdout.matchAll(/^ {2}- (\S+) \[.*2025-11-25/gmu)].map((match) => match[1]);
    assert.deepStrictEqual(listed, [...scenarios]);
  });

  for (const scenario of scenarios.filter((name) => name !== 'server-sse-polling')) {
    it(`${scenario} passes`, () => {
      const checks = results.get(scenario) ?? [];
      const judged = checks.filter(({ status }) => status !== 'INFO');
      assert.ok(judged.length > 0, 'it checked nothing');
      assert.deepStrictEqual(
        judged.filter(({ status }) => status !== 'SUCCESS'),
        [],
      );
    });
  }

  it('completion, tools and errors were answered by what they asked for, not by chance', () => {
    const told = JSON.stringify([...results]);
    for (const answer of [
      'intentionally returns an error',
      'simple text response',
      '"values":[]',
    ]) {
      assert.ok(told.includes(answer), answer);
    }
  });

  it('server-sse-polling gets its answer on the first stream, which is as a server may that keeps no streams', () => {
    const checks = results.get('server-sse-polling') ?? [];
    const byStatus = (wanted: Check['status']) =>
      checks.filter(({ status }) => status === wanted).map(({ id }) => id);
    assert.deepStrictEqual(byStatus('FAILURE'), []);
    // SHOULD, not MUST: without an event store there is nothing to come back to.
    assert.deepStrictEqual(byStatus('WARNING'), [
      'server-sse-priming-event',
      'server-sse-retry-field',
    ]);
    const closed = checks.find(({ id }) => id === 'stream-closed');
    assert.equal(closed?.details?.['receivedToolResponse'], true);
  });

  it('dns-rebinding-protection reached the guard, which refused the foreign host itself', () => {
    assert.deepStrictEqual(proxy.statuses.get('evil.example.com'), [403]);
    const checks = results.get('dns-rebinding-protection') ?? [];
    const refused = checks.find(({ id }) => id === 'localhost-host-rebinding-rejected');
    assert.match(JSON.stringify(refused?.details), /The Host header is not this server/u);
  });
});

async function runSuite(url: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rlm-conformance-'));
  try {
    const args = [suite, 'server', '--url', url, '--suite', 'all', '--output-dir', folder];
    const { exitCode, stdout, stderr } = await runChild(bundledNode, args);
    assert.equal(exitCode, 0, stdout + stderr);
    const results = new Map<string, readonly Check[]>();
    for (const name of await readdir(folder)) {
      const scenario = scenarios.find((one) => name.startsWith(`server-${one}-2`)); // then a date
      const text = await readFile(path.join(folder, name, 'checks.json'), 'utf8');
      results.set(scenario ?? name, checksSchema.parse(JSON.parse(text)));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
