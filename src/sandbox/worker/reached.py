# What the code of a step can touch: by the names in it, and through the functions, objects and classes that they
# stand for. Nothing of the session runs; the search goes breadth first and has an end.
import types
from _functools import _lru_cache_wrapper, partial
from collections import deque
from itertools import islice

from contents import WITHOUT, closed_over, is_class
from values import SCALARS, attributes_of, base_of, members_of, mro_of

MAX_REACHED = 1_000
MAX_PARTS = 50  # of one value
CodeType, FunctionType = types.CodeType, types.FunctionType
WRAPPERS = (staticmethod, classmethod, property, _lru_cache_wrapper)
HOLDERS = (list, tuple, dict, set, frozenset, deque)
PARTS_OF_PARTIAL = tuple(partial.__dict__[name].__get__ for name in ("func", "args", "keywords"))


def find_reached(code, names, mentioned, seen):
    """Names go into `mentioned`, ids of values into `seen`."""
    waiting = deque((code,))
    while waiting and len(seen) < MAX_REACHED:
        one = waiting.popleft()
        if id(one) in seen or id(type(one)) in SCALARS:
            continue
        seen.add(id(one))
        if type(one) is CodeType:
            waiting.extend(const for const in one.co_consts if type(const) is CodeType)
            waiting.extend(names.get(name) for name in one.co_names if name not in mentioned)
            mentioned.update(one.co_names)
        else:
            waiting.extend(islice(parts_of(one, names), MAX_PARTS))


def parts_of(value, names):
    kind = type(value)
    if kind is FunctionType:
        if value.__globals__ is names:
            yield value.__code__
        yield from closed_over(value)
        yield from value.__defaults__ or ()
    elif kind is types.MethodType:
        yield value.__func__
        yield value.__self__
    elif kind is types.BuiltinFunctionType:
        yield value.__self__
    elif kind is partial:
        for get in PARTS_OF_PARTIAL:
            yield get(value)
    elif kind is property:
        yield from (value.fget, value.fset, value.fdel)
    elif kind is staticmethod or kind is classmethod or kind is _lru_cache_wrapper:
        yield getattr(value, "__wrapped__", None)
    elif is_class(kind):
        yield from parts_of_class(value, names)
    elif id(kind) not in WITHOUT:
        base = base_of(kind)
        if base is dict:
            yield from islice(dict.values(value), MAX_PARTS // 2)
        elif any(base is one for one in HOLDERS):
            yield from islice(base.__iter__(value), MAX_PARTS // 2)
        if base is not kind:
            yield kind
            yield from (item for _, item in attributes_of(value))


def parts_of_class(value, names):
    """Its functions, and other classes' of the session that it inherits from."""
    for one in mro_of(value):
        if one is not value:
            yield one
    for item in members_of(value).values():
        kind = type(item)
        if kind is FunctionType and item.__globals__ is names or any(kind is one for one in WRAPPERS):
            yield item
