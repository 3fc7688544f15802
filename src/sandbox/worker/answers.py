# What the code gives away: final answers, and the arguments of calls to sub-models and child sessions. All of
# what was given goes, or the call fails and says what to give instead.
import re
import types
from collections import deque

from spans import Span, Spans, show
from values import (ITEMS, KEYS, MAX_DEPTH, VALUES, attributes_of, base_of, exact, hidden, member, members_of, mro_of,
                    render, scan, to_text, type_name)

MAX_ANSWER_CHARS = 500_000  # as many as the host keeps
MAX_NAME = 100

Module, Match, Pattern = types.ModuleType, re.Match, re.Pattern
CONTAINERS = frozenset(map(id, (list, tuple, set, frozenset, dict, deque, KEYS, VALUES, ITEMS)))
ATOMS = frozenset(map(id, (str, bytes, bytearray, int, float, complex, bool, type(None))))
find_address = re.compile(r"^<.* at 0x[0-9a-f]+>$", re.DOTALL).search
ADVICE = {
    "function": "give it what the function returns",
    "async generator": "give it a list: [item async for item in …]",
    "a file": "give it what the file holds, such as {name}(file.read())",
    "an iterator": "write {name}(list(…))",
}
WHOLE = "give it as text, or give a part of it"


class Unfit(Exception):
    """`what` was given, and `advice` says what to give instead; both may name {name}."""

    def __init__(self, what, advice):
        super().__init__(what)
        self.what, self.advice = what, advice


def refuse_kind(kind):
    """Why no value of this type says what it is worth, as (what, advice); else None."""
    if kind is Match:
        return "a match", "give its text, as .group() or .groups()"
    name = hidden(kind)
    if name is None:
        return None
    return name, next((advice for part, advice in ADVICE.items() if part in name), "write {name}(await …)")


def tells_itself(value, kind):
    """Whether the value's repr says more than where in memory it is."""
    for one in mro_of(kind):
        if "__repr__" in members_of(one):
            if one is object or kind is Pattern:  # a long pattern's repr is cut
                return False
            shows = members_of(one)["__repr__"]
            return type(shows) is types.FunctionType or base_of(one) is not None or not find_address(repr(value))
    return False


def holds(value, kind):
    """What a value shows of others, in order."""
    base = base_of(kind)
    if base is dict:
        return [*dict.keys(value), *dict.values(value)]
    if base is not None and id(base) in CONTAINERS:
        return list(base.__iter__(value))
    if member(kind, "__dataclass_fields__")[0] or kind is types.SimpleNamespace:
        return [item for _, item in attributes_of(value)]
    return ()


def check(value):
    """Whether all that the value holds shows itself by its repr. Raises Unfit."""
    refused, done, opened = {}, set(), set()
    waiting = [iter((value,))]
    owners = [None]
    told = True
    while waiting:
        for item in waiting[-1]:
            kind = type(item)
            if id(kind) in ATOMS or id(item) in done:
                continue
            if id(item) in opened:
                raise Unfit("what holds itself", WHOLE)
            if id(kind) not in refused:
                refused[id(kind)] = kind, refuse_kind(kind)
            reason = refused[id(kind)][1]
            if reason is not None:
                raise Unfit(*reason) if item is value else Unfit(f"what holds {reason[0]}", "give text or data there")
            if id(kind) not in CONTAINERS and not tells_itself(item, kind):
                if not attributes_of(item) and base_of(kind) is None:
                    raise Unfit(f"an object of type {type_name(kind)}, which does not say what it holds",
                                "give it text or data")
                told = False
            inner = holds(item, kind)
            if inner:
                if len(waiting) > MAX_DEPTH:
                    raise Unfit(f"what is nested deeper than {MAX_DEPTH} levels", WHOLE)
                opened.add(id(item))
                waiting.append(iter(inner))
                owners.append(item)
                break
            done.add(id(item))
        else:
            waiting.pop()
            owner = owners.pop()
            opened.discard(id(owner))
            done.add(id(owner))
    return told


def refuse_top(value):
    """What may be a part of an answer, and is none by itself."""
    if value is None or value is ...:
        return f"{'None' if value is None else 'Ellipsis'}", "give it the answer, such as {name}(answer)"
    if any(one is type for one in mro_of(type(value))):
        return "a class", "give it text or data"
    return ("a module", "give it text or data") if isinstance(value, Module) else None


def plain(value, depth=4):
    """The same with spans as mappings of all their fields."""
    if type(value) is Span:
        return dict(value.items()) if show(value) is not None else value
    if type(value) is Spans or depth and type(value) in (list, tuple):
        kind = list if type(value) is Spans else type(value)
        return kind([plain(item, max(depth - 1, 0)) for item in value]) if holds_spans(value) else value
    if depth and type(value) is dict and holds_spans(value.values()):
        return {key: plain(item, depth - 1) for key, item in value.items()}
    return value


