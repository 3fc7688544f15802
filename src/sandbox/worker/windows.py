# lines, head, tail, around and top: what stands where, and what is there most often.
import asked
from asked import EVERY, LOADED
from sources import find_sources, names_path
from spans import Span, Spans, count_lines, line_start


def offered():
    return {"lines": lines, "head": head, "tail": tail, "around": around, "top": top}


def one_source(helper, first, text, path):
    pairs = find_sources(helper, text, path).pairs
    if len(pairs) == 1:
        return pairs[0]
    names = ", ".join(repr(name) for name, _ in pairs[:5])
    raise TypeError(f"there are {len(pairs):,} texts, and {helper} looks at one: {helper}({first}, path=…) "
                    f"with one of {names}{', …' if len(pairs) > 5 else ''}")


def options(helper, source, text, path, other):
    """(text, path), where one of them may have been given without its name."""
    text, path = asked.options(helper, {"text": text, "path": path}, other)
    if source is LOADED:
        return text, path
    if text is not LOADED or path is not EVERY:
        raise TypeError(f"{helper} was given {asked.shown(source)} and a text or path by name: give one of them")
    return (text, source) if names_path(source) else (source, path)


def cut_lines(source, path, first, last):
    start = line_start(source, first)
    end = line_start(source, last + 1)
    if start is None:
        return Span("lines", source, path, len(source), len(source), first)
    return Span("lines", source, path, start, len(source) if end is None else end, first)


def lines(first, last=None, source=LOADED, *, text=LOADED, path=EVERY, **other):
    text, path = options("lines", source, text, path, other)
    first = asked.line_number("the first line", first)
    last = first if last is None else asked.line_number("the last line", last)
    name, source = one_source("lines", f"{first}, {last}", text, path)
    if first < 0 or last < 0:
        count = count_lines(source)
        first, last = (max(one + count + 1, 1) if one < 0 else one for one in (first, last))
    if last < first:
        raise ValueError(f"the last line, {last}, comes before the first, {first}")
    if line_start(source, first) is None:
        raise ValueError(f"there is no line {first:,}: the text has {count_lines(source):,} lines")
    return cut_lines(source, name, first, last)


def head(count=10, source=LOADED, *, text=LOADED, path=EVERY, **other):
    if isinstance(count, str) and source is LOADED and not count.isdecimal():
        count, source = 10, count
    text, path = options("head", source, text, path, other)
    count = asked.whole("the number of lines", count, 1)
    name, source = one_source("head", count, text, path)
    return cut_lines(source, name, 1, count)


def tail(count=10, source=LOADED, *, text=LOADED, path=EVERY, **other):
    if isinstance(count, str) and source is LOADED and not count.isdecimal():
        count, source = 10, count
    text, path = options("tail", source, text, path, other)
    count = asked.whole("the number of lines", count, 1)
    name, source = one_source("tail", count, text, path)
    total = count_lines(source)
    return cut_lines(source, name, max(total - count + 1, 1), max(total, 1))


def around(span, lines=3):
    if type(span) is not Span:
        advice = "give one of them, as in around(found[0])" if isinstance(span, Spans) else "such as grep(…)[0]"
        raise TypeError(f"around takes a span, not {asked.shown(span)}: {advice}")
    lines = asked.whole("the number of lines", lines, 0)
    inner = span.text
    last = span.line + max(count_lines(inner) - 1, 0)
    return cut_lines(span._source, span.path, max(span.line - lines, 1), last + lines)


def top(values, count=10):
    from collections import Counter

    count = asked.whole("the number of values", count, 0)
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"top takes a list of values or a mapping of value to number, not {asked.shown(values)}")
    if not hasattr(values, "items") or isinstance(values, Span):
        values = Counter(value.text if type(value) is Span else value for value in values)
    return Counter(values).most_common(count)
