# The pager that pydoc wants, for help(): this build leaves out the module that has it.
import re
import sys


def plain_pager(text, title=""):
    sys.stdout.write(plain(text) + "\n")


pipe_pager = tempfile_pager = tty_pager = plain_pager


def plain(text):
    """Without the overstrikes that stand for bold letters."""
    return re.sub(".\b", "", text, flags=re.DOTALL)


escape_less = plain


def get_pager():
    return plain_pager
