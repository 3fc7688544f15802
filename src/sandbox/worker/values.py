# A value as text without running code of the session: no __repr__, __iter__, __len__ or property of its own
# classes. What is read is what built-in types keep, by their own functions. The walk has its own stack and
# bounds in length, depth and items, so that neither cycles nor depth nor size can stop it.
import types
from _functools import partial
from _io import _IOBase
from _json import encode_basestring, make_encoder
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import chain, islice

from standardValues import is_standard, sequence_fields, standard_parts, without_caches

PREVIEW_CHARS = 200
MAX_DEPTH = 100
MAX_NODES = 20_000_000
MAX_PLAIN_CHARS = 200_000_000
MANY = 100_000
MAX_CHARS = 4_000_000  # of what is written here, item by item; plain values are written by C code
MAX_DIGIT_BITS = 10_000  # Python turns longer integers into digits slowly, or not at all

type_name = type.__dict__["__name__"].__get__
mro_of = type.__dict__["__mro__"].__get__
members_of = type.__dict__["__dict__"].__get__
size_of_type, dict_offset_of, references_offset_of = (
    type.__dict__[name].__get__ for name in ("__basicsize__", "__dictoffset__", "__weakrefoffset__"))
POINTER = size_of_type(object) // 2
get_args = BaseException.__dict__["args"].__get__
get_factory = defaultdict.__dict__["default_factory"].__get__
get_typecode = array.__dict__["typecode"].__get__
get_maxlen = deque.__dict__["maxlen"].__get__
Attribute, Slot = types.GetSetDescriptorType, types.MemberDescriptorType
Function, Module, Method = types.FunctionType, types.ModuleType, types.MethodType

KEYS, VALUES, ITEMS = type({}.keys()), type({}.values()), type({}.items())
# Types are known by their ids: they may have an __eq__ and __hash__ of the code's own.
LENGTHS = {id(kind): kind.__len__ for kind in (
    str, bytes, bytearray, list, tuple, set, frozenset, dict, deque, range, KEYS, VALUES, ITEMS)}
BASES = frozenset((*LENGTHS, *map(id, (int, float, complex, BaseException))))
MAPPINGS = frozenset(map(id, (dict, defaultdict, OrderedDict, Counter)))
SCALARS = frozenset(map(id, (str, int, float, bool, type(None))))
JSON = SCALARS | {id(list), id(dict)}
PLAIN = JSON | frozenset(map(id, (tuple, set, frozenset, bytes, complex, range, type(...))))
# Types whose repr is C code that asks nothing of other objects.
REPRS = {id(kind): kind.__repr__ for kind in (
    float, complex, bool, type(None), type(...), type(NotImplemented), range, type, Function, types.CodeType,
    types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType, date, timedelta, timezone, Decimal, object)}
ADDRESSED = frozenset(map(id, (
    Function, types.CodeType, types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType, object)))
RENDERERS = {}  # id of a class of the runner's own -> its text, or None where that would run code of the session
DATES = {id(kind): (kind.__repr__, kind.__dict__["tzinfo"].__get__) for kind in (datetime, time)}

encode = make_encoder(None, None, encode_basestring, None, ": ", ", ", False, False, False)
FUNCTIONS = frozenset(map(id, (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType,
    types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType, partial)))


def exact(text):
    """A subclass of str may say anything of its length and its slices."""
    return "".join((text,))


def base_of(kind):
    """The built-in type whose storage a value of this type has, or None."""
    if id(kind) in BASES:
        return kind
    for one in mro_of(kind):
        if id(one) in BASES:
            return one
    return None


def size_of(value):
    """Characters, bytes or items; None for what has no such size."""
    base = base_of(type(value))
    length = None if base is None else LENGTHS.get(id(base))
    return None if length is None else length(value)


def member(kind, name):
    """(found, value) of what a class itself or a base of it defines, without asking its metaclass."""
    for one in mro_of(kind):
        for key, value in members_of(one).items():
            if type(key) is str and key == name:
                return True, value
    return False, None


def hidden(kind):
    """What a value of this type is called, where nothing shows what it is worth; else None."""
    bases = [id(one) for one in mro_of(kind)]
    if any(one in FUNCTIONS for one in bases):
        return "a function"
    if member(kind, "__await__")[0]:
        return "a coroutine" if kind is types.CoroutineType else f"a {type_name(kind)} to await"
    if member(kind, "__anext__")[0]:
        return "an async generator"
    if id(_IOBase) in bases:
        return "a file"
    return f"an iterator ({type_name(kind)})" if member(kind, "__next__")[0] else None


