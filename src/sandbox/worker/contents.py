# What a value holds, as a short hash: the same for equal values in every process, since hashes of texts are
# seeded alike and no identity goes in. The host looks into built-in values and plain objects, whatever their
# number. Of what it does not know, this is a look of bounded size, breadth first, that runs no code of the
# session: what is too large to be looked at whole is looked at in places spread evenly over it.
import types
from _functools import _lru_cache_wrapper, partial
from _io import BytesIO, StringIO
from _random import Random
from _weakref import CallableProxyType, ProxyType, ReferenceType
from array import array
from collections import OrderedDict, deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from gc import get_referents
from itertools import islice
from re import Match, Pattern
from zlib import crc32

from values import (ITEMS, KEYS, LENGTHS, VALUES, attributes_of, base_of, exact, get_args, leaf, members_of, mro_of,
                    type_name)

LOOKS = 2_000  # at items of one value
STEP_LOOKS = 8_000  # at items of all that one step changed; what comes after is looked at briefly
BRIEF_LOOKS = 100
SPREAD = 1_500  # items of one container that are looked at one by one
FLAT_ITEMS = 8_000  # items of one kind of text or number, which C code hashes together
FLAT_SHARE = 10  # of them for one look
PIECE = 2**16
PIECES = 16  # of a text or buffer that is too long to be looked at whole
WHOLE_BYTES = 2**26  # of a text or buffer, or of texts that are hashed together
WITHOUT = frozenset(map(id, (type, types.FunctionType, types.ModuleType, types.MethodType, types.CodeType,
                             types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType)))
WRITTEN = frozenset(map(id, (range, complex, date, datetime, time, timedelta, timezone, Decimal, type(...),
                             type(NotImplemented))))
VIEWED = frozenset(map(id, (array, memoryview, bytearray)))  # no subclass: its view may be of the code's own making
STREAMS = ((StringIO, StringIO.getvalue), (BytesIO, BytesIO.getbuffer))
VIEWS = frozenset(map(id, (KEYS, VALUES, ITEMS)))
TRUE, FALSE, NONE, INT, FLOAT, STR, BYTES, OBJECT, SET, AGAIN = range(101, 111)
ONCE = frozenset()  # types of the runner's own whose values are shared by many, and looked into once in a look; by finders.py
hash_text, hash_bytes, hash_int, hash_tuple = str.__hash__, bytes.__hash__, int.__hash__, tuple.__hash__
hash_set, count_bits, float_text = frozenset.__hash__, int.bit_length, float.hex


# What goes on by itself: how large it is in memory, or how much of it is left.
GENERATORS = {id(kind): kind.__sizeof__ for kind in (
    types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)}
LEFT = {id(type(one)): type(one).__length_hint__ for one in (
    iter([]), iter(()), iter(range(0)), iter(range(2**70)), iter(""), iter("\u0100"), iter(b""), iter({}), iter({}.values()),
    iter({}.items()), iter(set()), iter(deque()), reversed({}), reversed([]))}
POSITIONS = ((StringIO, StringIO.tell), (BytesIO, BytesIO.tell))
get_random_state = Random.getstate
# Flags of types: C code makes such as are not made here, or are immutable, or whose objects no call makes.
MADE_HERE, IMMUTABLE, NEVER_CALLED = 1 << 9, 1 << 8, 1 << 7
MAX_FOLLOWED = 50
flags_of, size_in_memory = (type.__dict__[name].__get__ for name in ("__flags__", "__basicsize__"))
LEAST_SIZE = size_in_memory(object)
# Of C code's types those that are looked into in another way, hold nothing that changes, or only what was made before.
SHOWN = WITHOUT | WRITTEN | VIEWED | frozenset(map(id, (
    Random, StringIO, BytesIO, types.SimpleNamespace, types.MappingProxyType, types.FrameType, types.TracebackType,
    types.CellType, types.MethodWrapperType, types.WrapperDescriptorType, slice, property, partial, Pattern, Match,
    _lru_cache_wrapper, ReferenceType, ProxyType, CallableProxyType)))

seen = set()  # of the types in ONCE
opaque = []  # what has no content of its own, by what tells one from another in this process
is_cut = False  # whether some of a value was not looked at


def ask_host(value):
    """What PythonHash says of it; put in by boot.py."""
    return "?"


def ask_words(_value, _size):
    """What the host makes of the words of a value in memory; put in by boot.py where it sees them."""
    return 0


def look_at(value, room):
    """(content, fingerprint, looks taken, whole): eight hex digits, with a mark before them where not all of the value
    went in, None for what has no content; and a number for this process, None where there was no room for a look."""
    kind = type(value)
    if id(kind) not in WITHOUT and kind is not str and not is_class(kind):
        told = ask_host(value)
        if told == "-":
            return None, None, 1, False
        if told != "?":
            whole = told[16] == "."
            return told[:8] if whole else f"~{told[:8]}", hash_text(told), 1, whole
    return look_here(value, room)


