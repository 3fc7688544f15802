# Says a Python regular expression as a JavaScript one, only where both mean exactly the same.
import re
from re import _constants as op
from re import _parser as parser

OK_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.UNICODE | re.VERBOSE | re.ASCII
SPECIAL = set("^$\\.*+?()[]{}|/-")

# Python's classes over ASCII text.
CLASSES = {
    op.CATEGORY_DIGIT: "0-9",
    op.CATEGORY_SPACE: " \\t\\n\\r\\f\\v",
    op.CATEGORY_WORD: "a-zA-Z0-9_",
}
NOT_CLASSES = {
    op.CATEGORY_NOT_DIGIT: CLASSES[op.CATEGORY_DIGIT],
    op.CATEGORY_NOT_SPACE: CLASSES[op.CATEGORY_SPACE],
    op.CATEGORY_NOT_WORD: CLASSES[op.CATEGORY_WORD],
}


class Untranslatable(Exception):
    """The pattern means something else in JavaScript, or might."""


def translate(tree, flags, ascii_text, group=None):
    """(source, flags) of the JavaScript pattern that means the same as a parsed one, or None.

    `group` is the number of the only group whose text is asked for; it becomes the first."""
    if flags & ~OK_FLAGS:
        return None
    if not ascii_text and (flags & re.IGNORECASE or flags & re.ASCII):
        return None  # the two fold case by different tables
    try:
        if tree.getwidth()[0] == 0:
            return None  # after an empty match Python looks for another one in the same place
        source = Writer(flags, ascii_text, group).sequence(tree)
    except (Untranslatable, RecursionError):
        return None
    return source, "g" + ("i" if flags & re.IGNORECASE else "")


class Writer:
    def __init__(self, flags, ascii_text, wanted):
        self.flags, self.ascii_text, self.wanted = flags, ascii_text, wanted
        self.repeated = 0

    def sequence(self, tree):
        return "".join(self.item(kind, value) for kind, value in tree)

    def item(self, kind, value):
        write = getattr(self, "write_" + str(kind).lower(), None)
        if write is None:
            raise Untranslatable(kind)
        return write(value)

    def char(self, code):
        if code > 0x7E and self.flags & re.IGNORECASE:
            raise Untranslatable(code)
        if code > 0xFFFF or 0xD800 <= code <= 0xDFFF:
            raise Untranslatable(code)
        char = chr(code)
        if char in SPECIAL:
            return "\\" + char
        if char.isascii() and char.isprintable():
            return char
        return f"\\u{code:04x}"

    def write_literal(self, code):
        return self.char(code)

    def write_not_literal(self, code):
        self.only_ascii()
        return f"[^{self.char(code)}]"

    def write_any(self, _):
        if self.flags & re.DOTALL:
            self.only_ascii()
            return "[^]"
        self.only_ascii()
        return "[^\\n]"

    def only_ascii(self):
        """What takes one code point here might take half of it, one UTF-16 unit, there."""
        if not self.ascii_text:
            raise Untranslatable("text beyond ASCII")

    def write_in(self, items):
        negated = bool(items) and items[0][0] is op.NEGATE
        body = "".join(self.member(*item) for item in items[1 if negated else 0:])
        if negated:
            self.only_ascii()
        return f"[{'^' if negated else ''}{body}]"

    def member(self, kind, value):
        if kind is op.LITERAL:
            return self.char(value)
        if kind is op.RANGE:
            low, high = value
            if low <= 0xDFFF and high >= 0xD800:
                self.only_ascii()
            return f"{self.char(low)}-{self.char(high)}"
        if kind is op.CATEGORY and value in CLASSES:
            self.only_ascii()
            # Without re.ASCII the four separators are space in Python; in JavaScript they are never.
            separators = value is op.CATEGORY_SPACE and not self.flags & re.ASCII
            return CLASSES[value] + ("\\x1c-\\x1f" if separators else "")
        if kind is op.CATEGORY and value in NOT_CLASSES:
            self.only_ascii()
            return {op.CATEGORY_NOT_DIGIT: "\\D", op.CATEGORY_NOT_WORD: "\\W"}.get(value) or \
                self.refuse(value)
        return self.refuse(kind)

    def refuse(self, what):
        raise Untranslatable(what)

    def write_branch(self, value):
        return "(?:" + "|".join(self.sequence(branch) for branch in value[1]) + ")"

    def write_subpattern(self, value):
        group, add_flags, drop_flags, tree = value
        if (self.flags | add_flags) & ~drop_flags != self.flags:
            raise Untranslatable("inline flags")
        if self.wanted and group == self.wanted:
            if self.repeated:
                raise Untranslatable("the two keep what a group caught in an earlier turn differently")
            return f"({self.sequence(tree)})"
        return f"(?:{self.sequence(tree)})"  # what it caught is not asked for

    def repeat(self, value, lazy):
        low, high, tree = value
        if tree.getwidth()[0] == 0:
            raise Untranslatable("the two go on differently behind an empty repetition")
        self.repeated += 1
        body = f"(?:{self.sequence(tree)})"
        self.repeated -= 1
        top = "" if high is op.MAXREPEAT else str(int(high))
        return f"{body}{{{int(low)},{top}}}{'?' if lazy else ''}"

    def write_max_repeat(self, value):
        return self.repeat(value, lazy=False)

    def write_min_repeat(self, value):
        return self.repeat(value, lazy=True)

    def write_at(self, where):
        line_start, line_end = "(?:^|(?<=\\n))", "(?=\\n|$)"
        if where is op.AT_BEGINNING:
            return line_start if self.flags & re.MULTILINE else "^"
        if where is op.AT_BEGINNING_STRING:
            return "^"
        if where is op.AT_END:
            return line_end if self.flags & re.MULTILINE else "(?=\\n?$)"
        if where is op.AT_END_STRING:
            return "$"
        if where in (op.AT_BOUNDARY, op.AT_NON_BOUNDARY):
            self.only_ascii()
            return "\\b" if where is op.AT_BOUNDARY else "\\B"
        raise Untranslatable(where)

    def write_assert(self, value):
        direction, tree = value
        return f"(?{'=' if direction > 0 else '<='}{self.sequence(tree)})"

    def write_assert_not(self, value):
        direction, tree = value
        return f"(?{'!' if direction > 0 else '<!'}{self.sequence(tree)})"


def well_formed(text):
    """Lone surrogates would become other characters on their way to the host."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)
