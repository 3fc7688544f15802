# help: of the REPL's functions a line each, of anything else what Python knows.
import sys

from replHelp import HELP

MAX_TOPIC = 100  # of what Python has help for by a text


def told(name):
    text = HELP[name]
    return text if text.startswith(name) else f"{name}: {text}"


class Help:
    """help(grep): what it does; help(): all that the REPL offers."""

    def __init__(self, offered, other, names):
        self.offered, self.other, self.names = dict(offered), other, names

    def __repr__(self):
        return "help(grep) says what a function does, help() what there is"

    def __call__(self, *asked):
        if not asked:
            return self.say(map(told, HELP))
        name = next((name for name, value in self.offered.items() if value is asked[0]), asked[0])
        if asked[0] is self.names.get("context"):
            name = "context"
        if type(name) is str and name in HELP:
            return self.say([told(name)])
        if type(name) is str and len(name) > MAX_TOPIC:
            raise TypeError(f"there is no help for a text of {len(name)} characters: help() tells what the REPL offers")
        return self.other(*asked)

    def say(self, rows):
        sys.stdout.write("\n".join(rows) + "\n")
