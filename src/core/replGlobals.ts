// One line of help for every name that the REPL offers, per language: what callers are told, and `help` prints.

import type { Language } from './sandbox';
import { searchLimits } from './searchLimits';

type Help = Readonly<Record<string, string>>;

const {
  defaultMatches: matches,
  defaultHits: hits,
  maxHits,
  maxTerms,
  defaultWindowChars: windowChars,
  defaultChunkChars: chunkChars,
  contextChars,
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
    grep: `grep(pattern, *, ignore_case, max_matches=${matches}, context_chars=${contextChars}, path, text): regular expression, line by line → spans, shown as path:line:offset: …text…; each has .start .end .line .text .line_text .path .groups .named; max_matches=None: all; .truncated: there are more.`,
    count:
      'count(pattern, *, ignore_case, path, text): how many matches in all; a mapping with by="path" (every path, 0 too), or by=1 or by="name" (what a group caught).',
    search: `search(query, limit=${hits}, *, window_chars=${windowChars}, path, text): best passages by BM25, other forms of English words too → spans with .score; limit up to ${maxHits}, up to ${maxTerms} words.`,
    chunk: `chunk(size=${chunkChars}, overlap=0, path, text, by="lines"): the text cut into spans at line ends (by="chars": anywhere).`,
    lines: 'lines(first, last, path): these lines as a span, shown with numbers; -1 is the last.',
    head: 'head(n=10, path): the first lines, as lines gives them.',
    tail: 'tail(n=10, path): the last lines.',
    around: 'around(span, n=3): the lines around a span.',
    top: 'top(values, n=10): the most frequent values, or of a mapping the largest, with their numbers.',
    help: 'help(grep): what a function here does.',
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
    grep: `grep(pattern, { ignoreCase, maxMatches: ${matches}, contextChars: ${contextChars}, path, text }): regular expression, line by line → spans, shown as path:line:offset: …text…; each has .start .end .line .text .lineText .path .groups .named; maxMatches: null: all; .truncated: there are more. Two spans are the same place when their .path, .start and .end are.`,
    count:
      "count(pattern, { ignoreCase, path, text }): how many matches in all; a mapping with by: 'path' (every path, 0 too), or by: 1 or by: 'name' (what a group caught).",
    search: `search(query, { limit: ${hits}, windowChars: ${windowChars}, path, text }): best passages by BM25, other forms of English words too → spans with .score; limit up to ${maxHits}, up to ${maxTerms} words.`,
    chunk: `chunk({ size: ${chunkChars}, overlap: 0, path, text, by: 'lines' }): the text cut into spans at line ends (by: 'chars': anywhere).`,
    lines: 'lines(first, last, path): these lines as a span, shown with numbers; -1 is the last.',
    head: 'head(n = 10, path): the first lines, as lines gives them.',
    tail: 'tail(n = 10, path): the last lines.',
    around: 'around(span, n = 3): the lines around a span.',
    top: 'top(values, n = 10): the most frequent values, or of a mapping the largest, with their numbers.',
    help: 'help(grep): what a function here does.',
    readFile: 'readFile(path): the text of a file of the session (/work, /tmp); UTF-8 only.',
    readBytes: 'readBytes(path): its bytes, a Uint8Array.',
    writeFile:
      'writeFile(path, content): a text or a Uint8Array, in the place of what is there; up to 64 MB, 128 MB in all.',
    listFiles: 'listFiles(path): what a folder holds, as { path, kind, bytes }.',
    sleep: 'sleep(milliseconds): counts as run time.',
  },
};

/** Name → help. */
export function listReplGlobals(language: Language): Help {
  return helpByLanguage[language];
}