def look_here(value, room):
    global is_cut
    is_cut = False
    opaque.clear()
    seen.clear()
    kind = type(value)
    try:
        if kind is str:
            content, left = hash_long(value, WHOLE_BYTES), room - 1
        elif is_class(kind):
            content, left = None, look_into_class(value, room)
        elif kind is types.FunctionType:
            content, left = None, look_into_function(value, room)
        else:
            content, left = look_into(value, room)
    except (MemoryError, SystemError):  # where memory is full, C code may fail without saying why
        return None, None, room, False
    fingerprint = hash_tuple((content, *opaque))
    opaque.clear()
    mark = "~" if is_cut else ""
    return None if content is None else f"{mark}{content & 0xFFFFFFFF:08x}", fingerprint, room - left, not is_cut


def note_cut(is_true=True):
    global is_cut
    is_cut = is_cut or is_true


def is_class(kind):
    """Whether what is of this type is a class."""
    return any(one is type for one in mro_of(kind))


def look_into_function(value, room):
    """At its defaults, its attributes and what it closes over; the looks that are left."""
    tokens, waiting = [], deque()
    put(value, tokens, waiting)
    kept = (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *value.__dict__.items(),
            *closed_over(value))
    note_cut(len(kept) > room)
    for item in islice(kept, room):
        put(item, tokens, waiting)
        room -= 1
    return finish_look(tokens, waiting, room)


def closed_over(function):
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it is empty
            continue


def look_into_class(value, room):
    """At its own members; the looks that are left. What Python notes there of annotations comes late."""
    tokens, waiting = [], deque()
    note_cut(len(members_of(value)) > room)
    for name, item in islice(members_of(value).items(), room):
        if type(name) is str and not name.startswith("__annot"):
            tokens.append(hash_text(name))
            put(item, tokens, waiting)
            room -= 1
    return finish_look(tokens, waiting, room)


def finish_look(tokens, waiting, room):
    """At what waits, of a value without a content; the looks that are left."""
    while waiting and room > 0:
        room = open_up(waiting.popleft(), tokens, waiting, room)
    note_cut(bool(waiting))
    opaque.extend(tokens)
    return room


def look_into(value, room):
    """(hash or None, looks that are left)"""
    tokens, waiting = [], deque()
    put(value, tokens, waiting)
    if id(type(value)) in WITHOUT or waiting and is_opaque(value):
        return None, note_held(value, room) - 1 if waiting and keeps_hidden(type(value)) else room - 1
    room -= 1
    while waiting and room > 0:
        room = open_up(waiting.popleft(), tokens, waiting, room)
    note_cut(bool(waiting))
    return hash_tuple(tuple(tokens)), room


def is_opaque(value):
    """Whether nothing tells what it holds; then it is noted which one it is."""
    if (base_of(type(value)) is not None or type(value) is types.MappingProxyType or attributes_of(value)
            or buffer_of(value) is not None):
        return False
    opaque.append(id(value))
    return True


def put(value, tokens, waiting):
    """Adds what a value without parts is; one with parts waits for its turn."""
    kind = type(value)
    if value is None or value is True or value is False:
        tokens.append(NONE if value is None else TRUE if value is True else FALSE)
        return
    base = base_of(kind)
    without = base is None and (id(kind) in WITHOUT or is_class(kind))
    if base is not kind:
        tokens += (OBJECT, hash_text(exact(type_name(kind))))
    if base is int:
        tokens += (INT, hash_int(value), count_bits(value))
    elif base is float:
        tokens += (FLOAT, hash_text(float_text(value)))
    elif base is str:
        tokens += (STR, hash_long(exact(value), WHOLE_BYTES))
    elif base is bytes:
        tokens += (BYTES, hash_buffer(value))
    elif id(kind) in WRITTEN:
        tokens.append(hash_text(leaf(value, None) or ""))
        return
    elif without:
        opaque.append(id(value))
        note_position(value, kind)
        # Another may have come to stand at the same place in memory.
        if kind is types.FunctionType:
            code = value.__code__
            opaque.extend((id(code), hash_text(code.co_filename), code.co_firstlineno))
        elif kind is types.MethodType:
            opaque.extend((id(value.__self__), id(value.__func__)))
        elif kind is types.BuiltinFunctionType:
            opaque.extend((id(value.__self__), hash_text(value.__name__)))
        return
    elif id(kind) in ONCE and id(value) in seen:
        tokens.append(AGAIN)
        return
    else:
        if id(kind) in ONCE:
            seen.add(id(value))
        length = None if base is None else LENGTHS.get(id(base))
        if base is not None:
            tokens.append(hash_text(type_name(base)))  # an empty list is no empty mapping
        tokens.append(-1 if length is None else length(value))
        if base is None:
            note_position(value, kind)
        waiting.append((value, base))
        return
    if base is not kind:
        waiting.append((value, None))  # what it keeps beside


