// Whether the engine is laid out as its readers expect: each is tried on values whose answers are known.

import type { QuickJs } from './quickJs';

/** One of each kind that is hashed in memory, and what that comes to when it is read rightly. */
const layoutProbe = `[1.5, 'a\u0100', 2n, 2n ** 70n, { b: [Symbol('c')] }, new Map([[/d/g, new Set([null])]]),
  new Float32Array(9), new DataView(new ArrayBuffer(9), 1), new Proxy([true], {}), new Date(7), () => 0,
  Promise.resolve('e'), (() => 0).bind(4, [5])]`;
const layoutProbeHash = 920_228_081;

/** @throws Error when promises, strings and values cannot be told, as it would be if the engine's layout changed. */
export function checkEngine(engine: QuickJs): void {
  const probe = engine.evaluate('Promise.reject(1); new Promise(() => {}); 0', '<probe>');
  const rejections = engine.promises.takeRejections();
  if (
    !probe.ok ||
    !rejections?.reason ||
    rejections.count !== 1 ||
    !engine.polls.isFound ||
    engine.promises.takePending() !== 1
  ) {
    throw new Error('The engine lays out its runtime in another way than expected.');
  }
  engine.free(probe.value);
  engine.free(rejections.reason);
  const text = engine.createString('a\u0100');
  if (engine.strings.read(text, 2) !== 'a\u0100') {
    throw new Error('The engine lays out strings in another way than expected.');
  }
  engine.free(text);
  const lexicals = engine.getLexicals();
  const declared = engine.evaluate('const probe = 1', '<probe>');
  const held = engine.getProperty(lexicals, 'probe');
  const remove = engine.evaluate('(held) => delete held.probe', '<probe>');
  const removed = remove.ok && engine.call(remove.value, lexicals);
  if (!declared.ok || engine.readString(held) !== '1' || !removed || !removed.ok) {
    throw new Error('The engine lays out its context in another way than expected.');
  }
  [lexicals, declared.value, held, remove.value, removed.value].forEach((value) => {
    engine.free(value);
  });
  const pattern = engine.evaluate('/^[[ab]--b]$/v.test("a") && !/[[ab]--b]/v.test("b")', '<probe>');
  if (!pattern.ok || engine.readString(pattern.value) !== 'true') {
    throw new Error('The engine compiles patterns in another way than expected.');
  }
  engine.free(pattern.value);
  const values = engine.evaluate(layoutProbe, '<probe>');
  if (!values.ok || engine.hashes.look(values.value)?.content !== layoutProbeHash) {
    throw new Error('The engine lays out values in another way than expected.');
  }
  engine.free(values.value);
}
