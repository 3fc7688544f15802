# What is shown of places in a text: a line for each, with what stands around it; or whole lines with their numbers.
import re

import asked
from searchLimits import LIMITS

BREAK = re.compile("\r\n|[\r\n]")
SHOWN_PLACES, SHOWN_MATCH, SHOWN_CHARS = LIMITS["shownPlaces"], LIMITS["shownMatchChars"], LIMITS["shownListChars"]
SHOWN_LINES, LINE_CHARS = LIMITS["shownLines"], LIMITS["shownLineChars"]
ENDS = {10: "\\n", 13: "\\r"}


def excerpt(source, bounds, start, end, chars):
    """The place with up to `chars` characters of its line on each side; `…` stands for what is left out."""
    begin, stop = bounds
    low = max(start - chars, 0 if begin is None else begin)
    cut = min(end, start + SHOWN_MATCH)
    line_end = len(source) if stop is None else max(stop, cut)
    high = min(cut + chars, line_end) if cut == end else cut
    before = "" if low == begin else "…"
    after = "" if high == line_end and (stop is not None or high == len(source)) else "…"
    return before + source[low:high].translate(ENDS) + after


def show_places(places, remark, write):
    """One line a place, as far as the list has room; `places` may be any list, `write` gives a place's line."""
    lines, room = [], SHOWN_CHARS
    for place in places[:SHOWN_PLACES]:
        line = write(place)
        room -= len(line) + 1
        if room < 0 and lines:
            break
        lines.append(line)
    left = len(places) - len(lines)
    if left:
        asked.shown_in_part.add(id(places))
        lines.append(f"… {left} more of this list, from [{len(lines)}]")
    return "\n".join(lines + remark) if lines or remark else "[]"


def number_lines(source, path, start, end, line):
    """Whole lines of a text, each with its number, under a heading that says where they stand."""
    at, number, rows, room = start, line, [], SHOWN_CHARS
    while at < end:
        found = BREAK.search(source, at, end)
        stop, after = (end, end) if found is None else found.span()
        shown = min(stop - at, LINE_CHARS)
        room -= shown
        if len(rows) == SHOWN_LINES or room < 0 and rows:
            break
        rows.append(f"{number}: {source[at:at + shown]}" + ("…" if shown < stop - at else ""))
        at, number = after, number + 1
    if at < end:
        asked.shown_in_part.add(id(rows))
        rows.append("… and more: .text has all")
        number += len(BREAK.findall(source, at, end)) + (source[end - 1] not in "\r\n")
    if start == end:
        return f"{'' if path is None else f'{path}: '}no lines [{start}:{end}]"
    name = "lines " if path is None else f"{path}:"
    return "\n".join([f"{name}{line}-{max(number - 1, line)} [{start}:{end}]", *rows])