def note_position(value, kind):
    """How far an iterator, generator, stream or source of random numbers has gone: which is no content of it, and
    tells in this process that it went on."""
    try:
        for stream, tell in POSITIONS:
            if any(one is stream for one in mro_of(kind)):
                opaque.append(tell(value))
                return
        if any(one is Random for one in mro_of(kind)):
            opaque.append(hash_tuple(get_random_state(value)))
    except ValueError:  # it is closed
        return
    waiting = deque((value,))
    for _ in range(MAX_FOLLOWED):
        if not waiting:
            return
        one = waiting.popleft()
        measure = GENERATORS.get(id(type(one)))
        if measure is not None:
            opaque.append(ask_words(one, measure(one)))
        elif goes_on(type(one)):
            left = LEFT.get(id(type(one)))
            opaque.extend((ask_words(one, size_in_memory(type(one))), 0 if left is None else left(one)))
            waiting.extend(get_referents(one)[:MAX_FOLLOWED])
        elif type(one) is tuple:  # of those that are taken together
            waiting.extend(one[:MAX_FOLLOWED])
        elif any(base is types.BuiltinFunctionType for base in mro_of(type(one))):  # what is called for each item
            waiting.append(one.__self__)
        elif keeps_hidden(type(one)):
            opaque.append(ask_words(one, size_in_memory(type(one))))
            note_digest(one)


def goes_on(kind):
    """Whether it is an iterator of C code's."""
    return "__next__" in members_of(kind) and is_made_in_c(kind)


def keeps_hidden(kind):
    """Whether C code keeps something of a value of this type where no function of ours looks."""
    return (base_of(kind) is None and id(kind) not in SHOWN and not goes_on(kind)
            and any(is_made_in_c(one) and size_in_memory(one) > LEAST_SIZE for one in mro_of(kind))
            and not any(id(one) in SHOWN for one in mro_of(kind)))


def is_made_in_c(kind):
    return not flags_of(kind) & MADE_HERE or bool(flags_of(kind) & (IMMUTABLE | NEVER_CALLED))


def note_digest(value):
    """What a hash of the library has come to: its state lies elsewhere in memory."""
    digest = members_of(type(value)).get("digest")
    if type(digest) is types.MethodDescriptorType and is_made_in_c(type(value)):
        for length in ((), (32,)):  # some want to be told one
            try:
                opaque.append(hash_bytes(digest(value, *length)))
                return
            except TypeError:
                continue


def note_held(value, room):
    """The values that C code keeps, at any depth: which are no content, since nobody knows in which order it has them;
    the looks that are left."""
    tokens, waiting = [], deque(((value, None),))
    while waiting and room > 0:
        one, base = waiting.popleft()
        if base is None and keeps_hidden(type(one)):
            held = get_referents(one)
            note_cut(len(held) > room)
            for item in islice(held, room):
                put(item, tokens, waiting)
            room -= 1 + len(held)
        else:
            room = open_up((one, base), tokens, waiting, room)
    note_cut(bool(waiting))
    opaque.extend(tokens)
    return max(room, 0)


def hash_long(text, whole):
    """Of all of a text, or of pieces of it that are spread evenly."""
    size = len(text)
    if size <= whole:
        return hash_text(text)
    note_cut()
    length = whole // PIECES
    return hash_tuple((size, *(hash_text(text[at:at + length])
                               for at in places(size, length))))


def hash_buffer(data):
    size = len(data)
    if size <= WHOLE_BYTES:
        return hash_tuple((size, crc32(data)))
    note_cut()
    return hash_tuple((size, *(crc32(data[at:at + PIECE]) for at in places(size, PIECE))))