def unseen(kind):
    """The same of a type of C code's that keeps what it holds where no function of ours looks."""
    bases = mro_of(kind)
    if (base_of(kind) is not None or id(kind) in DATES or kind is memoryview or is_standard(kind)
            or any(one is array for one in bases)):
        return None
    written = any(one is not object and (id(one) in REPRS or id(one) in DATES) for one in bases)
    if not written and (member(kind, "__dict__")[0] or member(kind, "__slots__")[0] or any(
            type(item) is Slot and not (type(key) is str and key.startswith("__"))
            for one in bases for key, item in members_of(one).items())) and not hides(kind):
        return None
    return f"an object of type {type_name(kind)}"


def hides(kind):
    """Whether a value of this type has room for more than its attributes: C code keeps something there."""
    slots = sum(type(item) is Slot for one in mro_of(kind) for item in members_of(one).values())
    seen = slots + (dict_offset_of(kind) > 0) + (references_offset_of(kind) > 0)
    return size_of_type(kind) - size_of_type(object) - seen * POINTER >= POINTER


def attributes_of(value):
    """(name, value) of what the value keeps in its __dict__ and its slots."""
    kind = type(value)
    found = []
    _, own = member(kind, "__dict__")
    if type(own) is Attribute or type(own) is Slot:
        try:
            found = [(key, item) for key, item in own.__get__(value).items() if type(key) is str]
        except Exception:  # noqa: BLE001  (a descriptor of another class)
            found = []
    for one in mro_of(kind):
        for key, slot in members_of(one).items():
            if type(slot) is Slot and type(key) is str and key != "__dict__":
                try:
                    found.append((key, slot.__get__(value)))
                except Exception:  # noqa: BLE001  (not set)
                    continue
    return without_caches(kind, found)


def scan(value):
    """'json' or 'plain' for what C code may write by itself: built-in values only, of bounded depth and size."""
    form = "json"
    level = [value]
    nodes = chars = 0
    for _ in range(MAX_DEPTH):
        if not level:
            return form
        kinds = set(map(id, map(type, level)))
        nodes += len(level)
        if not kinds <= PLAIN or nodes > MAX_NODES:
            return None
        if not kinds <= JSON:
            form = "plain"
        if id(str) in kinds:
            chars += sum(len(item) for item in level if type(item) is str)
        if id(bytes) in kinds:
            chars += 4 * sum(len(item) for item in level if type(item) is bytes)
        if chars > MAX_PLAIN_CHARS:
            return None
        if id(int) in kinds and any(item.bit_length() > MAX_DIGIT_BITS for item in level if type(item) is int):
            return None
        if id(float) in kinds and any(item - item != 0 for item in level if type(item) is float):
            form = "plain"
        below = []
        if kinds - SCALARS:
            if nodes > MANY and is_shared(level):
                return None  # it would be written over and over
            for item in level:
                kind = type(item)
                if kind is dict:
                    if not all(type(key) is str for key in item):
                        form = "plain"
                    below.extend(item)
                    below.extend(item.values())
                elif kind is list or kind is tuple or kind is set or kind is frozenset:
                    below.extend(item)
                if len(below) > MAX_NODES:
                    return None
        level = below
    return None


def is_shared(level):
    """Whether most of the values that hold others are the same few."""
    holders = [id(item) for item in level if id(type(item)) not in SCALARS]
    return len(set(holders)) * 2 < len(holders)


def to_text(value):
    """(form, text, why it is not whole or None)."""
    if base_of(type(value)) is str:
        return "text", exact(value), None
    form = scan(value)
    if form == "json":
        return "json", "".join(encode(value, 0)), None
    if form == "plain":
        return "repr", repr(value), None
    text, why = render(value, MAX_CHARS, MAX_DEPTH)
    return "repr", text, why or named_only(value)


def named_only(value):
    """Why what is shown of a value by itself is a name; else None."""
    if type(value) is Module:
        return "it is a module, of which only the name shows"
    return "it is a class, of which only the name shows" if any(one is type for one in mro_of(type(value))) else None


def preview(value):
    """At most PREVIEW_CHARS of it."""
    text = leaf(value, PREVIEW_CHARS)
    if text is None:
        text, _ = render(value, PREVIEW_CHARS, 4, 24, PREVIEW_CHARS)
    return text if len(text) <= PREVIEW_CHARS else text[: PREVIEW_CHARS - 1] + "…"


