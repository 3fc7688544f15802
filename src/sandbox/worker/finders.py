# grep, count, search and chunk. Over a loaded context the host's V8 does the looking where the pattern
# means the same there; elsewhere Python's own engine does.
import itertools

import asked
import contents
import jsPattern
import linePattern
import windows
from asked import EVERY, LOADED
from searchLimits import LIMITS
from sources import bound, find_sources, has_returns, know, name_of, note_letters, watch  # noqa: F401  (know: for boot)
from spans import Span, Spans, count_breaks, last_break

contents.ONCE = frozenset((id(linePattern.LinePattern),))  # every span of a search holds its pattern

HOST_CHARS = 200_000  # below this Python's own engine is faster than the way to the host
PIECE_CHARS = 250_000  # of a text on its way to the host
MATCHES, HITS = LIMITS["defaultMatches"], LIMITS["defaultHits"]
CONTEXT = LIMITS["contextChars"]
WINDOW, CHUNK = LIMITS["defaultWindowChars"], LIMITS["defaultChunkChars"]

PLAIN_NAMES = ("lines", "head", "tail", "around", "top")  # code often has variables of these names
call_host = None


def begin_step():
    asked.begin_step()


def shows_in_part():
    return bool(asked.shown_in_part)


def offered(live_names, host):
    global call_host
    watch(live_names)
    call_host = host
    return {"grep": grep, "count": count, "search": search, "chunk": chunk, **windows.offered()}


def at_host(sources, **details):
    index, source = sources.place or (None, None)
    return {"contextIndex": index, "source": source, "unit": "codepoint", **details}


def give(pairs):
    """Sends texts that only this interpreter has."""
    texts, size = [], 0
    starts, continues = True, False
    for _, text in pairs:
        text = text if text.isascii() else jsPattern.well_formed(text)
        pieces = [text[at:at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS)] or [""]
        for number, piece in enumerate(pieces):
            if texts and (number or size + len(piece) > PIECE_CHARS or len(texts) == 10_000):
                call_host("context.give", {"starts": starts, "continues": continues, "texts": texts})
                texts, size, starts, continues = [], 0, False, number > 0
            texts.append(piece)
            size += len(piece)
    call_host("context.give", {"starts": starts, "continues": continues, "texts": texts})


def from_host(kind, answer, sources, pattern=None):
    one = len(sources.pairs) == 1
    numbers, found = memoryview(answer["bytes"]).cast("I"), answer["count"]
    numbers, starts, ends, lines = (numbers[at * found:(at + 1) * found] for at in range(4))
    path, text = sources.pairs[0]
    pairs = sources.pairs
    spans = Spans(map(
        Span,
        itertools.repeat(kind),
        itertools.repeat(text) if one else map([text for _, text in pairs].__getitem__, numbers),
        itertools.repeat(path) if one else map([path for path, _ in pairs].__getitem__, numbers),
        starts,
        ends,
        lines,
        answer["scores"] or itertools.repeat(None),
        itertools.repeat(pattern),
        map(tuple, answer["marks"]) if answer["marks"] else itertools.repeat(None),
    ))
    spans.truncated, spans.total = answer["truncated"], answer["total"]
    if answer["note"]:
        asked.note(answer["note"])
    return spans


def refuse_swapped(helper, pattern, text):
    """grep(text, pattern): a pattern that stands in the context as it is, and is longer than the text."""
    if not (isinstance(pattern, str) and isinstance(text, str) and 0 < len(text) <= 40 <= len(pattern)):
        return
    if "\n" not in text and text in pattern and stands_in_context(pattern):
        raise TypeError(f"the first argument of {helper} is the pattern, and this one is a part of the context: "
                        f"write {helper}({asked.shown(text)}) or {helper}({asked.shown(text)}, text=…)")


def stands_in_context(text, known={}):
    """Kept by text: a helper may be called again and again with it."""
    if text not in known:
        if len(known) >= 100:
            known.clear()
        known[text] = any(text in one for one in bound.get("context", ((),) * 4)[3])
    return known[text]


def prepare(helper, pattern, text, ignore_case, path):
    refuse_swapped(helper, pattern, text)
    pattern = linePattern.read(pattern, asked.flag("ignore_case", ignore_case))
    sources = find_sources(helper, text, path)
    pattern.warn(any(has_returns(source) for _, source in sources.pairs))
    return pattern, sources


def ask_host(name, pattern, sources, **details):
    """The host's answer; None where Python's own engine must look."""
    if sources.place is None or sources.chars <= HOST_CHARS:
        return None
    ascii_only = all(source.isascii() for _, source in sources.pairs)
    tree = pattern.tree(any(has_returns(source) for _, source in sources.pairs))
    wanted = details.get("group")
    translated = jsPattern.translate(tree, pattern.plain.flags, ascii_only, wanted)
    if translated is None or len(translated[0]) > LIMITS["maxPatternChars"]:
        return None
    try:
        if wanted:
            details["group"] = 1
        return call_host(name, at_host(sources, pattern=translated[0], flags=translated[1], **details))
    except RuntimeError as error:
        if getattr(error, "code", None) == "INVALID_INPUT":
            return None  # too large a pattern for that engine
        raise


