# What the code's variables are, and which of them a step changed. A comparison costs one identity
# check for each variable, and a bounded look into those that the step's code mentions.
import json
import types
from collections import deque
from itertools import islice

from previews import LISTS, MAPS, TEXTS, preview, shape

LOOK = 256
MAX_REMEMBERED = 20_000_000
# Types are known by their ids: they may have an __eq__ of the code's own.
FLAT = frozenset(map(id, (int, float, complex, bool, str, bytes, type(None), types.FunctionType,
                          types.BuiltinFunctionType, types.ModuleType, range, tuple, frozenset)))
SIZED = frozenset(map(id, (range, *TEXTS, *LISTS, *MAPS)))
MAPPINGS = frozenset(map(id, MAPS))
GROWING = frozenset(map(id, (list, dict, set)))
STILL = frozenset(map(id, (types.FunctionType, types.ModuleType)))

names = {}
offered = {}
known = {}
mentioned = set()
remembered = (None, None, None)  # the value that was read last, its form and text: until code runs
to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def watch(live_names, live_offered):
    global names, offered
    names, offered = live_names, live_offered


def know(name, value):
    """A loaded context is there, and is no change."""
    forget()
    known[name] = (id(value), mark(value), None)


def mention(*codes):
    """Notes the names that the code of a step can touch, through the functions it names."""
    forget()
    mentioned.clear()
    waiting = [code for code in codes if code is not None]
    seen = set()
    while waiting and len(seen) < 500:
        code = waiting.pop()
        if id(code) in seen:
            continue
        seen.add(id(code))
        waiting.extend(const for const in code.co_consts if isinstance(const, types.CodeType))
        for name in code.co_names:
            if name in mentioned:
                continue
            mentioned.add(name)
            value = names.get(name)
            if type(value) is types.FunctionType:
                waiting.append(value.__code__)
            elif isinstance(value, type):
                waiting.extend(member.__code__ for member in tuple(vars(value).values())
                               if type(member) is types.FunctionType)


def own_names():
    return sorted(name for name in tuple(names) if is_own(name))


def is_own(name):
    """A namespace may hold keys of any type; only plain strings are names."""
    return type(name) is str and not (
        name in offered or name.startswith("__") and name.endswith("__"))


def rows():
    return [(name, *describe(names[name])) for name in own_names()]


def describe(value):
    kind = type(value)
    return kind.__name__[:200], len(value) if id(shape(kind) or kind) in SIZED else None


def look(value):
    """An element's identity, and its length where it is a container that can change."""
    return (id(value), len(value)) if id(type(value)) in GROWING else id(value)


def mark(value):
    """A bounded fingerprint of a mutable value; None where identity says enough."""
    kind = type(value)
    if id(kind) in FLAT:
        return None
    kind = shape(kind) or kind
    if kind is list or kind is deque:
        size = len(value)
        if size <= LOOK:
            return size, tuple(map(look, value))
        ends = tuple(map(look, islice(value, 32))), tuple(map(look, islice(reversed(value), 32)))
        return size, ends, tuple(map(look, value[:: size // 64])) if kind is list else ()
    if id(kind) in MAPPINGS:
        size = len(value)
        head = tuple((id(key), look(item)) for key, item in islice(value.items(), LOOK))
        tail = () if size <= LOOK else tuple(
            (id(key), look(item)) for key, item in islice(reversed(value.items()), 32))
        return size, head, tail
    if kind is set:
        return len(value), frozenset(map(id, islice(value, LOOK)))
    if kind is bytearray:
        return len(value), bytes(value[:512]), bytes(value[-512:])
    try:
        members = object.__getattribute__(value, "__dict__")
        return len(members), tuple((id(key), look(item)) for key, item in
                                   islice(members.items(), LOOK))
    except Exception:  # no __dict__, or one of the code's own making
        return None


def compare():
    """(sorted names, changes since the last comparison)."""
    changes = []
    touched = set()
    own = []
    for name, value in tuple(names.items()):
        if not is_own(name):
            continue
        own.append(name)
        before = known.get(name)
        if before is None:
            changes.append(change("added", name, value))
        elif before[0] != id(value):
            changes.append(change("changed", name, value))
        elif name in mentioned and id(type(value)) not in STILL:
            now = mark(value)
            if now != before[1] or before[2] is not None and before[2] != preview(value):
                touched.add(id(value))
                changes.append(change("changed", name, value))
    if touched:
        listed = {entry["name"] for entry in changes}
        changes.extend(change("changed", name, names[name]) for name in own
                       if name not in listed and id(names[name]) in touched)
    for name in [name for name in known if name not in names]:
        del known[name]
        changes.append({"change": "removed", "name": name[:500], "type": "", "size": None,
                        "preview": ""})
    changes.sort(key=lambda entry: entry["name"])
    return listed_names(own), changes[:1_000]


def listed_names(own):
    return [name[:500] for name in sorted(own)[:10_000]]


def change(kind, name, value):
    type_name, size = describe(value)
    text = preview(value)
    known[name] = (id(value), mark(value), text)
    return {"change": kind, "name": name[:500], "type": type_name, "size": size, "preview": text}


def is_json(value):
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is dict:
            if any(type(key) is not str for key in item):
                return False
            waiting.extend(item.values())
        elif kind is list:
            waiting.extend(item)
        elif kind is float:
            if item - item != 0:  # infinities and NaN
                return False
        elif kind not in (str, int, bool, type(None)):
            return False
    return True


def to_text(value):
    """A final answer as text: a string as it is, JSON where it is JSON, else the repr."""
    if isinstance(value, str):
        return value
    try:
        return to_json(value) if is_json(value) else repr(value)
    except (ValueError, RecursionError):
        return repr(value)


def forget():
    global remembered
    remembered = (None, None, None)


def read(name, offset, max_chars):
    """A slice of one variable's value, or None when there is no such variable."""
    if name not in names or not is_own(name):
        return None
    value = names[name]
    form, text = ("text", value) if isinstance(value, str) else shown(value)
    return {"type": type(value).__name__[:200], "form": form, "totalChars": len(text),
            "text": text[offset: offset + max_chars], "incomplete": None}


def shown(value):
    """(form, text) of a value that is no string; made once for all its pages."""
    global remembered
    last, form, text = remembered
    if form is not None and last is value:
        return form, text
    forget()
    form, text = "repr", None
    try:
        if is_json(value):
            form, text = "json", to_json(value)
    except (ValueError, RecursionError):
        form = "repr"
    if text is None:
        text = repr(value)
    if len(text) <= MAX_REMEMBERED:
        remembered = value, form, text
    return form, text
