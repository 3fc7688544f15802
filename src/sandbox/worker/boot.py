# The resident loop of a Python sandbox: takes messages from /dev/rlm, runs steps, answers.
# It holds its own references to all it needs, so that code which overwrites builtins or this
# module's imports breaks its own step and not the next one.
import _sitebuiltins
import ast
import builtins
import gc
import io
import json
import linecache
import operator
import os
import signal
import sys
import time
import traceback
import types
import zlib  # noqa: F401  (imported once here: steps that use it start faster)

RESULT = "__step_result__"  # holds a trailing expression's value for a moment
MAX_ANSWER_CHARS = 500_001  # one more than the host keeps, so that it cuts, and knows


def main(spans, variables, previews, loop):
    builtins.help = _sitebuiltins._Helper()
    del sys.addaudithook  # a hook cannot be taken back, and could refuse every later step
    device = os.open("/dev/rlm", os.O_RDWR)
    read, write, perf = os.read, os.write, time.perf_counter
    loads = json.JSONDecoder().decode
    dumps = json.JSONEncoder(ensure_ascii=True, check_circular=False, allow_nan=False).encode
    compile_, eval_, exec_ = builtins.compile, builtins.eval, builtins.exec
    Expr, Name, Store, Assign, copy_location = ast.Expr, ast.Name, ast.Store, ast.Assign, ast.copy_location
    to_tree = ast.PyCF_ONLY_AST
    TracebackException, extract_tb = traceback.TracebackException, traceback.walk_tb
    set_handler, SIGINT, interrupt = signal.signal, signal.SIGINT, signal.default_int_handler
    line_cache = linecache.cache
    saved_builtins = dict(vars(builtins))
    live_builtins = vars(builtins)
    all_, map_, same = builtins.all, builtins.map, operator.is_
    collect = gc.collect
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    char_bytes = {"x": 1, "\u00ff": 1, "\u0100": 2, "\U00010000": 4}  # of the strings that are filled

    def receive_exactly(size):
        data = read(device, size)
        if len(data) == size:
            return data
        parts, got = [data], len(data)
        while got < size:
            data = read(device, size - got)
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    def receive():
        return loads(receive_exactly(int(receive_exactly(16))).decode("utf-8", "surrogatepass"))

    def send(message):
        """A write is one message; it leaves with the next read."""
        write(device, dumps(message).encode("ascii"))

    class HostError(RuntimeError):
        """The host refused a call; `code` says why."""

        def __init__(self, code, message):
            super().__init__(f"{code}: {message}")
            self.code = code

    state = {"id": "", "call": 0, "final": None}

    def call_host(name, *args):
        number = state["call"]
        state["call"] = number + 1
        try:
            send({"kind": "call", "id": state["id"], "call": number, "name": name, "args": args})
        except OSError:
            raise ValueError(f"what is sent by {name} is too large") from None
        reply = receive()
        if reply.get("interrupted"):
            raise KeyboardInterrupt
        error = reply.get("error")
        if error:
            raise HostError(error["code"], error["message"])
        value = reply.get("value")
        if "byteLength" in reply:
            value["bytes"] = receive_exactly(reply["byteLength"])
        return value

    class Capture(io.TextIOBase):
        """Keeps the first `cap` UTF-16 units written to it and counts the rest."""

        def __init__(self):
            self.reset(0)

        def reset(self, cap):
            self.room, self.parts, self.dropped = cap, [], 0

        encoding = "utf-8"

        def writable(self):
            return True

        def isatty(self):
            return False

        def write(self, text):
            if not isinstance(text, str):
                raise TypeError("write() argument must be str, not " + type(text).__name__)
            text = exact(text)
            size = len(text)
            kept = text if size <= self.room else text[: self.room]
            units = utf16_length(kept)
            if units > self.room:
                kept = kept[: self.room // 2]
                units = utf16_length(kept)
            self.parts.append(kept)
            self.room -= units
            if len(kept) < size:
                self.dropped += size - len(kept)
                self.room = 0
            return size

    def exact(text):
        """A subclass of str may say anything of its length and its slices."""
        return "".join((text,))

    def utf16_length(text):
        return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2

    out, err = Capture(), Capture()
    module = types.ModuleType("__main__")
    names = module.__dict__
    sys.modules["__main__"] = module

    def as_text(answer):
        return answer if isinstance(answer, str) else variables.to_text(answer)

    def FINAL(answer):
        """Record the final answer; the step goes on, and the last call counts."""
        state["final"] = exact(as_text(answer))[:MAX_ANSWER_CHARS]

    def FINAL_VAR(name):
        """Record the value of the variable called `name` as the final answer."""
        if name not in names:
            known = ", ".join(variables.own_names()) or "none"
            raise NameError(f"there is no variable {name!r}; your variables: {known}")
        FINAL(names[name])

    def SUBMIT(*args, **fields):
        """SUBMIT(answer) or SUBMIT(answer=…): record the final answer."""
        if args:
            FINAL(args[0] if len(args) == 1 else list(args))
        else:
            FINAL(fields["answer"] if set(fields) == {"answer"} else fields)

    def SHOW_VARS():
        """Print the variables of this session: name, type, size."""
        rows = variables.rows()
        print_("\n".join(f"{name}  {type_}  {'' if size is None else size}".rstrip()
                         for name, type_, size in rows) or "(no variables)")
        return {name: type_ for name, type_, _ in rows}

    def llm_query(prompt, model=None):
        """Ask a sub-model; returns its answer as text."""
        return call_host("llm_query", str(prompt), model)

    def call_batch(name, prompts, *args):
        reply = call_host(name, [str(prompt) for prompt in prompts], *args)
        for failure in reply["failures"]:
            print_(f"{name}: prompt {failure['index']} has no answer (None): "
                   f"{failure['code']}: {failure['message']}", file=sys.stderr)
        return reply["answers"]

    def llm_query_batched(prompts, model=None):
        """Ask a sub-model many prompts at once; returns the answers in order, None for what failed."""
        return call_batch("llm_query_batched", prompts, model)

    def rlm_query(prompt, context="", model=None):
        """Give a sub-session its own context and question; returns its answer."""
        return call_host("rlm_query", str(prompt), context, model)

    def rlm_query_batched(prompts, contexts=None, model=None):
        """Like rlm_query for many prompts at once; returns the answers in order, None for what failed."""
        return call_batch("rlm_query_batched", prompts, contexts, model)

    def budget():
        """What is left of this session's limits."""
        return call_host("budget")

    def sleep(seconds):
        """Suspend for the given number of seconds; can be interrupted."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        call_host("sleep", seconds * 1000)

    print_ = builtins.print
    offered = {
        "llm_query": llm_query,
        "llm_query_batched": llm_query_batched,
        "rlm_query": rlm_query,
        "rlm_query_batched": rlm_query_batched,
        "budget": budget,
        "FINAL": FINAL,
        "FINAL_VAR": FINAL_VAR,
        "SUBMIT": SUBMIT,
        "SHOW_VARS": SHOW_VARS,
        **spans.offered(names, call_host),
    }
    shadowed = (*offered, "print")
    variables.watch(names, frozenset(shadowed))
    loop.install(sleep)

    def restore_builtins():
        if len(live_builtins) != len(saved_builtins) or not all_(
            map_(same, live_builtins.values(), saved_builtins.values())
        ):
            live_builtins.clear()
            live_builtins.update(saved_builtins)

    def restore():
        dict.__setitem__(names, "__builtins__", builtins)
        names.pop(RESULT, None)
        restore_builtins()
        for name in shadowed:
            if name in offered:
                names[name] = offered[name]
            else:
                names.pop(name, None)
        sys.modules["__main__"] = module
        sys.stdout, sys.stderr = out, err
        time.sleep = sleep

    def compile_step(code, filename):
        """Compiles the code; a trailing expression's value is kept under a name of ours."""
        tree = compile_(code, filename, "exec", to_tree | flags, True)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, Expr):
            keep = Name(RESULT, Store(), lineno=last.lineno, col_offset=last.col_offset,
                        end_lineno=last.lineno, end_col_offset=last.col_offset)
            tree.body[-1] = copy_location(Assign([keep], last.value), last)
        return compile_(tree, filename, "exec", flags, True)

    def execute(code, filename):
        """Runs the code; returns the value of a trailing expression."""
        body = compile_step(code, filename)
        variables.mention(body)
        if body.co_flags & 0x80:  # inspect.CO_COROUTINE: it awaits at the top level
            loop.run(eval_(body, names))
        else:
            exec_(body, names)
        return names.pop(RESULT, None)

    spoilers = ("MemoryError", "RecursionError", "SystemError", "KeyboardInterrupt")

    def is_sound():
        """Whether the interpreter still does its work: C code that recursed too deep can spoil it."""
        try:
            space = {"__builtins__": builtins}
            exec_(compile_step("def f(a):\n    return [a, *(b for b in (1, 2))]\nf({})", "<probe>"), space)
            return space[RESULT] == [{}, 1, 2]
        except BaseException:  # noqa: BLE001
            return False

    def describe_error(error, filename, cap):
        """What a person needs of an error, without the frames of this file."""
        kind = type(error)
        trail = error.__traceback__
        while trail is not None and not trail.tb_frame.f_code.co_filename.startswith("<step"):
            trail = trail.tb_next
        line = None
        for frame, number in extract_tb(trail):
            if frame.f_code.co_filename == filename:
                line = number
        if isinstance(error, SyntaxError) and error.filename == filename:
            line = error.lineno
        described = TracebackException(kind, error, trail, limit=-40)
        hide_frames(described)
        text = "".join(described.format())
        message = exact(str(error))
        half = cap // 2
        if len(text) > cap:
            text = text[:half] + "\n…\n" + text[-half:]
        return {"type": kind.__name__[:200], "message": message[:4000], "line": line,
                "traceback": text}

    def hide_frames(described):
        """Takes out the frames of this runner and of the import machinery, in causes too."""
        for _ in range(20):
            if described is None:
                return
            described.stack[:] = [frame for frame in described.stack
                                  if not frame.filename.startswith(("/rlm/", "<frozen "))]
            described = described.__cause__ or described.__context__

    def fallback_error(error):
        return {"type": type(error).__name__[:200], "message": "", "line": None, "traceback": ""}

    def run(message):
        step, code, cap = message["step"], message["code"], message["maxOutputChars"]
        filename = f"<step {step}>"
        restore()
        out.reset(cap)
        err.reset(cap)
        state.update(id=message["id"], call=0, final=None)
        line_cache[filename] = (len(code), None, code.splitlines(True), filename)
        line_cache.pop(f"<step {step - 100}>", None)
        outcome = {"result": None, "error": None, "variables": [], "changes": [], "dropped": 0}
        started = perf()
        failure = None
        set_handler(SIGINT, interrupt)
        try:
            try:
                value = execute(code, filename)
                restore_builtins()
                if value is not None:
                    text = exact(previews.bounded_repr(value, cap))
                    outcome["result"] = text[:cap]
                    outcome["dropped"] = max(0, len(text) - cap)
                del value
            except BaseException as error:  # noqa: BLE001  (whatever the code raised)
                restore_builtins()
                failure = error
                outcome["error"] = fallback_error(error)
                outcome["error"] = describe_error(error, filename, 8000)
                failure = error = None
        except BaseException as error:  # noqa: BLE001  (interrupted or out of memory in the above)
            if outcome["error"] is None:
                outcome["error"] = fallback_error(error)
            failure = error = None
        try:
            outcome["variables"], outcome["changes"] = variables.compare()
        except BaseException:  # noqa: BLE001
            set_handler(SIGINT, ignore)
            outcome["variables"] = variables.listed_names(variables.own_names())
        set_handler(SIGINT, ignore)
        restore_builtins()
        return {
            "stdout": "".join(out.parts),
            "stderr": "".join(err.parts),
            "droppedChars": out.dropped + err.dropped + outcome.pop("dropped"),
            "finalAnswer": state["final"],
            "durationMs": (perf() - started) * 1000,
            **outcome,
        }

    def ignore(_signal, _frame):
        """An interrupt that arrives after the code has ended has nothing to interrupt."""

    def load_text(source):
        """A short text is read; the host fills a long one in place."""
        filler, size = source["filler"], source["codePoints"]
        if filler is None:
            return str(receive_exactly(source["byteLength"]) if size else b"", "utf-8")
        text = filler * size
        header = text.__sizeof__() - (size + 1) * char_bytes[filler]
        write(device, b"fill %d" % (id(text) + header))
        return text

    def load(message):
        """Makes the texts of the message and binds them."""
        sources = message["sources"]
        total = 0
        lines = 0
        texts = []
        try:
            for source in sources:
                text = load_text(source)
                texts.append(text)
                total += len(text)
                lines += source["lines"]
        except MemoryError:
            texts = None
            collect()
            return None
        preview = ""
        for text in texts:
            if len(preview) < 500:
                preview += text[: 500 - len(preview)]
        paths = [source["path"] for source in sources]
        value = texts[0] if message["shape"] == "string" else dict(zip(paths, texts))
        names[message["variable"]] = value
        variables.know(message["variable"], value)
        spans.know(message["contextIndex"], paths, texts)
        return {"totalChars": total, "totalLines": lines, "preview": preview,
                "sourceChars": [len(text) for text in texts[:50]]}

    def read_value(message):
        set_handler(SIGINT, interrupt)
        try:
            return variables.read(message["name"], message["offset"], message["maxChars"])
        finally:
            set_handler(SIGINT, ignore)

    set_handler(SIGINT, ignore)
    restore()
    send({"kind": "ready", "detail": "CPython " + sys.version.split()[0] + " on WebAssembly"})
    while True:
        message = receive()
        kind, answer_id = message["kind"], message["id"]
        if kind == "run":
            outcome = run(message)
            if outcome["error"] and outcome["error"]["type"] in spoilers and not is_sound():
                send({"kind": "broken", "message": "deep recursion in C code spoiled the interpreter"})
            else:
                send({"kind": "ran", "id": answer_id, "outcome": outcome})
        elif kind == "load":
            send({"kind": "loaded", "id": answer_id, "sizes": load(message)})
        elif kind == "read":
            restore()
            try:
                value = read_value(message)
            except BaseException as error:  # noqa: BLE001  (a broken __repr__, or interrupted)
                value = {"type": "unreadable", "form": "repr", "totalChars": 0, "text": "",
                         "incomplete": "it could not be read"} if message["name"] in names else None
            send({"kind": "value", "id": answer_id, "value": value})
