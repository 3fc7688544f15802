# Places in a text with their offsets and lines, so that what was found can be cited. A line ends with \n,
# with \r\n, or with a \r alone.
import asked
import excerpts
from searchLimits import LIMITS
from values import RENDERERS

MAX_LINE, CUT_LINE = LIMITS["maxLineChars"], LIMITS["cutLineChars"]
CONTEXT_CHARS = LIMITS["contextChars"]


class Span:
    """A place in a text: .path .start .end .line .text .line_text .groups .named, and .score of search.

    .line_text is the line on which the place begins. Of a line of more than 100,000 characters it is the
    part around the place: .line_cut is True then, and .whole_line() gives all of it."""

    __slots__ = ("_source", "path", "start", "end", "line", "score", "_kind", "_pattern", "_mark")
    _fields = {"grep": ("path", "start", "end", "line", "text", "line_text"),
               "search": ("path", "start", "end", "line", "text", "score"),
               "chunk": ("path", "start", "end", "line", "text"),
               "lines": ("path", "start", "end", "line", "text")}

    def __init__(self, kind, source, path, start, end, line, score=None, pattern=None, mark=None):
        self._kind = kind
        self._source = source
        self.path = path
        self.start = start
        self.end = end
        self.line = line
        self.score = score
        self._pattern = pattern
        self._mark = mark  # what a search has found within it

    @property
    def text(self):
        return self._source[self.start:self.end]

    @property
    def line_text(self):
        begin, end = line_bounds(self._source, self.start)
        if begin is not None and end is not None:
            return self._source[begin:end]
        asked.note(f"line {self.line} has more than {MAX_LINE:,} characters: .line_text is the part around "
                   "the match, .line_cut is True, .whole_line() gives all of it")
        low, high = self.start - CUT_LINE // 2, self.start + CUT_LINE // 2
        if begin is not None:
            low = max(low, begin)
        if end is not None:
            high = min(high, end)
        before = "" if low == begin else "…"
        return before + self._source[max(low, 0):high] + ("" if high == end else "…")

    @property
    def line_cut(self):
        return None in line_bounds(self._source, self.start)

    def whole_line(self):
        """The line on which the place begins, however long it is."""
        begin, end = line_bounds(self._source, self.start, len(self._source))
        return self._source[begin:end]

    @property
    def groups(self):
        """What the pattern's groups caught, in turn; None for one that took no part."""
        found = self._match()
        return () if found is None else found.groups()

    @property
    def named(self):
        """What its named groups caught, by name."""
        found = self._match()
        return {} if found is None else found.groupdict()

    def _match(self):
        return None if self._pattern is None else self._pattern.match_at(self._source, self.start, self.end)

    def keys(self):
        return [name for name in self._fields[self._kind] if name != "path" or self.path is not None]

    def __getitem__(self, name):
        if isinstance(name, str) and name in Span.__slots__[1:6] + ("text", "line_text", "line_cut", "groups", "named"):
            return getattr(self, name)
        raise KeyError(f"{name!r} is no field of a span (.{' .'.join(self.keys())}); "
                       "its text is .text, and the text around it context[span.start - 100 : span.end + 100]")

    def get(self, name, default=None):
        try:
            value = self[name]
        except KeyError:
            return default
        return default if value is None else value

    def items(self):
        return [(name, self[name]) for name in self.keys()]

    def __iter__(self):
        return iter(self.keys())

    def __eq__(self, other):
        """The same place of the same text, whatever found it."""
        if type(other) is not Span:
            return NotImplemented
        return self._source is other._source and self.start == other.start and self.end == other.end

    def __hash__(self):
        return hash((id(self._source), self.start, self.end))

    def __len__(self):
        return self.end - self.start

    def __bool__(self):
        return True  # an empty match is a match

    def __str__(self):
        return self.text

    def __repr__(self):
        if self._kind == "lines":
            return excerpts.number_lines(self._source, self.path, self.start, self.end, self.line)
        text = self._source[self.start:min(self.end, self.start + 80)]
        shown = repr(text) + ("…" if self.end - self.start > 80 else "")
        parts = [f"path={self.path!r}"] if self.path is not None else []
        parts += [f"start={self.start}", f"end={self.end}", f"line={self.line}", f"text={shown}"]
        if self.score is not None:
            parts.append(f"score={self.score:.3f}")
        return f"Span({', '.join(parts)})"


