# What a value holds, as a short hash: the same for equal values in every process, since hashes of texts are
# seeded alike and no identity goes in. A look of bounded size, breadth first, that runs no code of the
# session: what is too large to be looked at whole is looked at in places spread evenly over it.
import types
from array import array
from collections import deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import islice

from values import ITEMS, KEYS, LENGTHS, VALUES, attributes_of, base_of, exact, get_args, leaf, type_name

LOOKS = 20_000  # at items of one value
STEP_LOOKS = 50_000  # at items of all that one step changed
SPREAD = 2_000  # items of one container that are looked at one by one
FLAT_ITEMS = 500_000  # items of one kind of text or number, which C code hashes together
FLAT_SHARE = 50  # of them for one look
PIECE = 2**16
WITHOUT = frozenset(map(id, (type, types.FunctionType, types.ModuleType, types.MethodType, types.CodeType,
                             types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType)))
WRITTEN = frozenset(map(id, (range, complex, date, datetime, time, timedelta, timezone, Decimal, type(...),
                             type(NotImplemented))))
VIEWS = frozenset(map(id, (KEYS, VALUES, ITEMS)))
TRUE, FALSE, NONE, INT, FLOAT, STR, BYTES, OBJECT, SET = range(101, 110)
hash_text, hash_bytes, hash_int, hash_tuple = str.__hash__, bytes.__hash__, int.__hash__, tuple.__hash__
hash_set, count_bits, float_text = frozenset.__hash__, int.bit_length, float.hex


class Budget:
    """The looks that are left for one step."""

    def __init__(self):
        self.looks = STEP_LOOKS


def content_of(value, budget):
    """Eight hex digits; None for what has no content of its own, or no room was left for."""
    if id(type(value)) in WITHOUT or budget.looks <= 0:
        return None
    room = min(LOOKS, budget.looks)
    try:
        number, left = look_into(value, room)
    except (MemoryError, SystemError):  # where memory is full, C code may fail without saying why
        return None
    budget.looks -= room - left
    return None if number is None else f"{number & 0xFFFFFFFF:08x}"


def look_into(value, room):
    """(hash or None, looks that are left)"""
    tokens, waiting = [], deque()
    put(value, tokens, waiting)
    if waiting and base_of(type(value)) is None and not attributes_of(value):
        return None, room - 1
    room -= 1
    while waiting and room > 0:
        room = open_up(waiting.popleft(), tokens, waiting, room)
    return hash_tuple(tuple(tokens)), room


def put(value, tokens, waiting):
    """Adds what a value without parts is; one with parts waits for its turn."""
    kind = type(value)
    if value is None or value is True or value is False:
        tokens.append(NONE if value is None else TRUE if value is True else FALSE)
        return
    base = None if id(kind) in WITHOUT else base_of(kind)
    if base is not kind:
        tokens += (OBJECT, hash_text(exact(type_name(kind))))
    if base is int:
        tokens += (INT, hash_int(value), count_bits(value))
    elif base is float:
        tokens += (FLOAT, hash_text(float_text(value)))
    elif base is str:
        tokens += (STR, hash_text(value))
    elif base is bytes:
        tokens += (BYTES, hash_bytes(value))
    elif id(kind) in WRITTEN:
        tokens.append(hash_text(leaf(value, None) or ""))
        return
    elif id(kind) in WITHOUT:
        return
    else:
        length = None if base is None else LENGTHS.get(id(base))
        tokens.append(-1 if length is None else length(value))
        waiting.append((value, base))
        return
    if base is not kind:
        waiting.append((value, None))  # what it keeps beside


def open_up(waiter, tokens, waiting, room):
    """Adds what a value is made of; the looks that are left."""
    value, base = waiter
    kind = type(value)
    if base is bytearray:
        size = bytearray.__len__(value)
        tokens += (hash_bytes(bytes(bytearray.__getitem__(value, slice(at, at + PIECE))))
                   for at in range(0, size, PIECE))
        return room - 1
    if base is set or base is frozenset:
        return put_members(value, base, tokens, room)
    if base is dict:
        room = put_items(spread(dict.keys(value), dict.__len__(value)), tokens, waiting, room)
        room = put_items(spread(dict.values(value), dict.__len__(value)), tokens, waiting, room)
    elif base is list or base is tuple or base is deque:
        room = put_items(spread(base.__iter__(value), base.__len__(value)), tokens, waiting, room)
    elif base is not None and id(base) in VIEWS:
        room = put_items(spread(base.__iter__(value), base.__len__(value)), tokens, waiting, room)
    elif base is BaseException:
        room = put_items(get_args(value), tokens, waiting, room)
    if base is kind:
        return room - 1
    for name, item in islice(attributes_of(value), max(0, min(room, SPREAD))):
        tokens.append(hash_text(exact(name)))
        put(item, tokens, waiting)
        room -= 1
    return room - 1


def spread(items, size):
    """At most FLAT_ITEMS of them, evenly spaced."""
    return tuple(islice(items, 0, None, -(-size // FLAT_ITEMS) or 1))


def put_items(items, tokens, waiting, room):
    """Items of one kind all at once, others one by one; the looks that are left."""
    together = hash_flat(items) if len(items) > 16 else None
    if together is not None:
        tokens.append(together)
        return room - 1 - len(items) // FLAT_SHARE
    share = max(1, min(SPREAD, room // (len(waiting) + 1)))
    stride = -(-len(items) // share) or 1
    for item in items[::stride]:
        put(item, tokens, waiting)
        room -= 1
    return room


def hash_flat(items):
    """Of texts, bytes, integers or floats only; else None."""
    kinds = tuple(set(map(id, map(type, items))))
    if kinds == (id(str),) or kinds == (id(bytes),):
        return hash_tuple(items)
    if kinds == (id(int),):
        return hash_tuple((hash_tuple(items), hash_tuple(tuple(map(count_bits, items)))))
    if kinds == (id(float),):
        return hash_bytes(array("d", items).tobytes())
    return None


def put_members(value, base, tokens, room):
    """A set has no order that holds everywhere: only what is the same in any order goes in."""
    members = tuple(islice(base.__iter__(value), FLAT_ITEMS))
    whole = len(members) == base.__len__(value)
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
    return room
