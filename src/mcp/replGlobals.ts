// One line of help for every name that the REPL offers, per language.

import type { Language } from '../core/sandbox';
import { searchLimits } from '../core/searchLimits';

type Help = Readonly<Record<string, string>>;

const {
  defaultMatches: matches,
  defaultHits: hits,
  maxHits,
  maxTerms,
  defaultWindowChars: windowChars,
  defaultChunkChars: chunkChars,
} = searchLimits;

const shared: Help = {
  context: 'The text: a string for one, a mapping path → text for several. Never print it whole.',
  budget: 'budget(): what the limits leave.',
  FINAL: 'FINAL(answer): hands in the answer.',
  FINAL_VAR: 'FINAL_VAR("name"): hands in the value of a variable.',
  SHOW_VARS:
    'SHOW_VARS(): your variables. One with the name of a function here hides it until it is deleted.',
};

const helpByLanguage: Readonly<Record<Language, Help>> = {
  python: {
    ...shared,
    SUBMIT: 'SUBMIT(answer=…): hands in named fields.',
    llm_query: 'llm_query(prompt, model=None): asks a sub-model; returns text.',
    llm_query_batched:
      'llm_query_batched(prompts, model=None): at once; answers in order, None for what failed.',
    rlm_query: 'rlm_query(prompt, context): a child session over a context of its own.',
    rlm_query_batched: 'rlm_query_batched(prompts, contexts): several at once; answers in order.',
    print: 'print(…): at most max_output_chars a step are returned.',
    grep: `grep(pattern, text, *, ignore_case, max_matches=${matches}, path): regular expression, line by line → spans with .start .end .line .text .line_text .path; max_matches=None: all; .truncated: there are more.`,
    count:
      'count(pattern, text, *, ignore_case, path): how many matches in all; by="path": for each path.',
    search: `search(query, limit=${hits}, *, window_chars=${windowChars}, text, path): best passages by BM25 → spans with .score; limit up to ${maxHits}, up to ${maxTerms} words.`,
    chunk: `chunk(size=${chunkChars}, overlap=0, text, path, by="lines"): the text cut into spans at line ends (by="chars": anywhere).`,
    'time.sleep': 'time.sleep(seconds): counts as run time.',
  },
  javascript: {
    ...shared,
    SUBMIT:
      'SUBMIT({ answer: … }): hands in an answer; with other fields beside it, the whole object.',
    llm_query: 'llm_query(prompt, model): asks a sub-model; returns text.',
    llm_query_batched:
      'llm_query_batched(prompts, model): at once; answers in order, null for what failed.',
    rlm_query: 'rlm_query(prompt, context): a child session over a context of its own.',
    rlm_query_batched: 'rlm_query_batched(prompts, contexts): several at once; answers in order.',
    print: 'print(…): at most max_output_chars a step are returned.',
    grep: `grep(pattern, { ignoreCase, maxMatches: ${matches}, text, path }): regular expression, line by line → spans with .start .end .line .text .lineText .path; maxMatches: null: all; .truncated: there are more. Two spans are the same place when their .path, .start and .end are.`,
    count:
      "count(pattern, { ignoreCase, text, path }): how many matches in all; by: 'path': for each path.",
    search: `search(query, { limit: ${hits}, windowChars: ${windowChars}, text, path }): best passages by BM25 → spans with .score; limit up to ${maxHits}, up to ${maxTerms} words.`,
    chunk: `chunk({ size: ${chunkChars}, overlap: 0, text, path, by: 'lines' }): the text cut into spans at line ends (by: 'chars': anywhere).`,
    sleep: 'sleep(milliseconds): counts as run time.',
  },
};

export function listReplGlobals(language: Language): Help {
  return helpByLanguage[language];
}

/** For who has been told before: only the first argument of each function. */
export function listShortGlobals(language: Language): Help {
  const toCall = (help: string): string => {
    const [, first, rest = ''] = /^[\w.]+\(([^,)]*)(,?)/u.exec(help) ?? [];
    return first === undefined ? '' : `(${first}${rest === '' ? '' : ', …'})`;
  };
  return Object.fromEntries(
    Object.entries(helpByLanguage[language]).map(([name, help]) => [name, toCall(help)]),
  );
}