def places(size, length):
    return ((size - length) * at // (PIECES - 1) for at in range(PIECES))


def buffer_of(value):
    """What an array, a view of memory or a stream in memory holds, as bytes or text; else None."""
    kind = type(value)
    try:
        if id(kind) in VIEWED:
            view = memoryview(value)
            return view.cast("B") if view.c_contiguous else view.tobytes()
        for stream, read in STREAMS:
            if any(one is stream for one in mro_of(kind)):
                return read(value)
    except (ValueError, TypeError, BufferError):  # closed, or released
        return b""
    return bytearray.__getitem__(value, slice(None)) if base_of(kind) is bytearray else None


def open_up(waiter, tokens, waiting, room):
    """Adds what a value is made of; the looks that are left."""
    value, base = waiter
    kind = type(value)
    held = buffer_of(value) if base is None or base is bytearray else None
    if held is not None:
        tokens.append(hash_long(held, WHOLE_BYTES) if type(held) is str else hash_buffer(held))
        room -= 1
    if kind is types.MappingProxyType:
        put(get_referents(value)[0], tokens, waiting)
        return room - 1
    if base is set or base is frozenset:
        return put_members(value, base, tokens, room)
    if base is dict:
        size = dict.__len__(value)
        if any(one is OrderedDict for one in mro_of(kind)):  # it has an order of its own beside that of a dict
            room = put_items(spread(value, OrderedDict, size), tokens, waiting, room)
        room = put_items(spread(dict.keys(value), KEYS, size), tokens, waiting, room)
        room = put_items(spread(dict.values(value), VALUES, size), tokens, waiting, room)
    elif base is list or base is tuple or base is deque or base is not None and id(base) in VIEWS:
        room = put_items(spread(value, base, base.__len__(value)), tokens, waiting, room)
    elif base is BaseException:
        room = put_items(get_args(value), tokens, waiting, room)
    if base is kind:
        return room - 1
    kept = attributes_of(value)
    if base is None and held is None and not kept:
        opaque.append(id(value))
    note_cut(len(kept) > max(0, min(room, SPREAD)))
    for name, item in islice(kept, max(0, min(room, SPREAD))):
        tokens.append(hash_text(exact(name)))
        put(item, tokens, waiting)
        room -= 1
    return note_held(value, room) - 1 if base is None and keeps_hidden(kind) else room - 1


def spread(value, base, size):
    """At most FLAT_ITEMS of its items: of many, those at both ends and evenly spaced ones between."""
    if size <= FLAT_ITEMS:
        return tuple(base.__iter__(value))
    note_cut()
    end = FLAT_ITEMS // 4
    stride = -(-(size - 2 * end) // (FLAT_ITEMS - 2 * end))
    if base is list or base is tuple:
        get = base.__getitem__
        return (*get(value, slice(end)), *get(value, slice(end, size - end, stride)),
                *get(value, slice(size - end, None)))
    items = base.__iter__(value)
    return (*islice(items, end), *islice(base.__reversed__(value), end),
            *(islice(items, 0, size - 2 * end, stride) if size <= 5 * FLAT_ITEMS else ()))


def put_items(items, tokens, waiting, room):
    """Items of one kind all at once, others one by one; the looks that are left."""
    together = hash_flat(items) if len(items) > 16 else None
    if together is not None:
        tokens.append(together)
        return room - 1 - len(items) // FLAT_SHARE
    share = max(1, min(SPREAD, room // (len(waiting) + 1)))
    if len(items) > share // 4 and base_of(type(items[0])) not in (int, str, float):
        share = max(1, share // 4)  # room for what is in them
    note_cut(len(items) > share)
    for item in items if len(items) <= share else ends_and_between(items, share):
        put(item, tokens, waiting)
        room -= 1
    return room


def ends_and_between(items, share):
    end, size = share // 4, len(items)
    stride = -(-(size - 2 * end) // (share - 2 * end))
    return (*items[:end], *items[size - end:], *items[end:size - end:stride])


def hash_flat(items):
    """Of texts, bytes, integers or floats only; else None."""
    kinds = tuple(set(map(id, map(type, items))))
    if kinds == (id(str),) or kinds == (id(bytes),):
        return hash_tuple(items) if sum(map(len, items)) <= WHOLE_BYTES else None
    if kinds == (id(int),):
        return hash_tuple((hash_tuple(items), hash_tuple(tuple(map(count_bits, items)))))
    if kinds == (id(float),):
        return hash_bytes(array("d", items).tobytes())
    return None


def put_members(value, base, tokens, room):
    """A set has no order that holds everywhere: only what is the same in any order goes in."""
    members = tuple(islice(base.__iter__(value), FLAT_ITEMS))
    whole = len(members) == base.__len__(value)
    note_cut(not whole)
    kinds = set(map(id, map(type, members)))
    if whole and kinds and kinds <= {id(str), id(bytes)}:
        tokens += (SET, hash_set(frozenset(members)))
        return room - 1 - len(members) // FLAT_SHARE
    if whole and len(members) <= SPREAD:
        share = max(1, room // (len(members) + 1))
        found = []
        for member in members:
            number, left = look_into(member, share)
            room -= max(1, share - left)
            found.append(number or 0)
        tokens += (SET, hash_tuple(tuple(sorted(found))))
    elif whole and kinds == {id(int)}:
        tokens += (SET, hash_set(frozenset(members)))
        return room - 1 - len(members) // FLAT_SHARE
    else:
        opaque.append(hash_tuple(tuple(map(id, members))))
        return room - 1 - len(members) // FLAT_SHARE
    return room