def render(value, max_chars, max_depth, max_items=None, max_text=None):
    """(text, why it is not whole or None); the text may be a little longer than `max_chars`."""
    written, room, why = [], max_chars, None
    waiting = [(iter(((value,),)), None)]  # what is still to be written of each open value, and its id
    opened, kinds = set(), {}
    while waiting:
        token = next(waiting[-1][0], None)
        if token is None:
            opened.discard(waiting.pop()[1])
            continue
        if type(token) is not str:
            item = token[0]
            text = leaf(item, max_text)
            if max_items is None and why is None and id(type(item)) not in BASES:
                if id(type(item)) not in kinds:
                    kinds[id(type(item))] = hidden(type(item)) or (unseen(type(item)) if text is None else None)
                name = kinds[id(type(item))]
                why = name and f"there is {name}, which does not show what it is worth"
                if why is None and (text is None or type(item) is object) and says_nothing(item):
                    why = f"there is an object of type {type_name(type(item))}, which does not show what it is worth"
            if text is None and id(item) in opened:
                text = cycle(item)
                why = why or "it holds itself"
            elif text is None and len(waiting) > max_depth:
                text = cycle(item)
                why = why or f"it is nested deeper than {max_depth} levels"
            if text is None:
                opened.add(id(item))
                waiting.append((parts(item, max_items), id(item)))
                continue
            token = text
        written.append(token)
        room -= len(token)
        if room < 0:
            why = f"its text is longer than {max_chars:,} characters"
            break
    return "".join(written), why


def says_nothing(value):
    """Whether it is an object without anything in it: all it may tell is what code of its class makes of it."""
    kind = type(value)
    if base_of(kind) is not None or id(kind) in DATES or kind is memoryview or any(one is array for one in mro_of(kind)):
        return False
    if is_standard(kind) or member(kind, "__dataclass_fields__")[0]:
        return False
    return not attributes_of(value)


def cycle(value):
    base = base_of(type(value))
    return "{...}" if base is dict or base is set else "(...)" if base is tuple else "[...]" if base is list else "..."


def leaf(value, max_text):
    """The text of a value that holds no others; None for one that does."""
    kind = type(value)
    written = REPRS.get(id(kind)) or RENDERERS.get(id(kind))
    text = None if written is None else written(value)
    if text is not None:
        return text if id(kind) not in ADDRESSED else without_address(text)
    if id(kind) in DATES:
        written, get_zone = DATES[id(kind)]
        zone = get_zone(value)
        return written(value) if zone is None or type(zone) is timezone else None
    base = base_of(kind)
    if base is str:
        text = exact(value)
        return repr(text) if max_text is None or len(text) <= max_text else repr(text[:max_text]) + "…"
    if base is bytes or base is bytearray:
        part = base.__getitem__(value, slice(0, max_text))
        text = repr(bytes(part)) + ("…" if len(part) < base.__len__(value) else "")
        return f"{type_name(kind)}({text})" if base is bytearray else text
    if base is int:
        number = int.__index__(value)
        return int_text(number) if not is_enum(kind) else None
    if base is float or base is complex:
        return base.__repr__(value)
    if base is None and any(one is type for one in mro_of(kind)):
        return type.__repr__(value)
    if kind is Module:
        name = next((item for key, item in attributes_of(value) if key == "__name__"), None)
        return f"<module {exact(name)!r}>" if type(name) is str else "<module>"
    if kind is Method:
        return "<bound method>"
    return None


def without_address(text):
    """Where a value lies is another place in each process."""
    before, _, after = text.partition(" at 0x")
    return before + after.lstrip("0123456789abcdefABCDEF")


def is_enum(kind):
    return type_name(type(kind)) == "EnumType"


def int_text(number):
    return hex(number) if number.bit_length() > MAX_DIGIT_BITS else int.__repr__(number)


