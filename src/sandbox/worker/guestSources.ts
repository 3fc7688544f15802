// The guest's own JavaScript, the same on QuickJS and on Node, but for the parts that know the engine.

import answers from './guest/answers.guest.txt';
import asked from './guest/asked.guest.txt';
import beside from './guest/beside.guest.txt';
import excerpts from './guest/excerpts.guest.txt';
import grep from './guest/grep.guest.txt';
import inspect from './guest/inspect.guest.txt';
import json from './guest/json.guest.txt';
import kinds from './guest/kinds.guest.txt';
import linePattern from './guest/linePattern.guest.txt';
import marks from './guest/marks.guest.txt';
import primordials from './guest/primordials.guest.txt';
import repl from './guest/repl.guest.txt';
import restore from './guest/restore.guest.txt';
import search from './guest/search.guest.txt';
import sourceTexts from './guest/sources.guest.txt';
import spans from './guest/spans.guest.txt';
import unseen from './guest/unseen.guest.txt';
import variables from './guest/variables.guest.txt';
import windows from './guest/windows.guest.txt';

/** Sources of the parts that differ by engine. */
export interface EngineSources {
  readonly engine: string;
  readonly regExp: string;
  readonly declared: string;
  /** None where the engine has an Intl of its own. */
  readonly locales: readonly string[];
}

/** Parts of one function body, in the order in which they run. */
export function joinGuestSources(of: EngineSources): string {
  return [
    ...[primordials, of.engine, of.regExp, marks, kinds, inspect, beside, json, unseen, variables],
    ...[of.declared, answers, sourceTexts, excerpts, spans, asked, linePattern, grep, search],
    ...[windows, ...of.locales, restore, repl],
  ].join('\n');
}
