# The loaded texts, and what of them or of the code's own texts a helper looks through.
import asked
from asked import EVERY, LOADED
from spans import Span

loaded = {}  # id(text) -> (context index, source index, whether it has a \r)
contexts = {}  # context index -> (paths, texts)
bound = {}  # variable -> (value, context index, paths, texts), as it was loaded
named = {}  # last part of a path -> the loaded paths that end with it
MAX_PATH = 4_096
FLAGS = frozenset("gimsuvxy")  # letters that stand for flags of patterns
names = {}


def watch(live_names):
    global names
    names = live_names


def know(index, paths, texts, variable, value):
    contexts[index] = (paths, texts)
    bound[variable] = (value, index, paths, texts)
    for path in paths:
        named.setdefault(path.rsplit("/", 1)[-1], []).append(path)
    for number, text in enumerate(texts):
        loaded[id(text)] = (index, number, "\r" in text)


class Sources:
    """What to look through: [(path or None, text)], and where the host has it, if it has."""

    def __init__(self, pairs, place):
        self.pairs, self.place = pairs, place

    @property
    def chars(self):
        return sum(len(text) for _, text in self.pairs)


def has_returns(text):
    place = loaded.get(id(text))
    return "\r" in text if place is None else place[2]


def path_meant(text):
    """The loaded path that a text is, or ends; None: it is no path, or is itself a text that was loaded."""
    if not isinstance(text, str) or len(text) > MAX_PATH or id(text) in loaded:
        return None
    name = text.removeprefix("./")
    ends = [path for path in named.get(name.rsplit("/", 1)[-1], ()) if ("/" + path).endswith("/" + name)]
    return next((path for path in ends if path == name), ends[0] if ends else None)


def names_path(text):
    """Whether it is one line and no text that was loaded: where lines are asked for, it chooses their source."""
    is_line = isinstance(text, str) and len(text) <= MAX_PATH and not any(map(text.__contains__, "\r\n"))
    return is_line and text != "" and id(text) not in loaded


def refuse_path(helper, text):
    """grep(pattern, path) would look through the letters of the path."""
    path = path_meant(text)
    if path is not None:
        first = {"chunk": "", "search": "query, "}.get(helper, "pattern, ")
        raise TypeError(f"text is {asked.shown(text)}, which is a path of the context: write "
                        f"{helper}({first}path={path!r}) to look through what was loaded from it")


def note_letters(helper, pattern, text, found):
    """Of a short text in which nothing was found: it looks like a path or a glob, or the pattern is a path."""
    if found or not isinstance(text, str) or not 0 < len(text) <= 200 or id(text) in loaded:
        return
    if path_meant(pattern) == pattern:
        asked.note(f"{helper} looked for the text {pattern!r} in {asked.shown(text)}; "
                   f"{helper}({asked.shown(text)}, path={pattern!r}) looks for it in what was loaded from that path")
    elif not any(map(str.isspace, text)) and any(map(text.__contains__, "/*\\")):
        asked.note(f"text was {asked.shown(text)}, and only these {len(text)} characters were looked through; "
                   "path=… chooses one of list(context)")
    elif len(text) <= 3 and set(text) <= FLAGS:
        asked.note(f"text was {asked.shown(text)}, and only that was looked through; flags are given by name: "
                   "ignore_case=True, or as (?i) in the pattern")


def find_sources(helper, text, path):
    if text is LOADED and "context" in bound:
        value, index, paths, texts = bound["context"]
        note_rebound(value, texts)
        single = isinstance(value, str)
        pairs = [(None, value)] if single else list(zip(paths, texts))
        place = (index, 0 if single else None)
        alone = paths[0] if single else None
    else:
        value = names.get("context") if text is LOADED else text
        if value is None and text is LOADED:
            raise NameError(f"there is no context to look through: {helper}(…, text=…)")
        if text is not LOADED:
            refuse_path(helper, value)
        pairs = asked.looked_through(helper, value, isinstance(value, Span))
        place, alone = whole_context(pairs), None
    if path is not EVERY:
        pairs = asked.choose_path(pairs, path, alone)
        place = whole_context(pairs) if len(pairs) == 1 else place
    return Sources(pairs, place)


def note_rebound(value, texts):
    """The name may hold something else by now: the loop's last value, a cleaned text."""
    now = names.get("context")
    if not (now is value and (isinstance(value, str) or len(value) == len(texts)
                              and all(map(lambda one, other: one is other, value.values(), texts)))):
        asked.note("the name context was bound to something else, or its mapping changed; grep, count, search "
                   "and chunk look through what was loaded. Give text=context to look through the new value")


def whole_context(pairs):
    """Where the host has exactly these texts: (context index, source index or None for all)."""
    first = loaded.get(id(pairs[0][1])) if pairs else None
    if first is None:
        return None
    if len(pairs) == 1:
        return first[:2]
    paths, texts = contexts[first[0]]
    same = len(pairs) == len(texts) and all(
        pair[1] is text for pair, text in zip(pairs, texts))
    return (first[0], None) if same and [name for name, _ in pairs] == paths else None


def name_of(text):
    """Of a text without a path: what it was loaded from."""
    place = loaded.get(id(text))
    return "text" if place is None else contexts[place[0]][0][place[1]]
