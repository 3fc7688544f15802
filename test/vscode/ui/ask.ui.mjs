// Questions as people ask them: from the explorer, over a selection, in the chat; models chosen, allowed
// and given keys on the way. The models are those of test/vscode/ruleModels.

/* global before, after, afterEach, it */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPlace, describeWorkbench, openWorkbench } from './workbench.mjs';

const { startFakeModelServer } = createRequire(import.meta.url)(
  fileURLToPath(new URL('../../../out/test/support/fakeModelServer.cjs', import.meta.url)),
);
const ruleModels = fileURLToPath(new URL('../ruleModels', import.meta.url));
const question = 'How many errors are there, and of what kind?';
const patienceMs = 100_000;
const plantedKey = 'sk-planted-4c81e07b';

describeWorkbench('questions in the workbench', function () {
  this.timeout(240_000); // whole runs on a busy machine
  let place;
  let workbench;
  let page;
  let models;

  before(async () => {
    place = await createPlace();
    models = await startFakeModelServer();
    models.models = ['local-1'];
    workbench = await openWorkbench(place, {
      extensions: [ruleModels],
      payload: [['enableProposedApi', 'true']], // so that its models can ask for consent
      machineSettings: { 'rlm.models.openaiBaseUrl': `${models.url}/v1` },
      env: {
        RLM_TEST_MODEL_LOG: path.join(place.home, 'models.jsonl'),
        RLM_TEST_MODEL_CONSENT: '1',
      },
    });
    page = workbench.page;
    page.on('dialog', () => assert.fail('a script of an answer has run'));
  });

  after(async () => {
    await workbench?.dispose();
    await models?.close();
    await place?.dispose();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.shoot(`failure-${this.currentTest.title.slice(0, 40)}`);
    }
  });

  /** What the editor's models were asked so far. */
  async function readAsked() {
    const text = await readFile(path.join(place.home, 'models.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  async function untilAsked(matches) {
    for (const end = Date.now() + patienceMs; Date.now() < end; await wait(50)) {
      if ((await readAsked()).some(matches)) {
        return;
      }
    }
    assert.fail('The model was not asked.');
  }

  const answerText = (text) => page.locator('.monaco-editor .view-line').filter({ hasText: text });

  it('says what to do while no model has been chosen', async () => {
    await workbench.run('File: Focus on Files Explorer');
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'logs' }).click();
    await workbench.runOnFile('server.log', 'Ask over Files…');
    await workbench.findMessage('No model has been chosen yet');
    await workbench.shoot('ask-no-model');
  });

  it('lists the models of the editor, of servers and of clients', async () => {
    const message = await workbench.findMessage('No model has been chosen yet');
    await message.getByRole('button', { name: 'Choose Models…' }).click();
    const { rows } = workbench.quickInput;
    await rows.filter({ hasText: 'Rule One' }).waitFor();
    await rows.filter({ hasText: 'openai/local-1' }).waitFor();
    await workbench.shoot('choose-models');
  });

  it('asks for consent when a model is chosen, and takes no for an answer', async () => {
    await workbench.pick('Rule One');
    await workbench.dialog.filter({ hasText: 'RLM' }).waitFor();
    await workbench.shoot('ask-consent');
    await workbench.press('Cancel');
    await workbench.findMessage('You have not allowed RLM to ask vscode/rule/one.');
  });

  it('sends nothing to a model that is allowed before there is a question', async () => {
    await workbench.run('Notifications: Clear All Notifications');
    await workbench.runOnFile('server.log', 'Ask over Files…');
    const message = await workbench.findMessage('No model has been chosen yet');
    await message.getByRole('button', { name: 'Choose Models…' }).click();
    await workbench.pick('Rule One');
    await workbench.press('Allow');
    await workbench.quickInput.widget.getByText('Ask over logs/server.log').waitFor();
    assert.deepStrictEqual(await readAsked(), []);
  });

  it('answers a question over a file, and shows its trace and its cause', async () => {
    await workbench.answer(question);
    await answerText('41 errors: a full disk').waitFor();
    await answerText('The code handed in this answer after 2 iterations.').waitFor();
    await workbench.shoot('ask-answer');
    await page.locator('.tab').filter({ hasText: 'RLM: How many errors' }).click();
    await workbench.viewer.getByText('41 errors: a full disk').first().waitFor();
    await workbench.viewer.getByText('vscode/rule/one').first().waitFor();
    await workbench.shoot('ask-trace');
  });

  it('says when no iteration had an answer', async () => {
    await workbench.runOnFile('server.log', 'Ask over Files…');
    await workbench.quickInput.widget.getByText('Ask over logs/server.log').waitFor();
    await workbench.answer('Stay undecided.');
    await answerText('drawn from the variables').waitFor();
    await workbench.findMessage('All 15 iterations are used up');
    await workbench.shoot('ask-undecided');
  });

  it('ends at once when it is cancelled, and the model’s request with it', async () => {
    await workbench.runOnFile('server.log', 'Ask over Files…');
    await workbench.answer('Wait until I cancel this.');
    await untilAsked(({ last }) => last?.includes('Wait until'));
    const message = await workbench.findMessage('RLM is working on the answer');
    await workbench.shoot('ask-running');
    await message.getByRole('button', { name: 'Cancel' }).click();
    await untilAsked(({ kind }) => kind === 'cancelled');
    await workbench.viewer.getByText('by a cancellation').first().waitFor();
  });

  it('answers over a selection', async () => {
    await workbench.run('View: Close All Editors');
    const row = page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'README.md' });
    await row.dblclick();
    await page.locator('.monaco-editor .view-line').filter({ hasText: '# Checkout' }).click();
    await page.keyboard.press('ControlOrMeta+a');
    await workbench.run('RLM: Ask over Selection…');
    await workbench.quickInput.widget.getByText('Ask over README.md:1–2').waitFor();
    await workbench.answer('How long is it?');
    await answerText('11 characters').waitFor();
  });

  it('answers in the chat with its model, over the workspace, and leads to the trace', async () => {
    await workbench.run('View: Close All Editors');
    await workbench.run('Notifications: Clear All Notifications');
    await workbench.run('RLM: Choose Models…');
    await workbench.pick('Model that writes the code');
    await workbench.pick('None: the first that can answer');
    await workbench.run('Chat: Open Chat');
    await say(`@rlm ${question}`);
    const chat = page.locator('.interactive-session');
    await chat.getByText('41 errors: a full disk').waitFor();
    await workbench.shoot('chat');
    await chat.getByRole('button', { name: 'Open Trace' }).last().click();
    await workbench.viewer.getByText('vscode/rule/one').first().waitFor();
  });

  it('shows hostile answers in the chat as text: no image is loaded, no command runs', async () => {
    const requests = [];
    page.on('request', (request) => requests.push(request.url()));
    await say('@rlm Be hostile.');
    const chat = page.locator('.interactive-session');
    await chat.getByText('first iteration').waitFor();
    await workbench.shoot('chat-hostile');
    assert.equal(await chat.locator('img[src*="evil.example"]').count(), 0);
    for (const link of await chat.locator('a[data-href^="command:rlm"]').all()) {
      await link.click();
    }
    await workbench.run('File: Focus on Files Explorer'); // what a click sets off has begun by then
    assert.equal(await page.locator('.part.panel:visible').count(), 0);
    assert.deepStrictEqual(
      requests.filter((url) => url.includes('evil.example')),
      [],
    );
  });

  it('stops the run when the chat’s answer is stopped', async () => {
    const { length } = await readAsked();
    await say('@rlm Wait until I cancel this.');
    await untilAsked(({ last }, index) => index >= length && last?.includes('Wait until'));
    await page.locator('.interactive-session .codicon-stop-circle').first().click();
    await untilAsked(({ kind }, index) => index >= length && kind === 'cancelled');
  });

  it('asks a server with the key that was entered for it, which is found in no file', async () => {
    await workbench.run('RLM: Set API Key…');
    await workbench.pick('openai');
    await workbench.quickInput.widget.getByText(models.url).waitFor();
    await workbench.answer(plantedKey);
    await page.locator('.part.statusbar').getByText('The key works').waitFor();
    await workbench.run('RLM: Choose Models…');
    await workbench.pick('Model that writes the code');
    await workbench.pick('openai/local-1');
    await page.locator('.part.statusbar').getByText('openai/local-1').waitFor();
    models.replies.push({
      kind: 'answer',
      pieces: ['```repl\nSUBMIT(answer="by the server")\n```'],
    });
    await workbench.runOnFile('README.md', 'Ask over Files…');
    await workbench.answer('Who answers?');
    await answerText('by the server').waitFor();
    const keys = models.received.map(({ headers }) => headers.authorization);
    assert.equal(keys.at(-1), `Bearer ${plantedKey}`);
    await workbench.run('RLM: Show Server Status');
    await answerText('openai: ready').waitFor();
    await workbench.run('RLM: Export Trace…');
    await workbench.pick('Who answers');
    await workbench.pick('JSON');
    await workbench.saveFile();
    await page
      .locator('.tab')
      .filter({ hasText: /rlm-.*\.json/u })
      .waitFor();
    for (const folder of [workbench.profile, place.home, place.workspace]) {
      assert.deepStrictEqual(await findFilesWith(folder, plantedKey), [], folder);
    }
    assert.deepStrictEqual(await findProcessesWith(plantedKey), []);
    assert.ok((await findFilesWith(place.home, 'by the server')).length > 0, 'the search finds');
  });

  it('forgets a key', async () => {
    await workbench.run('RLM: Remove API Key…');
    await workbench.pick(models.url);
    await page.locator('.part.statusbar').getByText('is forgotten').waitFor();
    const status = models.received.length;
    await workbench.run('RLM: Show Server Status');
    await answerText('openai: ready').waitFor();
    const later = models.received.slice(status);
    assert.ok(later.every(({ headers }) => !headers.authorization?.includes(plantedKey)));
  });

  async function say(text) {
    const input = page.locator('.interactive-session .chat-editor-container .monaco-editor').last();
    await input.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(text);
    await page.keyboard.press('Escape'); // the list of suggestions
    await page.keyboard.press('Enter');
  }
});

async function findFilesWith(folder, text) {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name));
  const found = [];
  for (const file of files) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0)); // some are gone by now
    if (bytes.includes(text) || bytes.includes(Buffer.from(text, 'utf16le'))) {
      found.push(file);
    }
  }
  return found;
}

/** By arguments and environment, where the system shows them. */
async function findProcessesWith(text) {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/u.test(name));
  const found = [];
  for (const id of ids) {
    for (const name of ['cmdline', 'environ']) {
      const bytes = await readFile(`/proc/${id}/${name}`).catch(() => Buffer.alloc(0)); // of others, or gone
      if (bytes.includes(text)) {
        found.push(`${id}/${name}`);
      }
    }
  }
  return found;
}