def parts(value, max_items):
    """What is written of a value that holds others, in order: text, or a value in a tuple of one."""
    kind = type(value)
    base = base_of(kind)
    name = type_name(kind)
    if id(kind) in DATES:  # with a time zone of the code's own making
        written, get_zone = DATES[id(kind)]
        bare = written(kind.replace(value, tzinfo=None))
        return iter((f"{bare[:-1]}, tzinfo=", (get_zone(value),), ")"))
    if base is None and any(one is array for one in mro_of(kind)):
        return array_parts(value, name, max_items)
    if kind is memoryview:
        return memory_parts(value, max_items)
    if base is None or base is int:
        return object_parts(value, kind, name, max_items)
    if base is BaseException:
        return listed(f"{name}(", get_args(value), ")", max_items)
    if base is dict:
        return mapping_parts(value, kind, name, max_items)
    if base is tuple:
        fields = named_fields(kind, value)
        if fields is not None:
            return pairs(f"{name}(", zip(fields, tuple.__iter__(value)), ")", "=", max_items, len(fields))
        sequence = sequence_fields(kind)
        if sequence is not None and len(sequence[1]) == tuple.__len__(value):
            name, fields = sequence
            return pairs(f"{name}(", zip(fields, tuple.__iter__(value)), ")", "=", max_items, len(fields))
        return listed("(", value, ",)" if tuple.__len__(value) == 1 else ")", max_items, tuple)
    if base is list:
        return listed("[", value, "]", max_items, list)
    if base is deque:
        bound = get_maxlen(value)
        end = "])" if bound is None else f"], maxlen={bound})"
        return listed(f"{name}([", value, end, max_items, deque)
    if base is set or base is frozenset:
        if not base.__len__(value):
            return iter((f"{name}()",))
        bare = kind is set
        return listed("{" if bare else f"{name}({{", value, "}" if bare else "})", max_items, base)
    return listed(f"{name}([", value, "])", max_items, base)  # the views of a mapping


def array_parts(value, name, max_items):
    items = array.__getitem__(value, slice(0, max_items))
    shown = array.tounicode(items) if get_typecode(value) in "uw" else array.tolist(items)
    more = ", ..." if len(items) < array.__len__(value) else ""
    return iter((f"{name}('{get_typecode(value)}', ", (shown,), f"{more})"))


def memory_parts(value, max_items):
    try:
        data = value.tobytes()
    except ValueError:
        return iter(("<released memoryview>",))
    return iter(("memoryview(", (data if max_items is None else data[:PREVIEW_CHARS],), ")"))


def listed(begin, value, end, max_items, base=tuple):
    yield begin
    for at, item in enumerate(islice(base.__iter__(value), max_items)):
        if at:
            yield ", "
        yield (item,)
    if max_items is not None and base.__len__(value) > max_items:
        yield ", ..."
        end = end.lstrip(",")
    yield end


def mapping_parts(value, kind, name, max_items):
    size = dict.__len__(value)
    limit = None if max_items is None else min(max_items, 12)
    if kind is OrderedDict or kind is Counter:
        if not size:
            return iter((f"{name}()",))
        items = OrderedDict.items(value) if kind is OrderedDict else counted(value)
        return pairs(f"{name}({{", items, "})", ": ", limit, size)
    body = pairs("{", dict.items(value), "}", ": ", limit, size)
    if any(one is defaultdict for one in mro_of(kind)):
        return chain((f"{name}(", (get_factory(value),), ", "), body, (")",))
    return body


def counted(value):
    """The most common first, as a Counter shows itself."""
    items = dict.items(value)
    if all(type(count) is int for count in dict.values(value)):
        return sorted(items, key=lambda item: -item[1])
    return items


def pairs(begin, items, end, joint, max_items=None, size=0, comma=", "):
    """Keys and values; before "=" stand names, which are written as they are."""
    yield begin
    for at, (key, item) in enumerate(islice(items, max_items)):
        if at:
            yield comma
        yield key if joint == "=" else (key,)
        yield joint
        yield (item,)
    if max_items is not None and size > max_items:
        yield comma + "..."
    yield end


def named_fields(kind, value):
    """The field names of a named tuple, or None."""
    _, fields = member(kind, "_fields")
    if type(fields) is tuple and len(fields) == tuple.__len__(value) and all(type(one) is str for one in fields):
        return fields
    return None


def object_parts(value, kind, name, max_items):
    found = attributes_of(value)
    kept = dict(found)
    if is_enum(kind) and type(kept.get("_name_")) is str and "_value_" in kept:
        return iter((f"<{name}.{kept['_name_']}: ", (kept["_value_"],), ">"))
    standard = standard_parts(value, kind, name, kept)
    if standard is not None:
        return iter(standard) if max_items is None else islice(standard, 2 * max_items + 1)
    fields, _ = member(kind, "__dataclass_fields__")
    begin, comma, end = (f"{name}(", ", ", ")") if fields else (f"<{name} " if found else f"<{name}", " ", ">")
    return pairs(begin, found, end, "=", max_items, len(found), comma)
