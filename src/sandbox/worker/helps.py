# help: of the REPL's functions a line each, of anything else what Python knows.
import sys

from replHelp import HELP


def told(name):
    text = HELP[name]
    return text if text.startswith(name) else f"{name}: {text}"


class Help:
    """help(grep): what it does; help(): all that the REPL offers."""

    def __init__(self, offered, other):
        self.offered, self.other = dict(offered), other

    def __repr__(self):
        return "help(grep) says what a function does, help() what there is"

    def __call__(self, *asked):
        if not asked:
            return self.say(map(told, HELP))
        name = next((name for name, value in self.offered.items() if value is asked[0]), asked[0])
        if isinstance(name, str) and name in HELP:
            return self.say([told(name)])
        return self.other(*asked)

    def say(self, rows):
        sys.stdout.write("\n".join(rows) + "\n")
