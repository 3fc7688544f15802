// The guest's own Python modules, the same on WebAssembly and on a system's Python, but for the two that
// know where they run.

import { listReplGlobals } from '../../core/replGlobals';
import { searchLimits } from '../../core/searchLimits';
import answers from './answers.py';
import asked from './asked.py';
import boot from './boot.py';
import contents from './contents.py';
import excerpts from './excerpts.py';
import failures from './failures.py';
import finders from './finders.py';
import guard from './guard.py';
import helps from './helps.py';
import jsPattern from './jsPattern.py';
import linePattern from './linePattern.py';
import previews from './previews.py';
import reached from './reached.py';
import sources from './sources.py';
import spans from './spans.py';
import standardValues from './standardValues.py';
import values from './values.py';
import variables from './variables.py';
import windows from './windows.py';

/** Sources of the modules that differ by where the guest runs. */
export interface PlaceModules {
  /** The way to the host. */
  readonly device: string;
  readonly eventLoop: string;
}

/** Name → source, in the order in which they need each other. */
export function createGuestModules({
  device,
  eventLoop,
}: PlaceModules): Readonly<Record<string, string>> {
  return {
    standardValues,
    values,
    guard,
    failures,
    contents,
    reached,
    searchLimits: `LIMITS = ${JSON.stringify(searchLimits)}\n`,
    asked,
    excerpts,
    spans,
    answers,
    variables,
    previews,
    jsPattern,
    linePattern,
    sources,
    windows,
    finders,
    replHelp: `HELP = ${JSON.stringify(listReplGlobals('python'))}\n`,
    helps,
    eventLoop,
    device,
    boot,
  };
}
