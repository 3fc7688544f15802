# The result of a step as text, as the values show themselves, looking only as far into them as is shown: a
# step that mentions a large value must not pay for its size.
from collections import Counter, OrderedDict, defaultdict, deque

import asked
from values import exact, members_of, mro_of, preview

LONGEST_ESCAPE = 10
MARK_ROOM = 100  # of a result, for what is said of parts that are cut
PIECE = 2**20
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


def utf16_length(text):
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_length_from(text, start):
    """UTF-16 units of what begins at `start`, without a copy of all of it."""
    if text.isascii():
        return len(text) - start
    return sum(utf16_length(text[at:at + PIECE]) for at in range(start, len(text), PIECE))


def show_result(value, cap):
    """(at most `cap` UTF-16 units, how many more there are, whether a container says in the text what it leaves out)."""
    if shape(type(value)) is str:
        return *show_string(exact(value), cap), False
    left_out = []
    asked.shown_in_part.clear()
    text = exact(bounded_repr(value, cap - min(MARK_ROOM, cap // 4), left_out))
    is_abridged = bool(left_out or asked.shown_in_part)
    if utf16_length(text) <= cap:
        return text, 0, is_abridged
    unit = "bytes" if shape(type(value)) in (bytes, bytearray) else "items"
    tail = f"… ({len(value):,} {unit})" if left_out else ""
    kept = text[:max(cap - len(tail), 0)]
    over = utf16_length(kept) + len(tail) - cap
    kept = kept[:-over] if over > 0 else kept
    return kept + tail, 0 if left_out else utf16_length_from(text, len(kept)), is_abridged


def show_string(text, cap):
    whole = repr(text) if len(text) <= cap else None
    if whole is not None and utf16_length(whole) <= cap:
        return whole, 0
    kept = text[:max(cap - 2, 0)]
    while kept and (over := utf16_length(repr(kept)) - cap) > 0:
        kept = kept[:-max(over // LONGEST_ESCAPE, 1)]
    return repr(kept), utf16_length_from(text, len(kept))


def bounded_repr(value, cap, left_out, within=()):
    """The repr; of what would be longer than `cap` the beginning, a little longer, and the size; `left_out` notes it."""
    form = shape(type(value))
    if form is None or len(within) >= DEPTH:
        return repr(value)
    size = len(value)
    if form in TEXTS:
        unit = "characters" if form is str else "bytes"
        if size <= cap:
            return repr(value)
        left_out.append(value)
        return repr(value[:max(cap, 0)]) + f"… ({size:,} {unit})"
    brackets = None if form is set and type(value) is not set else BRACKETS.get(form)  # it names the type
    if brackets is None:
        if size <= cap // 4:
            return repr(value)
        left_out.append(value)
        return f"{preview(value)} ({size:,} items)"
    if not size:
        return repr(value)
    if id(value) in within:
        return "...".join(brackets)
    within, parts, room = (*within, id(value)), [], cap
    for item in value.items() if form is dict else value:
        if room < 0:
            left_out.append(value)
            return f"{brackets[0]}{', '.join(parts)}, … ({size:,} items)"
        if form is dict:
            parts.append(": ".join(bounded_repr(one, room, left_out, within) for one in item))
        else:
            parts.append(bounded_repr(item, room, left_out, within))
        room -= len(parts[-1]) + 2
    comma = "," if form is tuple and size == 1 else ""
    return f"{brackets[0]}{', '.join(parts)}{comma}{brackets[1]}"
