# What code asks of a search helper: its arguments are checked, what has one meaning is understood, and
# anything else is answered with the call to make.
import re
import sys

from searchLimits import LIMITS

said = set()  # notes of this step
shown_in_part = set()  # lists of this step that have shown some of their items, by their ids
MAX_NOTES = 20  # a step
BEYOND_ALL = 2**53  # more than there can be of anything


class Default:
    """What stands for an argument that was left out; None may come out of an expression that failed."""

    __slots__ = ("meaning",)

    def __init__(self, meaning):
        self.meaning = meaning

    def __repr__(self):
        return f"<{self.meaning}>"


LOADED, EVERY = Default("the loaded context"), Default("every path")


def begin_step():
    said.clear()
    shown_in_part.clear()


def note(text):
    """Tells the code's author, once a step."""
    if text not in said and len(said) < MAX_NOTES:
        said.add(text)
        sys.stderr.write(f"note: {text}\n")


def shown(value, limit=60):
    text = repr(value[:limit] if isinstance(value, (str, bytes)) else value)
    return text if len(text) <= limit else text[:limit] + "…"


def nearest(name, known):
    """'; did you mean …?' of the most alike, or nothing."""
    import difflib

    near = difflib.get_close_matches(str(name)[:200], [*known][:20_000], 3, 0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def options(helper, own, other):
    """The values of a helper's options, also by their names in camelCase."""
    for name, value in other.items():
        key = re.sub("[A-Z]", lambda found: "_" + found.group().lower(), name)
        if key not in own:
            raise TypeError(f"{helper}() has no option {name!r}{nearest(key, own)} "
                            f"(its options: {', '.join(own)})")
        own[key] = value
    return own.values()


def whole(name, value, least, most=None, none=False):
    """A whole number within its range; None where that stands for all, as more than there can be does."""
    if none and (value is None or value == float("inf")):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        kinds = "a whole number or None for all" if none else "a whole number"
        raise TypeError(f"{name} must be {kinds}, not {shown(value)}")
    if value < least or most is not None and value > most:
        span = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise ValueError(f"{name} must be a whole number {span}, not {shown(value)}")
    return None if none and value >= BEYOND_ALL else int(value)


def line_number(name, value):
    """From 1, or from the end, where -1 is the last one."""
    value = whole(name, value, -float("inf"))
    if value == 0:
        raise ValueError(f"{name} must be a number from 1, or from the end (-1 is the last), not 0")
    return value


def flag(name, value):
    if value is True or value is False:
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise TypeError(f"{name} must be True or False, not {shown(value)}")


def choice(name, value, known):
    if value in known:
        return value
    raise ValueError(f"{name} must be {' or '.join(map(repr, known))}, not {shown(value)}"
                     f"{nearest(value, [one for one in known if one])}")


def query_text(value):
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        value = " ".join(value)
    if not isinstance(value, str):
        raise TypeError(f'query must be words in a string, not {shown(value)}: search("two words")')
    if len(value) > LIMITS["maxQueryChars"]:
        raise ValueError(f"the query has {len(value):,} characters, and may have "
                         f"{LIMITS['maxQueryChars']:,}: a few rare words find more")
    return value


def looked_through(helper, text, is_span):
    """[(path or None, text)] of a text or mapping that the code gave."""
    if isinstance(text, str):
        return [(None, text)]
    call = f"{helper}(…, text=…)"
    if text is None:
        raise TypeError(f"text is None; leave text out to look through the whole context, or give a string: {call}")
    if is_span:
        raise TypeError(f"text is a span; for what it covers write {helper}(…, text=span.text): "
                        "offsets then count from its beginning")
    if isinstance(text, (bytes, bytearray)):
        raise TypeError(f"text must be a string, not bytes: {helper}(…, text=data.decode())")
    if not hasattr(text, "items"):
        raise TypeError(f"text must be a string or a mapping of names to strings, not {shown(text)}; "
                        f"of several texts make one: {call[:-2]}'\\n'.join(texts))")
    pairs = list(text.items())
    for name, value in pairs:
        if not isinstance(value, str):
            raise TypeError(f"text must be a string or a mapping of names to strings; "
                            f"the value of {shown(name)} is {shown(value)}. "
                            f"Options are given by name: {helper}(…, max_matches=10)")
    return pairs


def choose_path(pairs, path, alone):
    """The pairs of one path; `alone`: the name of a text that is the whole context."""
    if path is None:
        raise TypeError("path is None; leave path out to look through every path, or give one of list(context)")
    if not isinstance(path, str):
        raise TypeError(f"path must be one path of the context as a string, not {shown(path)}")
    if alone is not None or pairs and pairs[0][0] is None:
        if alone is not None and (path == alone or alone.endswith("/" + path)):
            return pairs
        name = f", which is {alone!r}" if alone else ""
        raise KeyError(f"{path!r}: there is one text here{name}; leave path out")
    chosen = [pair for pair in pairs if pair[0] == path]
    ending = [pair for pair in pairs if isinstance(pair[0], str) and pair[0].endswith("/" + path)]
    if chosen or len(ending) == 1:
        return chosen or ending
    names = [str(name) for name, _ in pairs]
    within = [name for name in names if path in name][:10]
    few = f"; there are {', '.join(map(repr, names))}" if len(names) <= 5 else ""
    near = f"; paths that contain it: {', '.join(map(repr, within))}" if within else nearest(path, names) or few
    raise KeyError(f"{path!r} is no path of the context{near[:1000]} (there are {len(pairs):,}: list(context))")
