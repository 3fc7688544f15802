# Puts back, before and after each step, what the runner stands on and a step can change: hooks of the
# interpreter, the builtins, the import system, and the runner's own functions, names and classes.
import _io
import bisect
import codecs
import gc
import heapq
import importlib._bootstrap
import importlib._bootstrap_external
import importlib.util
import itertools
import math
import re
import sys
import types
import zipimport
from itertools import repeat
from operator import attrgetter, is_ as same
from _signal import set_wakeup_fd as set_wakeup

LEAST_RECURSION = 1_000
IMMUTABLE_TYPE, HEAP_TYPE = 1 << 8, 1 << 9
LIBRARY = (_io, importlib._bootstrap, importlib._bootstrap_external, zipimport, sys.modules["marshal"], sys.modules["_imp"],
           bisect, heapq, itertools, math, re)

get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit
register_error = codecs.register_error
members_of = type.__dict__["__dict__"].__get__
set_member, delete_member = type.__setattr__, type.__delattr__
sys_members = vars(sys)
Function = types.FunctionType
SCALARS = (type(None), str, int, float, tuple)
# What a session may set for itself in `sys`; the streams are given anew.
FREE = frozenset(("path", "argv", "stdout", "stderr", "__stdout__", "__stderr__", "ps1", "ps2", "last_exc", "last_type", "last_value",
                  "last_traceback", "tracebacklimit", "dont_write_bytecode", "pycache_prefix"))
part_getters = (attrgetter("__code__"), attrgetter("__defaults__"), attrgetter("__kwdefaults__"))
handlers = tuple((name, codecs.lookup_error(name)) for name in (
    "strict", "ignore", "replace", "surrogatepass", "surrogateescape", "backslashreplace", "xmlcharrefreplace"))

kept_spaces = []  # (a namespace, what it holds for good)
kept_functions = []  # (a function, its code, defaults and keyword defaults)
kept_cells = []  # (a cell, its content)
kept_classes = []  # (a class, its members)
columns = {}  # the same, as `put_back` compares it
kept_sys = {}
kept_modules = {}
kept_path = []
finders = ()


