import assert from 'node:assert/strict';
import { createTimeOrderedId } from '../../../../src/base/ids';
import type { ReplOpened } from '../../../../src/core/event';
import { SessionFileSource } from '../../../../src/extension/files/sessionFileSource';
import { SessionSource } from '../../../../src/extension/sessionSource';
import { SessionIndex } from '../../../../src/extension/sessions/sessionIndex';
import { type SessionNode, toNodeKey } from '../../../../src/extension/sessions/sessionNode';
import { SessionTree, groupPage } from '../../../../src/extension/sessions/sessionTree';
import { FakeClock } from '../../../support/fakeClock';
import { MemoryTraceStore } from '../../../support/memoryTraceStore';
import {
  createContextLoaded,
  createFileWritten,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from '../../../support/sampleTrace';

describe('SessionTree', () => {
  let clock: FakeClock;
  let store: MemoryTraceStore;
  let index: SessionIndex;
  let tree: SessionTree;
  let drawn: (readonly SessionNode[] | undefined)[];
  let nextAt = 0;

  beforeEach(() => {
    nextAt = Date.UTC(2026, 0, 1);
    clock = new FakeClock();
    store = new MemoryTraceStore();
    const source = new SessionSource(async () => store);
    index = new SessionIndex({ source, clock, log: () => undefined });
    tree = new SessionTree(index, source, new SessionFileSource(source));
    drawn = [];
    tree.onDidChange((nodes) => drawn.push(nodes));
  });

  afterEach(() => {
    tree.dispose();
    index.dispose();
  });

  function add(over: Partial<ReplOpened> = {}): string {
    nextAt += 1_000;
    const sessionId = over.sessionId ?? createTimeOrderedId(nextAt);
    store.addForeignTrace(sessionId, [
      createOpened({ sessionId, status: 'finalized', ...over }),
      createContextLoaded({ status: over.status ?? 'finalized' }),
    ]);
    return sessionId;
  }

  /** All that was told has been read and drawn. */
  async function settle(): Promise<void> {
    clock.advance(1_000);
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function list(node?: SessionNode): Promise<readonly string[]> {
    return (await tree.listChildren(node)).map(toNodeKey);
  }

  const finalized = { kind: 'group', group: 'finalized' } as const;

  it('groups sessions by status, newest first, and leaves out empty groups', async () => {
    const [first, second] = [add(), add()];
    add({ status: 'interrupted' });
    assert.deepStrictEqual(await list(), ['group/interrupted', 'group/finalized']);
    assert.deepStrictEqual(await list(finalized), [second, first]);
  });

  it('puts children under their parents, after the sections of the parent', async () => {
    const parent = add();
    const child = add({ parentSessionId: parent, depth: 1 });
    const orphan = add({ parentSessionId: 'deleted-long-ago' });
    await list();
    assert.deepStrictEqual(await list(finalized), [orphan, parent]);
    const sections = ['guardrails', 'variables', 'steps', 'files'].map(
      (name) => `${parent}/${name}`,
    );
    assert.deepStrictEqual(await list({ kind: 'session', sessionId: parent }), [
      ...sections,
      child,
    ]);
    const node = tree.parentOf({ kind: 'session', sessionId: child });
    assert.equal(node && toNodeKey(node), parent);
  });

  for (const length of [1, 2, 3, 7]) {
    for (const depths of ['equal', 'rising'] as const) {
      it(`shows each of ${length} sessions that say they are each other's parents once, depths ${depths}`, async () => {
        const ids = Array.from({ length }, (_, at) => createTimeOrderedId(nextAt + at));
        ids.forEach((sessionId, at) =>
          add({
            sessionId,
            parentSessionId: ids[(at + length - 1) % length] ?? null,
            depth: depths === 'equal' ? 1 : at,
          }),
        );
        await list();
        const seen: string[] = [];
        const waiting: SessionNode[] = [finalized];
        for (let node = waiting.pop(); node && seen.length <= 100; node = waiting.pop()) {
          for (const child of await tree.listChildren(node)) {
            if (child.kind === 'session') {
              seen.push(child.sessionId);
              waiting.push(child);
            }
          }
        }
        assert.deepStrictEqual(seen.sort(), [...ids].sort());
        for (const sessionId of ids) {
          let steps = 0;
          let node: SessionNode | undefined = { kind: 'session', sessionId };
          while (node && steps <= length) {
            node = tree.parentOf(node);
            steps += 1;
          }
          assert.equal(node, undefined, 'the way up ends');
        }
      });
    }
  }

  it('shows files where code has some, and what the trace knows of those of a session that is gone', async () => {
    const [python, script] = [add(), add({ language: 'javascript' })];
    await list();
    const sections = async (sessionId: string): Promise<readonly string[]> =>
      list({ kind: 'session', sessionId });
    assert.ok((await sections(python)).includes(`${python}/files`));
    assert.ok(!(await sections(script)).includes(`${script}/files`));
    const files = { kind: 'section', sessionId: python, section: 'files' } as const;
    const note = `${python}/fileNote/absent/.`;
    assert.deepStrictEqual(await list(files), [note]);
    store.addForeignTrace(python, [
      createOpened({ sessionId: python, status: 'finalized' }),
      createContextLoaded({ status: 'finalized' }),
      createFileWritten({ path: '/work/b.txt' }),
      createFileWritten({ path: '/work/a.txt' }),
      createFileWritten({ path: '/out/x', side: 'host' }),
    ]);
    const listed = await list(files);
    const recorded = ['/work/a.txt', '/work/b.txt'].map(
      (path) => `${python}/file/recorded/0/${path}`,
    );
    assert.deepStrictEqual(listed, [note, ...recorded]);
    for (const child of await tree.listChildren(files)) {
      const parent = tree.parentOf(child);
      assert.equal(parent && toNodeKey(parent), `${python}/files`);
      assert.deepStrictEqual(await tree.listChildren(child), []);
    }
  });

  it('draws the children of a session that was deleted, which stand by themselves now', async () => {
    const parent = add();
    const child = add({ parentSessionId: parent, depth: 1 });
    await list();
    await list(finalized);
    await list({ kind: 'session', sessionId: parent });
    await settle();
    drawn = [];
    await store.deleteTrace(parent);
    await settle();
    assert.deepStrictEqual(await list(finalized), [child]);
    assert.ok(drawn.flat().some((node) => node && toNodeKey(node) === 'group/finalized'));
  });

  it('draws only the session whose trace has grown', async () => {
    const sessionId = add();
    await list();
    await list(finalized);
    await settle();
    drawn = [];
    store.addForeignTrace(sessionId, [
      createOpened({ sessionId, status: 'finalized' }),
      createStepStarted({ status: 'finalized' }),
    ]);
    await settle();
    assert.deepStrictEqual(
      drawn.map((nodes) => nodes?.map(toNodeKey)),
      [[sessionId]],
    );
  });

  it('tells a burst of changes once', async () => {
    const ids = [add(), add(), add()];
    await list();
    await list(finalized);
    await settle();
    drawn = [];
    for (const sessionId of [...ids, ...ids]) {
      store.addForeignTrace(sessionId, [createOpened({ sessionId, status: 'finalized' })]);
    }
    await settle();
    assert.equal(drawn.length, 1);
  });

  it('draws the groups that gain or lose a session', async () => {
    add();
    const moving = add({ status: 'stopped' });
    add({ status: 'stopped' });
    await list();
    await list({ kind: 'group', group: 'stopped' });
    await settle();
    drawn = [];
    store.addForeignTrace(moving, [createOpened({ sessionId: moving, status: 'finalized' })]);
    await settle();
    assert.deepStrictEqual(
      drawn.map((nodes) => nodes?.map(toNodeKey)),
      [['group/stopped', 'group/finalized', moving]],
    );
  });

  it('draws everything when a group comes or goes', async () => {
    const sessionId = add();
    await list();
    await settle();
    drawn = [];
    await store.deleteTrace(sessionId);
    store.addForeignTrace('other-session', [createOpened({ sessionId: 'other-session' })]);
    await settle();
    assert.deepStrictEqual(drawn, [undefined]);
  });

  it('filters by words of title, id, language and files', async () => {
    const wanted = add({ title: 'Slow checkout' });
    add({ title: 'Slow start' });
    await list();
    tree.setFilter('  CHECK slow python ');
    assert.deepStrictEqual(await list(finalized), [wanted]);
    tree.setFilter('nothing like it');
    assert.deepStrictEqual(await list(), []);
  });

  it('shows variables and the latest steps of an opened session', async () => {
    const sessionId = add();
    const change = { change: 'added', type: 'int', size: null, preview: '1', hash: null } as const;
    const outcome = createOutcome({ variables: ['b'], changes: [{ ...change, name: 'b' }] });
    store.addForeignTrace(sessionId, [
      createOpened({ sessionId, status: 'finalized' }),
      createStepStarted({ step: 1 }),
      createStepFinished({
        step: 1,
        outcome: createOutcome({
          variables: ['a', 'b'],
          changes: ['a', 'b'].map((name) => ({ ...change, name })),
        }),
      }),
      createStepStarted({ step: 2 }),
      createStepFinished({ step: 2, outcome, status: 'finalized' }),
    ]);
    await list();
    const section = { kind: 'section', sessionId } as const;
    assert.deepStrictEqual(await list({ ...section, section: 'variables' }), [
      `${sessionId}/variable/b`,
    ]);
    assert.deepStrictEqual(await list({ ...section, section: 'steps' }), [
      `${sessionId}/step/2`,
      `${sessionId}/step/1`,
    ]);
  });

  it('shows a page of a long group, and more when asked', async () => {
    for (let count = 0; count < 5_000; count += 1) {
      add();
    }
    await list();
    while (!index.isComplete) {
      await settle();
    }
    assert.equal(tree.countOf('finalized'), 5_000);
    assert.equal((await list(finalized)).length, groupPage + 1);
    tree.showMore('finalized');
    assert.equal((await list(finalized)).length, 2 * groupPage + 1);
    assert.equal(tree.hiddenIn('finalized'), 5_000 - 2 * groupPage);
  });
});