def grep(pattern, text=LOADED, *, ignore_case=False, max_matches=MATCHES, context_chars=CONTEXT, path=EVERY, **other):
    text, ignore_case, max_matches, context_chars, path = asked.options("grep", {
        "text": text, "ignore_case": ignore_case, "max_matches": max_matches, "context_chars": context_chars,
        "path": path}, other)
    chars = asked.whole("context_chars", context_chars, 0, LIMITS["maxContextChars"])
    most = asked.whole("max_matches", max_matches, 0, none=True)
    pattern, sources = prepare("grep", pattern, text, ignore_case, path)
    answer = ask_host("context.grep", pattern, sources, maxMatches=most)
    spans = grep_here(pattern, sources, most) if answer is None else from_host("grep", answer, sources, pattern)
    spans.context_chars = chars
    note_letters("grep", pattern.given, text, spans or spans.truncated)
    if spans.truncated and most == MATCHES:
        total = "there are more" if spans.total is None else f"there are {spans.total:,}"
        asked.note(f"grep gave its first {most} matches, and {total}: count(pattern) counts them, "
                   "max_matches=None gives all")
    return spans


def grep_here(pattern, sources, most):
    spans = Spans()
    beyond = searched = 0
    for path, source in sources.pairs:
        line, counted = 1, 0
        searched += len(source)
        for match in pattern.matches(source, has_returns(source)):
            if most is not None and len(spans) >= most:
                beyond += 1
                if searched > LIMITS["countedChars"]:
                    break
                continue
            start = match.start()
            line += count_breaks(source, counted, start)
            counted = start
            spans.append(Span("grep", source, path, start, match.end(), line, None, pattern))
        if beyond and searched > LIMITS["countedChars"]:
            spans.truncated = True
            return spans
    spans.truncated, spans.total = beyond > 0, len(spans) + beyond
    return spans


def count(pattern, text=LOADED, *, ignore_case=False, path=EVERY, by=None, **other):
    """How many matches grep(pattern) has in all; by="path": a dict of path to number."""
    text, ignore_case, path, by = asked.options("count", {
        "text": text, "ignore_case": ignore_case, "path": path, "by": by}, other)
    pattern, sources = prepare("count", pattern, text, ignore_case, path)
    group = None if by is None or by == "path" else pattern.group_number(by)
    answer = ask_host("context.count", pattern, sources, group=group)
    if group is not None:
        values = count_here(pattern, sources, group) if answer is None else answer["values"]
        note_letters("count", pattern.given, text, values)
        return dict(values)
    if answer is not None:
        counts = answer["counts"]
    else:
        counts = [sum(1 for _ in pattern.matches(source, has_returns(source))) for _, source in sources.pairs]
    note_letters("count", pattern.given, text, sum(counts))
    if by is None:
        return sum(counts)
    return {name_of(source) if path is None else path: number for (path, source), number in zip(sources.pairs, counts)}


def count_here(pattern, sources, group):
    """[(what a group caught, how often)], most frequent first."""
    counts = {}
    for _, source in sources.pairs:
        for match in pattern.matches(source, has_returns(source)):
            value = match[group]
            if value is not None:
                counts[value] = counts.get(value, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


def search(query, limit=HITS, *, window_chars=WINDOW, text=LOADED, path=EVERY, **other):
    """Rank passages (windows of whole lines) by BM25; returns spans with .score, best first.

    At most limit of them (10, up to 1,000)."""
    if isinstance(limit, (str, dict)) and text is LOADED and not str(limit)[:12].isdecimal():
        limit, text = HITS, limit
    limit, window_chars, text, path = asked.options("search", {
        "limit": limit, "window_chars": window_chars, "text": text, "path": path}, other)
    limit = asked.whole("limit", limit, 0, LIMITS["maxHits"])
    window = asked.whole("window_chars", window_chars, LIMITS["minWindowChars"], LIMITS["maxWindowChars"])
    query = asked.query_text(query)
    sources = find_sources("search", text, path)
    if not sources.pairs:
        return Spans()
    if sources.place is None:
        give(sources.pairs)
    answer = call_host("context.search", at_host(
        sources, query=query, maxHits=limit, windowChars=window))
    spans = from_host("search", answer, sources)
    note_letters("search", query, text, spans)
    return spans


def chunk(size=CHUNK, overlap=0, text=LOADED, path=EVERY, by="lines", **other):
    """Cut into spans of at most `size` characters, at line ends where possible (by="chars": anywhere)."""
    if not isinstance(size, (int, float)) and size is not None and not str(size)[:12].isdecimal():
        given = [value for value in (overlap, text) if isinstance(value, (int, float))]
        size, overlap, text = (*given, *(CHUNK, 0)[len(given):], size) if overlap else (CHUNK, 0, size)
    size, overlap, text, path, by = asked.options("chunk", {
        "size": size, "overlap": overlap, "text": text, "path": path, "by": by}, other)
    size = asked.whole("size", size, 1, LIMITS["maxChunkChars"])
    overlap = asked.whole("overlap", overlap, 0, size - 1)
    asked.choice("by", by, ("lines", "chars"))
    spans = Spans()
    for name, source in find_sources("chunk", text, path).pairs:
        start, line, total = 0, 1, len(source)
        while start < total:
            end = min(start + size, total)
            if by == "lines" and end < total:
                cut = last_break(source, start + overlap, end)
                end = cut if cut > start + overlap else end
            spans.append(Span("chunk", source, name, start, end, line))
            if end == total:
                break
            line += count_breaks(source, start, end - overlap)
            start = end - overlap
    spans.total = len(spans)
    return spans