def private(name, own_builtins=None):
    """A library module of the runner's own: the code's imports never see it."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    if own_builtins is not None:
        vars(module)["__builtins__"] = own_builtins
    spec.loader.exec_module(module)
    return module


def keep_space(space):
    """Names in lower case may be bound to other scalars; all else is constant."""
    kept = {name: value for name, value in space.items() if name.isupper() or not isinstance(value, SCALARS)}
    kept_spaces.append((space, kept))
    for value in kept.values():
        keep_function(value)
        if isinstance(value, type) and value.__module__ == space.get("__name__"):
            keep_class(value)


def keep_function(value):
    if type(value) is not Function or any(one[0] is value for one in kept_functions):
        return
    kept_functions.append((value, value.__code__, value.__defaults__, value.__kwdefaults__))
    for cell in value.__closure__ or ():
        if not any(one[0] is cell for one in kept_cells):
            content = cell.cell_contents
            kept_cells.append((cell, content))
            keep_function(content)
            if isinstance(content, type) and content.__module__ == value.__module__:
                keep_class(content)


def keep_class(kind):
    if any(one[0] is kind for one in kept_classes):
        return
    kept_classes.append((kind, dict(members_of(kind))))
    for value in members_of(kind).values():
        keep_function(value)


def keep_library():
    """Modules that imports, and the functions of the REPL, work by while a step runs."""
    for module in LIBRARY:
        kept_spaces.append((vars(module), dict(vars(module))))


def keep_interpreter():
    """Of `sys` what imports, output and errors go through; of the modules what is loaded by now."""
    global finders
    kept_sys.update((name, value) for name, value in sys_members.items() if name not in FREE)
    kept_modules.update(sys.modules)
    kept_path.extend(sys.path)
    finders = tuple(sys.meta_path)


def watch(_request):
    """Whether the host can compare all of it in memory from now on; put in by boot.py."""
    return False


def seal(records, marks, ways, empty, chains):
    """To be called when all is kept, before any code of the session runs: from then on the host compares it, and only
    what differs is put back. `records` are dicts that only the runner's comparisons change, `marks` such as are
    changed only before the code of a step runs, `ways` lead to the host, `empty` is what stays so; `chains` has the
    frames, as functions or codes, in which the runner asks and answers."""
    spaces = tuple((space.get, tuple(kept), tuple(kept.values()), space.update, kept)
                   for space, kept in (*kept_spaces, (sys_members, kept_sys)))
    columns["spaces"] = spaces
    columns["classes"] = tuple((members_of(kind), tuple(members), tuple(members.values()), kind, members)
                               for kind, members in kept_classes)
    columns["functions"] = tuple(tuple(one[at] for one in kept_functions) for at in range(4))
    constants = [value for _, kept in kept_spaces[:-len(LIBRARY)] for name, value in kept.items() if name.isupper()]
    constants += [kept_spaces, kept_functions, kept_cells, kept_classes, kept_path, columns, kept_sys, kept_modules]
    constants += [keywords for *_, keywords in kept_functions if keywords]
    constants += [members for _, members in kept_classes] + [kept for _, kept in kept_spaces]
    return watch("watch " + " ".join((
        *(f"{name}=" + ",".join(str(id(getattr(one, "__code__", one))) for one in chain)
          for name, chain in chains.items()),
        *(f"s{id(space)}:{id(kept)}" for space, kept in (*kept_spaces, (sys_members, kept_sys))),
        *(f"c{id(kind)}" for kind, _ in kept_classes),
        *(f"f{id(one[0])}" for one in kept_functions),
        *(f"x{id(cell)}" for cell, _ in kept_cells),
        *(f"p{id(way)}" for way in ways),
        *(f"d{id(one)}" for one in constants if type(one) is dict),
        *(f"l{id(one)}" for one in (*constants, *empty) if type(one) is list),
        *(f"d{id(members)}" for members in members_in_c()),
        *(f"r{id(one)}" for one in records),
        *(f"m{id(one)}" for one in marks))))


def members_in_c():
    """The dicts behind the members of the types that C code made: `gc` gives them, so that code can change them."""
    waiting, found = [object], {}
    while waiting:
        kind = waiting.pop()
        if id(kind) not in found:
            found[id(kind)] = kind
            waiting.extend(type.__subclasses__(kind))
    for kind in found.values():
        if not kind.__flags__ & HEAP_TYPE or kind.__flags__ & IMMUTABLE_TYPE:
            yield from (one for one in gc.get_referents(members_of(kind)) if type(one) is dict)


def put_back(is_same):
    """`is_same`: the host says that only what is not compared in memory can differ."""
    if not is_same:
        for cell, content in kept_cells:
            cell.cell_contents = content
        put_back_functions()
        for get, names, values, update, kept in columns["spaces"]:
            if not all(map(same, map(get, names), values)):
                update(kept)
        for now, names, values, kind, members in columns["classes"]:
            if len(now) != len(names) or not all(map(same, map(now.get, names), values)):
                put_back_class(kind, members)
    put_back_interpreter()


def put_back_functions():
    functions, *parts = columns["functions"]
    for get_part, part in zip(part_getters, parts):
        if not all(map(same, map(get_part, functions), part)):
            for function, code, defaults, keywords in kept_functions:
                function.__code__, function.__defaults__, function.__kwdefaults__ = code, defaults, keywords


def put_back_class(kind, members):
    now = members_of(kind)
    for name in [name for name in now if name not in members]:
        delete_member(kind, name)
    for name, value in members.items():
        if now.get(name, members) is not value:
            set_member(kind, name, value)


def put_back_interpreter():
    if type(sys_members.get("path")) is not list:
        sys_members["path"] = list(kept_path)
    if get_limit() < LEAST_RECURSION:
        set_limit(LEAST_RECURSION)
    modules, found = kept_sys["modules"], kept_sys["meta_path"]
    if not all(map(modules.__contains__, kept_modules)):
        modules.update((name, module) for name, module in kept_modules.items() if name not in modules)
    for finder in finders:
        if not any(map(same, found, repeat(finder))):
            found.append(finder)
    set_wakeup(-1)
    for name, handler in handlers:
        register_error(name, handler)
