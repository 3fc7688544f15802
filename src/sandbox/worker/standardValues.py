# How values of classes of the standard library are shown: as Python shows them, but out of what they keep, so that
# neither their own code nor the session's runs. What is not known here is shown by its attributes.
import re
import types
from gc import get_referents

members_of = type.__dict__["__dict__"].__get__
mro_of = type.__dict__["__mro__"].__get__
type_name = type.__dict__["__name__"].__get__
Function, Pattern = types.FunctionType, re.Pattern
write_pattern = Pattern.__repr__
MAX_PATTERN = 150  # of a longer one Python shows the beginning
STEP = "<step"  # files of the session's own code


def standard_parts(value, kind, name, kept):
    """Text, and values in tuples of one, of a value that has no built-in storage; None where it is not known.
    `kept`: what it keeps, by name."""
    try:
        if kind is types.SimpleNamespace:
            return named("namespace", kept.items())
        if kind is slice:
            return row("slice", (value.start, value.stop, value.step))
        if kind is types.MappingProxyType:
            return ("mappingproxy(", (get_referents(value)[0],), ")")
        if kind is Pattern:
            is_short = type(value.pattern) in (str, bytes) and len(value.pattern) < MAX_PATTERN
            return (write_pattern(value),) if is_short else None
        owner = next(one for one in mro_of(kind) if "__repr__" in members_of(one))
        shows = members_of(owner)["__repr__"]
        if type(shows) is Function and shows.__code__.co_filename.startswith(STEP):
            return None  # of the code's own making
        fields = kept_fields(kind, shows)
        if fields is not None:
            return named(name, ((key, kept[key]) for key in fields if key in kept))
        write = WRITERS.get((members_of(owner).get("__module__"), type_name(owner)))
        return None if write is None else write(name, kept)
    except Exception:  # noqa: BLE001  (it keeps something else than expected)
        return None


def is_standard(kind):
    """Whether what C code keeps of it is shown here."""
    return (kind is types.MappingProxyType or kind is slice or kind is types.SimpleNamespace or kind is Pattern
            or type_name(kind) == "ZoneInfo" and members_of(kind).get("__module__") == "zoneinfo")


def kept_fields(kind, shows):
    """The fields that a dataclass shows, by the function that `dataclass` makes; None for other classes."""
    for one in mro_of(kind):
        fields = members_of(one).get("__dataclass_fields__")
        if type(fields) is dict:
            is_made = type(shows) is Function and "__wrapped__" in shows.__dict__
            return [key for key, field in fields.items() if is_shown(field)] if is_made else None
    return None


def is_shown(field):
    """Whether it is a field, and no variable of the class, and not left out of the repr."""
    read = {key: slot.__get__(field) for key, slot in members_of(type(field)).items()
            if type(slot) is types.MemberDescriptorType}
    mark = exactly(str, object.__getattribute__(read["_field_type"], "name"))
    return read["repr"] is True and mark == "_FIELD"


def exactly(kind, value):
    """A subclass may run code of the session."""
    if type(value) is not kind:
        raise TypeError
    return value


def named(name, items):
    parts = [f"{name}("]
    for key, item in items:
        parts += [f"{', ' if len(parts) > 1 else ''}{key}=", (item,)]
    return (*parts, ")")


def row(name, items):
    parts = [f"{name}("]
    for item in items:
        parts += [", ", (item,)] if len(parts) > 1 else [(item,)]
    return (*parts, ")")


def write_uuid(name, kept):
    digits = f"{exactly(int, kept['int']):032x}"
    return (f"{name}('{'-'.join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))}')",)


def write_path(name, kept):
    text = windows_path(kept) if "Windows" in name else posix_path(kept)
    return None if text is None else (f"{name}({text!r})",)


def windows_path(kept):
    text = kept.get("_str")  # what the path has written of itself, if something asked for it
    return text.replace("\\", "/") if type(text) is str else None


