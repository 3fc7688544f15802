# grep, search and chunk: places in a text with their offsets and lines, so that what was found can
# be cited. Over a loaded context the host's V8 does the looking where the pattern means the same
# there; everything else is done here.
import bisect
import heapq
import itertools
import math
import re

import jsPattern

HOST_CHARS = 200_000  # below this Python's own engine is faster than the way to the host
LINE_CHARS = 500

loaded = {}  # id(text) -> (context index, source index)
contexts = {}  # context index -> (paths, texts)
names = {}
call_host = None


class Span:
    """A place in a text: .path .start .end .line .text (and .line_text, .score where they apply)."""

    __slots__ = ("_source", "path", "start", "end", "line", "score", "_line_start")
    _fields = ("path", "start", "end", "line", "text", "line_text", "score")

    def __init__(self, source, path, start, end, line, line_start=None, score=None):
        self._source = source
        self.path = path
        self.start = start
        self.end = end
        self.line = line
        self._line_start = line_start
        self.score = score

    @property
    def text(self):
        return self._source[self.start:self.end]

    @property
    def line_text(self):
        begin = self._line_start
        if begin is None:
            return None
        limit = begin + LINE_CHARS
        end = self._source.find("\n", begin, limit)
        return self._source[begin:limit if end < 0 else end]

    def keys(self):
        return [name for name in self._fields if getattr(self, name) is not None]

    def __getitem__(self, name):
        if name in self._fields:
            return getattr(self, name)
        raise KeyError(name)

    def get(self, name, default=None):
        value = getattr(self, name) if name in self._fields else None
        return default if value is None else value

    def items(self):
        return [(name, self[name]) for name in self.keys()]

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return self.end - self.start

    def __str__(self):
        return self.text

    def __repr__(self):
        text = self._source[self.start:min(self.end, self.start + 80)]
        shown = repr(text) + ("…" if self.end - self.start > 80 else "")
        parts = [f"path={self.path!r}"] if self.path is not None else []
        parts += [f"start={self.start}", f"end={self.end}", f"line={self.line}", f"text={shown}"]
        if self.score is not None:
            parts.append(f"score={self.score:.3f}")
        return f"Span({', '.join(parts)})"


class Spans(list):
    """A list of spans; `.truncated` says that there were more."""

    truncated = False


def know(index, paths, texts):
    contexts[index] = (paths, texts)
    for number, text in enumerate(texts):
        loaded[id(text)] = (index, number)


def offered(live_names, host):
    global names, call_host
    names, call_host = live_names, host
    return {"grep": grep, "search": search, "chunk": chunk}


def sources(text, path):
    """[(path or None, text)] of what to look through, and where it is loaded, if it is."""
    value = names.get("context", "") if text is None else text
    if isinstance(value, str):
        return [(None, value)], loaded.get(id(value)), 1
    if not hasattr(value, "items"):
        raise TypeError("text must be a string or a mapping of names to strings")
    pairs = list(value.items())
    place = whole_context(value, pairs)
    if path is not None:
        if path not in value:
            near = ", ".join(repr(name) for name, _ in pairs if path in name) or "none"
            raise KeyError(f"{path!r} is not in the context; paths that contain it: {near[:500]}")
        place = loaded.get(id(value[path]))
        pairs = [(path, value[path])]
    return pairs, place, len(pairs)


def whole_context(value, pairs):
    """The context index when `value` is still exactly as it was loaded."""
    first = loaded.get(id(pairs[0][1])) if pairs else None
    if first is None:
        return None
    paths, texts = contexts[first[0]]
    same = len(pairs) == len(texts) and all(
        pair[1] is text for pair, text in zip(pairs, texts))
    return (first[0], None) if same and [name for name, _ in pairs] == paths else None


def from_host(answer, pairs, place):
    index, one = place
    paths, texts = contexts[index]
    numbers, count = memoryview(answer["bytes"]).cast("I"), max(answer["count"], 1)
    columns = [numbers[at:at + count] for at in range(0, len(numbers), count)]
    source_numbers, starts, ends, lines, *line_starts = columns or [()] * 4
    spans = Spans(map(
        Span,
        map(texts.__getitem__, source_numbers),
        itertools.repeat(pairs[0][0]) if one is not None else map(paths.__getitem__, source_numbers),
        starts,
        ends,
        lines,
        line_starts[0] if line_starts else itertools.repeat(None),
        answer["scores"] or itertools.repeat(None),
    ))
    spans.truncated = answer["truncated"]
    return spans