def show(span):
    """As it shows itself; None where the code has put values of its own into it."""
    numbers = span.start, span.end, span.line
    own = all(type(one) is int for one in numbers) and type(span.path) in TEXT_OR_NONE
    return Span.__repr__(span) if own and type(span.score) in NUMBER_OR_NONE else None


TEXT_OR_NONE, NUMBER_OR_NONE = (str, type(None)), (int, float, type(None))
RENDERERS[id(Span)] = show


class Spans(list):
    """A list of spans, shown as `line:start: …text…`, with the path before where there is one.

    .truncated: there are more than it holds; .total: how many, None where not counted."""

    truncated = False
    total = None
    context_chars = CONTEXT_CHARS

    def __repr__(self):
        return excerpts.show_places(self, self.remark(), self.write)

    def write(self, span):
        if type(span) is not Span:
            return repr(span)
        name = "" if span.path is None else f"{span.path}:"
        if span._kind == "chunk" or span._kind == "lines":
            place, start, end, chars = f"{span.line}:{span.start}-{span.end}", span.start, span.start, self.context_chars
            return f"{name}{place}: {excerpts.excerpt(span._source, (start, span.end), start, end, 2 * chars)}"
        if span._kind == "search":
            start, end = (span.start, span.start) if span._mark is None else span._mark
            shown = excerpts.excerpt(span._source, (span.start, span.end), start, end, 2 * self.context_chars)
            return f"{name}{span.line}:{span.start}: ({span.score:.2f}) {shown}"
        bounds = line_bounds(span._source, span.start)
        return f"{name}{span.line}:{span.start}: " + excerpts.excerpt(
            span._source, bounds, span.start, span.end, self.context_chars)

    def __getitem__(self, key):
        found = list.__getitem__(self, key)
        if type(key) is not slice:
            return found
        part = Spans(found)
        part.context_chars = self.context_chars
        return part

    def remark(self):
        if not self.truncated:
            return []
        total = "; there are more" if self.total is None else f" of {self.total}"
        return [f"(the first {len(self)}{total})"]


def line_bounds(source, at, reach=MAX_LINE):
    """(begin, end) of the line that `at` is on, without its break; None for one out of reach.

    A line that is longer than the reach lacks one of them at least."""
    low = max(at - reach, 0)
    begin = source.rfind("\n", low, at) + 1
    returned = source.rfind("\r", max(begin, low), at)
    if returned >= 0 and returned == at - 1 and source.startswith("\n", at):
        returned = source.rfind("\r", max(begin, low), returned)
    begin = max(begin, returned + 1)
    if begin == 0 and low > 0:
        begin = None
    first = low if begin is None else begin
    limit = len(source) if begin is None else min(begin + reach, len(source))
    limit = min(limit, at + reach)
    end = source.find("\n", first, limit + 1)
    returned = source.find("\r", first, limit + 1 if end < 0 else end)
    if returned >= 0:
        end = returned
    if end < 0:
        end = len(source) if limit == len(source) else None
    return begin, end


def count_breaks(source, start, end):
    """Line breaks that end after `start` and at or before `end`, where `start` is such an `end` too."""
    count = source.count("\n", start, end)
    returns = source.count("\r", start, end)
    return count + returns - source.count("\r\n", start, end + 1) if returns else count


def last_break(source, start, end):
    """Where the last line break ends that begins at `start` or later and ends by `end`; 0: none."""
    found = source.rfind("\n", start, end) + 1
    returned = source.rfind("\r", max(found, start), end)
    if returned >= 0 and returned == end - 1 and source.startswith("\n", end):
        returned = source.rfind("\r", max(found, start), returned)
    return max(found, returned + 1)


BLOCK = 65_536


def line_start(source, number):
    """Where a line begins, by its number from 1; None where there are fewer lines."""
    if number == 1 and source:
        return 0
    at, line = 0, 1
    while at < len(source):
        after = min(at + BLOCK, len(source))
        breaks = count_breaks(source, at, after)
        if line + breaks >= number:
            for found in excerpts.BREAK.finditer(source, at):
                line += 1
                if line == number:
                    return found.end() if found.end() < len(source) else None
        line += breaks
        at = after
    return None


def count_lines(source):
    open_line = 1 if source and source[-1] not in "\r\n" else 0
    return count_breaks(source, 0, len(source)) + open_line
