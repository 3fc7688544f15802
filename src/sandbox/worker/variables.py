# What the code's variables are, and which of them a step changed. A comparison costs one identity
# check for each variable, and a bounded look into those that the step's code mentions.
import types
from collections import deque
from itertools import islice

from contents import Budget, content_of
from values import attributes_of, base_of, members_of, mro_of, preview, size_of, to_text, type_name

LOOK = 256
MAX_CHANGES = 1_000
CHANGES = {"added": "added", "changed": "changed", "touched": "changed", None: "removed"}
MAX_REMEMBERED = 20_000_000
# Types are known by their ids: they may have an __eq__ of the code's own.
FLAT = frozenset(map(id, (int, float, complex, bool, str, bytes, type(None), types.FunctionType,
                          types.BuiltinFunctionType, types.ModuleType, range, tuple, frozenset)))
GROWING = {id(kind): kind.__len__ for kind in (list, dict, set)}
STILL = frozenset(map(id, (types.FunctionType, types.ModuleType)))
CodeType, FunctionType = types.CodeType, types.FunctionType

names = {}
offered = {}
known = {}
mentioned = set()
remembered = None  # the value that was read last, and what was read of it: until code runs


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
        waiting.extend(const for const in code.co_consts if type(const) is CodeType)
        for name in code.co_names:
            if name in mentioned:
                continue
            mentioned.add(name)
            value = names.get(name)
            if type(value) is FunctionType:
                waiting.append(value.__code__)
            elif any(one is type for one in mro_of(type(value))):
                waiting.extend(member.__code__ for member in tuple(members_of(value).values())
                               if type(member) is FunctionType)


def own_names():
    return sorted(name for name in tuple(names) if is_own(name))


def is_own(name):
    """A namespace may hold keys of any type; only plain strings are names."""
    if type(name) is not str or name.startswith("__") and name.endswith("__"):
        return False
    return name not in offered or names.get(name) is not offered[name]


def rows():
    return [(name, *describe(names[name])) for name in own_names()]


def describe(value):
    return type_name(type(value))[:200], size_of(value)


def look(value):
    """An element's identity, and its length where it is a container that can change."""
    length = GROWING.get(id(type(value)))
    return id(value) if length is None else (id(value), length(value))


def mark(value):
    """A bounded fingerprint of a mutable value; None where identity says enough."""
    kind = type(value)
    if id(kind) in FLAT:
        return None
    base = base_of(kind)
    if base is list or base is deque:
        size = base.__len__(value)
        if size <= LOOK:
            return size, tuple(map(look, base.__iter__(value)))
        ends = (tuple(map(look, islice(base.__iter__(value), 32))),
                tuple(map(look, islice(base.__reversed__(value), 32))))
        return size, ends, tuple(map(look, list.__getitem__(value, slice(None, None, size // 64)))) if base is list else ()
    if base is dict:
        size = dict.__len__(value)
        items = dict.items(value)
        head = tuple((id(key), look(item)) for key, item in islice(items, LOOK))
        tail = () if size <= LOOK else tuple(
            (id(key), look(item)) for key, item in islice(reversed(items), 32))
        return size, head, tail
    if base is set:
        return set.__len__(value), frozenset(map(id, islice(set.__iter__(value), LOOK)))
    if base is bytearray:
        return (bytearray.__len__(value), bytes(bytearray.__getitem__(value, slice(512))),
                bytes(bytearray.__getitem__(value, slice(-512, None))))
    kept = attributes_of(value)
    return len(kept), tuple((id(name), look(item)) for name, item in islice(kept, LOOK))


def compare():
    """(sorted names, changes since the last comparison); when it fails, the next one finds the same changes."""
    own = [name for name in tuple(names) if is_own(name)]
    changed = {}
    for name in own:
        kind = find_change(name, names[name])
        if kind is not None:
            changed[name] = kind
    touched = {id(names[name]) for name, kind in changed.items() if kind == "touched"}
    if touched:
        for name in own:
            if name not in changed and id(names[name]) in touched:
                changed[name] = "touched"
    removed = [name for name in known if name not in names or not is_own(name)]
    now = {}
    entries = []
    budget = Budget()
    for at, name in enumerate(sorted((*changed, *removed))):
        kind = changed.get(name)
        if kind is None:
            entry = {"type": "", "size": None, "preview": "", "hash": None}
        else:
            value = names[name]
            text = preview(value) if at < MAX_CHANGES else None
            now[name] = (id(value), mark(value), text)
            if text is None:
                continue
            type_, size = describe(value)
            entry = {"type": type_, "size": size, "preview": text, "hash": content_of(value, budget)}
        entries.append({"change": CHANGES[kind], "name": name[:500], **entry})
    listed = listed_names(own)
    known.update(now)
    for name in removed:
        del known[name]
    return listed, entries[:MAX_CHANGES]


def find_change(name, value):
    """'added', 'changed', 'touched' (the same object holds something else), or None."""
    before = known.get(name)
    if before is None:
        return "added"
    if before[0] != id(value):
        return "changed"
    if name in mentioned and id(type(value)) not in STILL:
        if mark(value) != before[1] or before[2] is not None and before[2] != preview(value):
            return "touched"
    return None


def listed_names(own):
    return [name[:500] for name in sorted(own)[:10_000]]


def forget():
    global remembered
    remembered = None


def read(name, offset, max_chars):
    """A slice of one variable's value, or None when there is no such variable."""
    if name not in names or not is_own(name):
        return None
    form, text, why = shown(names[name])
    return {"type": type_name(type(names[name]))[:200], "form": form, "totalChars": len(text),
            "text": text[offset: offset + max_chars], "incomplete": why}


def shown(value):
    """(form, text, why it is not whole); made once for all its pages."""
    global remembered
    if remembered is not None and remembered[0] is value:
        return remembered[1]
    forget()
    shown_now = to_text(value)
    if len(shown_now[1]) <= MAX_REMEMBERED:
        remembered = value, shown_now
    return shown_now
