// The installed Codex: whether its protocol is as the driver knows it, what of it would be noticed, and the way without
// an app-server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { checkProtocol } from '../../../src/agents/codex/checkProtocol';
import { prepareHome } from '../../../src/agents/codex/codexHome';
import { ExecThread } from '../../../src/agents/codex/execThread';
import { systemClock } from '../../../src/systemClock';
import { requireCodex } from '../../support/codex';
import { patch, plan, run } from '../../support/plannedModel';
import { useTempFolder } from '../../support/tempFolder';
import { HeardThread, modelKey, useCodexAgents } from './codexAgents';

describe('the installed Codex', function () {
  this.timeout(60_000);
  const agents = useCodexAgents();
  const folder = useTempFolder();

  it('is found, and speaks as the driver knows it', async () => {
    const { works, mode, program, differences, nextStep } = await agents().driver.readStatus();
    assert.deepStrictEqual(
      [works, mode, program?.foundBy, differences, nextStep],
      [true, 'steered', 'setting', [], null],
    );
  });

  it('would be known for another by each part that is used', async () => {
    const codex = await requireCodex(this.ctx);
    const args = ['app-server', 'generate-json-schema', '--experimental', '--out', folder()];
    await promisify(execFile)(codex, args, { env: { CODEX_HOME: folder() } });
    const text = await readFile(
      path.join(folder(), 'codex_app_server_protocol.schemas.json'),
      'utf8',
    );
    const check = (changed: string) => checkProtocol(JSON.parse(changed));
    assert.deepStrictEqual(check(text), { missing: [], unknown: [] });
    const changes = [
      ['"turn/interrupt"', '"turn/halt"'],
      ['"item/commandExecution/requestApproval"', '"item/command/ask"'],
      ['"experimentalRawEvents"', '"rawEvents"'],
      ['"developerInstructions"', '"instructions"'],
      ['"aggregatedOutput"', '"output"'],
      ['"workspaceWrite"', '"workspace"'],
      ['"danger-full-access"', '"full"'],
      ['"willRetry"', '"retries"'],
    ] as const;
    assert.deepStrictEqual(
      changes.filter(([from, to]) => check(text.replaceAll(from, to)).missing.length === 0),
      [],
    );
    const more = check(text.replaceAll('"declined"', '"declined","postponed"'));
    assert.deepStrictEqual([more.missing, more.unknown.length > 0], [[], true]);
    assert.equal(checkProtocol(null).missing.length, 1);
  });

  it('keeps no key in its folder, and reads it for itself alone', async () => {
    const agent = await agents().start(agents().toRequest());
    await agent.turn(plan([run('echo x'), { say: 'Done.' }]));
    const home = path.join(agents().folder, 'home', 'codex');
    const names = await readdir(home, { recursive: true, withFileTypes: true });
    const files = names.filter((one) => one.isFile());
    const texts = await Promise.all(
      files.map((one) => readFile(path.join(one.parentPath, one.name), 'latin1')),
    );
    assert.deepStrictEqual(
      texts.filter((text) => text.includes(modelKey)),
      [],
    );
  });

  it('works without its app-server, one process a turn', async () => {
    const request = agents().toRequest();
    const { program } = await agents().driver.readStatus();
    await agents().start(request); // makes the folder
    const { environment } = await prepareHome(path.join(agents().folder, 'home'), null, {
      PATH: process.env['PATH'],
      HOME: agents().folder,
    });
    const thread = new ExecThread(null, {
      clock: systemClock,
      program: program?.path ?? '',
      request,
      settings: agents().settings,
      environment: { ...environment, PLANNED_KEY: modelKey },
    });
    const agent = new HeardThread(thread);
    const first = await agent.turn(
      plan([run('echo made'), patch('*** Add File: a.txt\n+words'), { say: 'Known.' }]),
    );
    await assert.rejects(
      (async () => {
        await agent.say(plan([run('sleep 600'), { say: 'Never.' }]));
        await agents().untilRunning(request, 1);
        await agent.say('More.');
      })(),
      { code: 'INVALID_INPUT' },
    );
    const report = await thread.stop();
    assert.deepStrictEqual(
      [
        first.status,
        agent.all('commandEnded').map(({ status, output }) => [status, output]),
        agent.all('patchEnded').map(({ status }) => status),
        agent.all('message').map(({ text }) => text),
        agents().model.requests.at(-1)?.input.includes('Known.'),
        report.isCertain,
        agent.all('turnEnded').at(-1)?.status,
        agent.kinds().at(-1),
      ],
      [
        'completed',
        [['completed', 'made\n']],
        ['completed'],
        ['Known.'],
        true,
        true,
        'interrupted',
        'exited',
      ],
    );
  });
});
