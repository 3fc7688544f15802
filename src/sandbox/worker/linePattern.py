# Patterns as the helpers search for them. One that is given as a string is looked for line by line: a line
# ends with \n, \r\n or \r, which `^` and `$` know and `.` does not match. A compiled one means exactly what
# `re` says.
import itertools
import re
from re import _constants as op
from types import SimpleNamespace

import asked
import guard


def silent(name):
    """A module of `re` of our own, which warns of nothing: a pattern for a helper is no code of the step's."""
    def load(wanted, *rest):
        return no_warnings if wanted == "warnings" else __import__(wanted, *rest)
    return guard.private(name, {**__builtins__, "__import__": load})


no_warnings = SimpleNamespace(warn=lambda *_, **__: None)
parser, compiler = silent("re._parser"), silent("re._compiler")
compiler._parser = parser

MULTILINE, DOTALL = re.MULTILINE, re.DOTALL
LINE_START = parser.parse(r"(?:^|(?<=\r)(?!\n))", MULTILINE)
LINE_END = parser.parse(r"(?:(?=\r)|$(?<!\r(?=\n)))", MULTILINE)
NO_BREAK = (op.IN, [(op.NEGATE, None), (op.LITERAL, 10), (op.LITERAL, 13)])
cached = {}  # (pattern, ignore_case) -> LinePattern


class LinePattern:
    """`plain` for texts without \\r, `lined` for those with; `tree(has_returns)` is either as parsed."""

    def __init__(self, plain, from_text):
        self.plain, self.from_text = plain, from_text
        self._lined = None if from_text else plain
        self._least_width = None

    @property
    def given(self):
        return self.plain.pattern

    def compiled(self, has_returns):
        if not has_returns:
            return self.plain
        if self._lined is None:
            self._lined = compiler.compile(self.tree(True), self.plain.flags)
        return self._lined

    def matches(self, source, has_returns):
        """All matches. Those of a text lie on lines: behind the last line break is none, nor in an empty text."""
        found = self.compiled(has_returns).finditer(source)
        if not self.from_text or source and source[-1] not in "\r\n" or self.least_width:
            return found
        return itertools.takewhile(lambda match: match.start() < len(source), found)

    def group_number(self, by):
        """A group's number, by number or name."""
        names = self.plain.groupindex
        if isinstance(by, str) and by in names:
            return names[by]
        if isinstance(by, int) and not isinstance(by, bool) and 0 <= by <= self.plain.groups:
            return by
        known = ", ".join(["0 (the match)", *map(str, range(1, self.plain.groups + 1)), *map(repr, names)])
        raise ValueError(f"by must be 'path' or a group of the pattern, which has {known}; not {asked.shown(by)}")

    def match_at(self, source, start, end):
        """The match that was found from `start` to `end`, with its groups."""
        compiled = self.compiled("\r" in source)
        found = compiled.match(source, start)
        if found is not None and found.end() == end:
            return found
        return next((one for one in compiled.finditer(source, start) if one.span() == (start, end)), None)

    @property
    def least_width(self):
        if self._least_width is None:
            self._least_width = self.tree(False).getwidth()[0]
        return self._least_width

    def tree(self, has_returns):
        tree = parser.parse(self.plain.pattern, self.plain.flags)
        if has_returns and self.from_text:
            know_lines(tree, self.plain.flags)
        return tree

    def warn(self, has_returns):
        """Tells where a compiled pattern finds less than its author is likely to expect."""
        if self.from_text:
            return
        ends = set(find_ends(self.tree(False), self.plain.flags))
        if "text" in ends:
            asked.note("^ and $ of this compiled pattern stand for the ends of the whole text, since it has "
                       "no re.MULTILINE; give the pattern as a string, or with that flag, to look at lines")
        if has_returns and "line" in ends:
            asked.note("the text has line ends with \\r, which $ of a compiled pattern does not know; "
                       "give the pattern as a string")


def read(pattern, ignore_case):
    """The LinePattern of a string or a compiled pattern."""
    if isinstance(pattern, re.Pattern):
        if not isinstance(pattern.pattern, str):
            raise TypeError("the compiled pattern is one of bytes; the context is text: leave the b out")
        flags = pattern.flags | (re.IGNORECASE if ignore_case else 0)
        return LinePattern(pattern if flags == pattern.flags else compiler.compile(pattern.pattern, int(flags)), False)
    if not isinstance(pattern, str):
        kind = "bytes" if isinstance(pattern, (bytes, bytearray)) else asked.shown(pattern)
        raise TypeError(f"pattern must be a string or a compiled pattern, not {kind}: "
                        'grep(r"error \\d+"); of several words make one: grep("|".join(map(re.escape, words)))')
    key = (pattern, ignore_case)
    if key not in cached:
        if len(cached) >= 100:
            cached.clear()
        flags = re.IGNORECASE if ignore_case else 0
        cached[key] = LinePattern(compiler.compile(pattern, int(flags | MULTILINE)), True)
    return cached[key]


def combined(flags, added, dropped):
    return (flags | added) & ~dropped


def subtrees(kind, value, flags):
    """[(tree, flags within it)] of one item of a parsed pattern."""
    if kind is op.SUBPATTERN:
        return [(value[3], combined(flags, value[1], value[2]))]
    if kind is op.BRANCH:
        return [(tree, flags) for tree in value[1]]
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [(value[2], flags)]
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [(value[1], flags)]
    if kind is op.GROUPREF_EXISTS:
        return [(tree, flags) for tree in value[1:] if tree is not None]
    if kind is op.ATOMIC_GROUP:
        return [(value, flags)]
    return []


def know_lines(tree, flags):
    """Rewrites `^`, `$` and `.` in place, so that they know all line ends."""
    for number, (kind, value) in enumerate(tree.data):
        if kind is op.ANY and not flags & DOTALL:
            tree.data[number] = NO_BREAK
        elif kind is op.AT and flags & MULTILINE and value in (op.AT_BEGINNING, op.AT_END):
            end = LINE_START if value is op.AT_BEGINNING else LINE_END
            tree.data[number] = (op.SUBPATTERN, (None, MULTILINE, 0, end))
        for inner, inner_flags in subtrees(kind, value, flags):
            know_lines(inner, inner_flags)


def find_ends(tree, flags):
    """'text' or 'line' for each `^` and `$`, by what it stands for; `^` of lines is right as it is."""
    for kind, value in tree.data:
        if kind is op.AT and value in (op.AT_BEGINNING, op.AT_END):
            if not flags & MULTILINE:
                yield "text"
            elif value is op.AT_END:
                yield "line"
        for inner, inner_flags in subtrees(kind, value, flags):
            yield from find_ends(inner, inner_flags)
