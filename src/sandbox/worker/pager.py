# The pager that pydoc wants, for help(): this build leaves out the module that has it.
import sys


def plain_pager(text, title=""):
    sys.stdout.write(text + "\n")


pipe_pager = tempfile_pager = tty_pager = plain_pager


def plain(text):
    return text


escape_less = plain


def get_pager():
    return plain_pager