def holds_spans(items):
    return any(type(item) in (Span, Spans, list, tuple, dict) for item in items)


def whole_text(value, to_string=repr):
    """A string as it is, JSON where it is JSON, else as it shows itself. Raises Unfit."""
    if base_of(type(value)) is str:
        return exact(value)
    refused = refuse_top(value)
    if refused:
        raise Unfit(*refused)
    value = plain(value)
    form = scan(value)
    if form == "json" or form == "plain" and to_string is repr:
        return to_text(value)[1]
    if check(value):
        return exact(to_string(value))
    text, why = render(value, 2 * MAX_ANSWER_CHARS, MAX_DEPTH)
    if why is not None:
        raise Unfit(f"what is not shown whole, as {why}", WHOLE)
    return text


def utf16_length(text):
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def one_of(name, values, fields):
    """The value that was given, by place or as answer=…"""
    if len(values) == 1 and not fields:
        return values[0]
    if not values and len(fields) == 1 and "answer" in fields:
        return fields["answer"]
    if name == "SUBMIT" and fields and not values:
        return fields
    given = len(values) + len(fields)
    several = "SUBMIT(answer=…, more=…)" if name == "SUBMIT" else f"{name}({{…}})"
    raise TypeError(f"{name} takes one value, not {given}: {several} gives several")


def answer_text(name, values, fields):
    """The text of a final answer."""
    value = one_of(name, values, fields)
    if name == "SUBMIT" and type(value) is dict and len(value) == 1 and "answer" in value:
        value = value["answer"]
    try:
        text = whole_text(value)
    except Unfit as unfit:
        what, advice = unfit.what, unfit.advice.format(name=name)
        raise TypeError(f"{name} was given {what}: {advice}") from None
    size = len(text) if len(text) > 2 * MAX_ANSWER_CHARS else utf16_length(text)
    if size > MAX_ANSWER_CHARS:
        raise ValueError(f"the answer has {size} characters, and at most {MAX_ANSWER_CHARS} are kept: give less")
    return text


def variable_named(names, known, values):
    """The value of the variable that FINAL_VAR names."""
    name = one_of("FINAL_VAR", values, {})
    if base_of(type(name)) is not str or exact(name) not in known:
        listed = ", ".join(known) or "none"
        raise NameError(f"no variable is called {shown(name)}; there are: {listed[:2_000]}")
    return names[exact(name)]


def shown(value):
    text = repr(value) if type(value) is not str else repr(value[:MAX_NAME])
    return text if len(text) <= MAX_NAME else text[:MAX_NAME] + "…"


# Arguments of calls to sub-models and child sessions


def text_for(what, value):
    if type(value) is Span:
        return value.text
    try:
        return whole_text(value, str)
    except Unfit as unfit:
        advice = "await it first" if "await" in unfit.advice else "give it as text"
        raise TypeError(f"{what} must be text, not {unfit.what}: {advice}") from None


def prompt_from(value):
    return value if type(value) is str else text_for("a prompt", value)


def items_of(what, value):
    """The items of a list or another row of values: a string or a mapping is none."""
    base = base_of(type(value))
    if base is str or base is dict or value is None or base in (bytes, bytearray, int, float):
        raise TypeError(f"{what} must be a list, one item for each prompt, not {shown(value)}")
    return list(value)


def prompts_from(values):
    return [prompt_from(value) for value in items_of("prompts", values)]


def model_from(value):
    if value is None or type(value) is str:
        return value
    if base_of(type(value)) is not str:
        raise TypeError(f"model must be a name, not {shown(value)}")
    return exact(value)


def context_from(value, name="context"):
    """Text, a list of texts, or a mapping from names to texts."""
    if value is None or type(value) is str:
        return value
    base = base_of(type(value))
    if base is str:
        return exact(value)
    if type(value) is Span:
        return value.text
    if base is dict:
        mapping = {}
        for key, item in dict.items(value):
            if base_of(type(key)) is not str:
                raise TypeError(f"the keys of {name} must be texts, not {shown(key)}")
            mapping[exact(key)] = text_for(f"{name}[{shown(key)}]", item)
        return mapping
    if base is list or base is tuple:
        return [text_for(f"{name}[{at}]", item) for at, item in enumerate(base.__iter__(value))]
    raise TypeError(f"{name} must be text, or a dict or list of texts, not {shown(value)}")


def contexts_from(values):
    if values is None:
        return None
    return [context_from(value, f"contexts[{at}]") for at, value in enumerate(items_of("contexts", values))]
