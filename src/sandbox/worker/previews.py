# The result of a step as text, as the values show themselves, looking only as far into them as is shown: a
# step that mentions a large value must not pay for its size.
from collections import Counter, OrderedDict, defaultdict, deque

from values import members_of, mro_of, preview

DEPTH = 4  # levels looked into item by item; deeper ones are shown whole
BRACKETS = {list: "[]", tuple: "()", dict: "{}", set: "{}"}
TEXTS = (str, bytes, bytearray)
MAPS = (dict, defaultdict, OrderedDict, Counter)
LISTS = (list, tuple, deque, set, frozenset)
VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
READ = ("__repr__", "__iter__", "__len__", "__getitem__", "items")

containers = {id(kind): kind for kind in (*TEXTS, *MAPS, *LISTS, *VIEWS)}
found = {}  # id -> (type, shape): by id, since types may have an __eq__ and __hash__ of the code's own


def shape(kind):
    """The container a type is read as: itself, or the one it extends without changing how it is read."""
    if id(kind) in containers:
        return kind
    if id(kind) not in found:
        if len(found) >= 1_000:  # they keep the code's own classes
            found.clear()
        found[id(kind)] = kind, find_shape(mro_of(kind))
    return found[id(kind)][1]


def find_shape(mro):
    base = next((one for one in mro if id(one) in containers), None)
    same = base and all(owner(mro, name) is owner(mro_of(base), name) for name in READ)
    return base if same else None


def owner(mro, name):
    return next((one for one in mro if name in members_of(one)), None)


def bounded_repr(value, cap, within=()):
    """The repr; of what would be longer than `cap` the beginning, a little longer, and the size."""
    form = shape(type(value))
    if form is None or len(within) >= DEPTH:
        return repr(value)
    size = len(value)
    if form in TEXTS:
        unit = "characters" if form is str else "bytes"
        return repr(value) if size <= cap else repr(value[:cap]) + f"… ({size:,} {unit})"
    brackets = None if form is set and type(value) is not set else BRACKETS.get(form)  # it names the type
    if brackets is None:
        return repr(value) if size <= cap // 4 else f"{preview(value)} ({size:,} items)"
    if not size:
        return repr(value)
    if id(value) in within:
        return "...".join(brackets)
    within, parts, room = (*within, id(value)), [], cap
    for item in value.items() if form is dict else value:
        if room < 0:
            return f"{brackets[0]}{', '.join(parts)}, … ({size:,} items)"
        if form is dict:
            parts.append(": ".join(bounded_repr(one, room, within) for one in item))
        else:
            parts.append(bounded_repr(item, room, within))
        room -= len(parts[-1]) + 2
    comma = "," if form is tuple and size == 1 else ""
    return f"{brackets[0]}{', '.join(parts)}{comma}{brackets[1]}"