def grep(pattern, text=None, *, ignore_case=False, max_matches=100, path=None):
    """Find a regular expression; returns spans with .start .end .line .text .line_text (.path)."""
    flags = re.IGNORECASE if ignore_case else 0
    compiled = re.compile(pattern, flags | re.MULTILINE) if isinstance(pattern, str) else pattern
    pairs, place, _ = sources(text, path)
    if place is not None and sum(len(source) for _, source in pairs) > HOST_CHARS:
        ascii_only = all(source.isascii() for _, source in pairs)
        translated = jsPattern.translate(compiled, ascii_only)
        if translated is not None:
            answer = call_host("context.grep", {
                "contextIndex": place[0], "source": place[1], "pattern": translated[0],
                "flags": translated[1], "maxMatches": max_matches, "unit": "codepoint"})
            return from_host(answer, pairs, place)
    return grep_here(compiled, pairs, max_matches)


def grep_here(compiled, pairs, max_matches):
    spans = Spans()
    for path, source in pairs:
        line, counted = 1, 0
        for match in compiled.finditer(source):
            if len(spans) >= max_matches:
                spans.truncated = True
                return spans
            start = match.start()
            line += source.count("\n", counted, start)
            counted = start
            line_start = source.rfind("\n", 0, start) + 1
            spans.append(Span(source, path, start, match.end(), line, line_start))
    return spans


def chunk(size=100_000, overlap=0, text=None, path=None, by="lines"):
    """Cut into spans of at most `size` characters, at line ends where possible (by="lines")."""
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("size must be positive and overlap smaller than size")
    pairs, _, _ = sources(text, path)
    spans = Spans()
    for name, source in pairs:
        start, line, total = 0, 1, len(source)
        while start < total:
            end = min(start + size, total)
            if by == "lines" and end < total:
                cut = source.rfind("\n", start + overlap, end) + 1
                end = cut if cut > start + overlap else end
            spans.append(Span(source, name, start, end, line))
            if end == total:
                break
            line += source.count("\n", start, end - overlap)
            start = end - overlap
    return spans


def search(query, limit=10, *, window_chars=1000, text=None, path=None):
    """Rank windows of whole lines by BM25; returns spans with .score, best first."""
    pairs, place, _ = sources(text, path)
    if place is not None:
        answer = call_host("context.search", {
            "contextIndex": place[0], "source": place[1], "query": query, "maxHits": limit,
            "windowChars": window_chars, "unit": "codepoint"})
        return from_host(answer, pairs, place)
    return search_here(query, limit, window_chars, pairs)


def search_here(query, limit, window_chars, pairs):
    terms = list(dict.fromkeys(word.lower() for word in re.findall(r"\w+", query)))
    spans = Spans()
    if not terms:
        return spans
    alternatives = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    words = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)
    windows, counts, total_chars, total_windows = [], [], 0, 0
    for path, source in pairs:
        bounds = cut_windows(source, window_chars)
        starts = [start for start, _, _ in bounds]
        total_windows += len(bounds)
        total_chars += len(source)
        hits = {}
        for match in words.finditer(source):
            number = bisect.bisect_right(starts, match.start()) - 1
            found = hits.setdefault(number, {})
            word = match.group().lower()
            found[word] = found.get(word, 0) + 1
        for number, found in hits.items():
            windows.append((path, source, *bounds[number]))
            counts.append(found)
    scores = bm25(terms, counts, windows, total_windows, total_chars)
    best = heapq.nsmallest(limit, range(len(windows)), key=lambda at: (-scores[at], at))
    for at in best:
        path, source, start, end, line = windows[at]
        spans.append(Span(source, path, start, end, line, None, scores[at]))
    spans.truncated = len(windows) > len(best)
    return spans


def cut_windows(source, window_chars):
    """[(start, end, line)]: whole lines packed up to the size; a longer line is cut."""
    bounds, start, line, total = [], 0, 1, len(source)
    while start < total:
        end = min(start + window_chars, total)
        if end < total:
            cut = source.rfind("\n", start, end) + 1
            end = cut if cut > start else end
        bounds.append((start, end, line))
        line += source.count("\n", start, end)
        start = end
    return bounds


def bm25(terms, counts, windows, total_windows, total_chars):
    """Scores by Okapi BM25, k1 = 1.2 and b = 0.75, length in characters."""
    k1, b = 1.2, 0.75
    mean = total_chars / max(total_windows, 1)
    weights = {}
    for term in terms:
        having = sum(1 for found in counts if term in found)
        weights[term] = math.log(1 + (total_windows - having + 0.5) / (having + 0.5))
    scores = []
    for found, window in zip(counts, windows):
        length = k1 * (1 - b + b * (window[3] - window[2]) / mean)
        scores.append(sum(weights.get(term, 0) * count * (k1 + 1) / (count + length)
                          for term, count in found.items()))
    return scores