def posix_path(kept):
    """Of Python 3.12 and later from its pieces; before that from its parts."""
    if "_raw_paths" not in kept:
        parts, root = [exactly(str, one) for one in exactly(list, kept["_parts"])], kept["_drv"] + kept["_root"]
        return (root + "/".join(parts[1:]) if root else "/".join(parts)) or "."
    whole = ""
    for piece in exactly(list, kept["_raw_paths"]):
        whole = exactly(str, piece) if piece.startswith("/") or not whole else f"{whole.removesuffix('/')}/{piece}"
    root = "" if not whole.startswith("/") else "//" if whole.startswith("//") and not whole.startswith("///") else "/"
    return root + "/".join(part for part in whole.split("/") if part and part != ".") or "."


def write_address(name, kept):
    length = f"/{exactly(int, kept['_prefixlen'])}" if "_prefixlen" in kept else ""  # of an interface
    return (f"{name}('{address_text(name, exactly(int, kept['_ip']))}{scope(kept)}{length}')",)


def scope(kept):
    return f"%{exactly(str, kept['_scope_id'])}" if kept.get("_scope_id") is not None else ""


def address_text(name, number):
    if "v4" in name:
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    groups = [f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    zeros = max(re.finditer(r"(?<![0-9a-f])0(:0)+(?![0-9a-f])", ":".join(groups)), key=lambda one: len(one[0]), default=None)
    text = ":".join(groups)
    return text if zeros is None else f"{text[:zeros.start()].rstrip(':')}::{text[zeros.end():].lstrip(':')}"


def write_network(name, kept):
    address = dict_of(kept["network_address"])
    return (f"{name}('{address_text(name, exactly(int, address['_ip']))}{scope(address)}/{exactly(int, kept['_prefixlen'])}')",)


def dict_of(value):
    """What an address keeps in its slots."""
    found = {}
    for one in mro_of(type(value)):
        for key, slot in members_of(one).items():
            if type(slot) is types.MemberDescriptorType and key in ("_ip", "_scope_id"):
                found[key] = slot.__get__(value)
    return found


def write_data(_name, kept):
    return ((kept["data"],),)


WRITERS = {
    ("fractions", "Fraction"): lambda name, kept: row(name, (kept["_numerator"], kept["_denominator"])),
    ("uuid", "UUID"): write_uuid,
    ("pathlib", "PurePath"): write_path,
    ("pathlib._local", "PurePath"): write_path,
    ("ipaddress", "_BaseAddress"): write_address,
    ("ipaddress", "_BaseNetwork"): write_network,
    ("collections", "UserDict"): write_data,
    ("collections", "UserList"): write_data,
    ("collections", "UserString"): write_data,
    ("collections", "ChainMap"): lambda name, kept: row(name, exactly(list, kept["maps"])),
    ("zoneinfo", "ZoneInfo"): lambda name, kept: (f"zoneinfo.{name}(key={exactly(str, kept['key'])!r})",),
    ("statistics", "NormalDist"): lambda name, kept: named(name, (("mu", kept["_mu"]), ("sigma", kept["_sigma"]))),
}


def without_caches(kind, found):
    """Paths note what was asked of them: that is no content of theirs."""
    names = {key for key, _ in found}
    content = ("_raw_paths",) if "_raw_paths" in names else ("_drv", "_root", "_parts")
    is_path = names.issuperset(content) and any(type_name(one) == "PurePath" for one in mro_of(kind))
    return [(key, item) for key, item in found if key in content] if is_path else found


def sequence_fields(kind):
    """(full name, names of the items) of such as `time.struct_time`; else None."""
    found = members_of(kind)
    count, fields = found.get("n_sequence_fields"), found.get("__match_args__")
    if type(count) is not int or type(fields) is not tuple or found.get("n_unnamed_fields"):
        return None
    return f"{found.get('__module__')}.{type_name(kind)}", fields[:count]
