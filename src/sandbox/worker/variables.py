# What the code's variables are, and which of them a step changed. A comparison costs one identity
# check for each variable, and a bounded look into those that the step's code mentions.
import types
from _functools import partial

from answers import plain
from contents import BRIEF_LOOKS, LOOKS, STEP_LOOKS, look_at
from reached import find_reached
from values import SCALARS, preview, size_of, to_text, type_name

MAX_CHANGES = 1_000
# What changes other values when it is called or read, and shows no content of its own.
ACTING = frozenset(map(id, (types.MethodType, types.BuiltinFunctionType, types.GeneratorType, partial)))
MAX_LISTED_CHARS = 100_000
CHANGES = {"added": "added", "changed": "changed", "touched": "changed", None: "removed"}
MAX_REMEMBERED = 20_000_000
# What can touch any variable, by a text or otherwise.
ANY_NAME = frozenset(("eval", "exec", "globals", "locals", "vars", "__main__", "gc", "inspect", "modules", "import_module",
                      "_getframe", "f_globals", "f_locals", "f_back", "__globals__"))
# Types are known by their ids: they may have an __eq__ of the code's own.
STILL = frozenset(map(id, (bool, type(None), types.ModuleType)))

names = {}
offered = {}
known = {}  # by name: (id, fingerprint, preview, room it was looked at with, whether it can be changed in place)
unlisted = 0
untold = 0  # changes that are too many to be told
unseen = ""  # names of variables that are too large to be compared whole, and were not named before
MAX_UNSEEN = 5
told = set()  # names
# Of the step that runs: names in its code, and ids of what that can touch through those.
asked = {"mentioned": frozenset(), "reached": frozenset()}
loaded = {}  # by id: texts of contexts, which cannot change and stay where they are
remembered = None  # the value that was read last, and what was read of it: until code runs


def watch(live_names, live_offered):
    global names, offered
    names, offered = live_names, live_offered


def know(name, value):
    """A loaded context is there, and is no change."""
    forget()
    if type(value) is str:
        loaded[id(value)] = value
    known[name] = (id(value), look_at(value, LOOKS)[1], None, LOOKS, False)


def mention(code):
    """Notes what the code of a step can touch."""
    forget()
    mentioned, reached = set(), set()
    find_reached(code, names, mentioned, reached)
    if mentioned & ANY_NAME:
        mentioned.update(name for name in tuple(names) if is_own(name))
    asked.update(mentioned=frozenset(mentioned), reached=frozenset(reached))


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


def compare():
    """(sorted names, changes since the last comparison); when it fails, the next one finds the same changes."""
    global unlisted, untold
    own = [name for name in tuple(names) if is_own(name)]
    changed, looked = {}, {}
    mentioned, reached = asked["mentioned"], asked["reached"]
    for name in own:
        value = names[name]
        kind = find_change(name, value, looked, name in mentioned or id(value) in reached)
        if kind is not None:
            changed[name] = kind
    touched = {id(names[name]) for name, kind in changed.items() if kind == "touched"}
    if touched:
        for name in own:
            if name not in changed and id(names[name]) in touched:
                changed[name] = "touched"
    removed = [name for name in known if name not in names or not is_own(name)]
    # What was changed in place may have lost the name it was changed by.
    let_go = (known[name][4] for name in (*changed, *removed) if name in known)
    if touched or any(let_go) or any(name in mentioned and is_acting(names[name]) for name in own):
        find_holders(own, changed, looked)
    now = {}
    entries = []
    looks = STEP_LOOKS
    for at, name in enumerate(sorted((*changed, *removed))):
        kind = changed.get(name)
        if kind is None:
            entry = {"type": "", "size": None, "preview": "", "hash": None}
        else:
            value = names[name]
            text = preview(value) if at < MAX_CHANGES else None
            room = LOOKS if looks > 0 else BRIEF_LOOKS
            found = looked.get((id(value), room)) or look_at(value, room)
            looked[id(value), room] = found
            content, fingerprint, taken, _ = found
            looks -= taken
            is_held = id(type(value)) not in SCALARS and id(type(value)) not in STILL
            now[name] = (id(value), fingerprint, text, room, is_held)
            if text is None:
                continue
            type_, size = describe(value)
            entry = {"type": type_, "size": size, "preview": text, "hash": content if room == LOOKS else None}
        entries.append({"change": CHANGES[kind], "name": name[:500], **entry})
    note_unseen(own, looked)
    listed = listed_names(own)
    unlisted = len(own) - len(listed)
    known.update(now)
    for name in removed:
        del known[name]
        told.discard(name)
    told_changes = cut_list(entries[:MAX_CHANGES], lambda entry: len(
        "".join((entry["name"], entry["type"], entry["preview"], entry["hash"] or ""))))
    untold = len(changed) + len(removed) - len(told_changes)
    return listed, told_changes


def is_acting(value):
    kind = type(value)
    is_of_module = kind is types.BuiltinFunctionType and id(type(value.__self__)) in STILL
    return id(kind) in ACTING and not is_of_module


def find_holders(own, changed, looked):
    """What was changed in place may lie within other variables, at any depth."""
    looks = STEP_LOOKS
    for name in own:
        value = names[name]
        if name in changed or id(type(value)) in SCALARS:
            continue
        if find_change(name, value, looked, True) is not None:
            changed[name] = "touched"
        found = looked.get((id(value), known[name][3]))
        looks -= 0 if found is None else found[2]
        if looks <= 0:
            return


def find_change(name, value, looked, is_looked_at):
    """'added', 'changed', 'touched' (the same object holds something else), or None."""
    before = known.get(name)
    if before is None:
        return "added"
    if before[0] != id(value):
        return "changed"
    if is_looked_at and id(type(value)) not in STILL and id(value) not in loaded:
        room = before[3]
        found = looked[id(value), room] = looked.get((id(value), room)) or look_at(value, room)
        is_known = found[1] is not None and before[1] is not None
        if is_known and found[1] != before[1] or before[2] is not None and before[2] != preview(value):
            return "touched"
    return None


def note_unseen(own, looked):
    global unseen
    cut = {key[0] for key, found in looked.items() if not found[3]}
    partly = [name for name in own if id(names[name]) in cut and name not in told] if cut else []
    told.update(partly)
    unseen = ", ".join(name[:500] for name in sorted(partly)[:MAX_UNSEEN])


def listed_names(own):
    return cut_list([name[:500] for name in sorted(own)[:10_000]], len)


def cut_list(items, to_chars):
    """As the host does: what is sent at once is bounded."""
    chars = 0
    for at, item in enumerate(items):
        chars += to_chars(item)
        if chars > MAX_LISTED_CHARS:
            return items[:at]
    return items


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
    shown_now = to_text(plain(value, 0))
    if len(shown_now[1]) <= MAX_REMEMBERED:
        remembered = value, shown_now
    return shown_now
