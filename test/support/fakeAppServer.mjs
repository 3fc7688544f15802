// An app-server whose only thread works until it is interrupted. FAKE says, as JSON, what of it is broken:
// `dieAt` a method, `hangAt` methods, `isLate`: a turn is answered when the terminals are to be closed, `askLate`: it
// asks when it is interrupted, `noise`: it tells what nobody knows.

import { createInterface } from 'node:readline';

const { dieAt, hangAt = [], isLate, askLate, noise } = JSON.parse(process.env.FAKE ?? '{}');
const threadId = 't1';
let turns = 0;
let turnId = null;
let lateAnswer = null;

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const notify = (method, params) => write({ method, params: { threadId, turnId, ...params } });
const toCommand = (status) => ({
  ...{ type: 'commandExecution', id: `call-${turns}`, command: 'work', cwd: '/', status },
  aggregatedOutput: null,
});

function endTurn() {
  if (turnId !== null) {
    notify('turn/completed', { turn: { id: turnId, status: 'interrupted', error: null } });
    turnId = null;
  }
}

function startTurn(id) {
  turns += 1;
  turnId = `turn-${turns}`;
  write({ id, result: { turn: { id: turnId, status: 'inProgress' } } });
  notify('turn/started', { turn: { id: turnId, status: 'inProgress' } });
  if (noise) {
    process.stdout.write('no JSON at all\n{"neither":"this"}\n[]\n');
    notify('brand/new', { anything: [1] });
    notify('item/completed', { item: { type: 'brandNew', id: 'x' } });
  }
  notify('item/started', { item: toCommand('inProgress') });
  notify('item/started', { item: { ...toCommand('inProgress'), id: 'asked' } });
  ask(70 + turns);
}

function ask(id) {
  const params = { threadId, turnId, itemId: 'asked', command: 'more', cwd: '/' };
  write({ id, method: 'item/commandExecution/requestApproval', params });
}

const answers = {
  initialize: () => ({ userAgent: 'fake', codexHome: '/' }),
  'thread/start': () => ({ thread: { id: threadId } }),
  'turn/interrupt': () => {
    if (askLate) {
      ask(99);
    }
    void Promise.resolve().then(endTurn);
    return {};
  },
  'thread/archive': () => {
    void Promise.resolve().then(endTurn);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line);
  if (method === undefined || id === undefined) {
    continue;
  }
  if (method === dieAt) {
    process.exit(3);
  }
  if (method === 'thread/backgroundTerminals/clean' && lateAnswer !== null) {
    startTurn(lateAnswer);
    lateAnswer = null;
  }
  if (hangAt.includes(method)) {
    continue;
  }
  if (method !== 'turn/start') {
    write({ id, result: answers[method]?.() ?? {} });
  } else if (isLate) {
    lateAnswer = id;
  } else {
    startTurn(id);
  }
}
