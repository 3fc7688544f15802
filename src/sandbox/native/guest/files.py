# The files of a place, as the host asks for them: lists, reads and writes below the folders that the session has. Code
# runs beside this and may swap what a path names: what was opened is checked, not what was named.
import base64
import errno
import os
import secrets
import stat
import sys

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MAX_NAME = 255
REASONS = {errno.ENOENT: "missing", errno.EEXIST: "exists", errno.ENOSPC: "full", errno.EDQUOT: "full",
           errno.EFBIG: "too_large", errno.ENOTDIR: "wrong_kind", errno.EISDIR: "wrong_kind",
           errno.ELOOP: "wrong_kind", errno.ENXIO: "wrong_kind", errno.ENAMETOOLONG: "invalid"}


class Refused(Exception):
    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


class Files:
    """`folder`: where relative paths begin. `roots`: what may be reached, and nothing else."""

    def __init__(self, folder, roots):
        self.folder = folder
        self.roots = [os.path.realpath(root) for root in (folder, *roots)]
        self.upload = None

    def answer(self, asked):
        """An operation as the host sends it; never raises."""
        try:
            if asked["kind"] != "write":
                self.abandon()
            return getattr(self, asked["kind"])(asked)
        except Refused as refused:
            return {"kind": "refused", "reason": refused.reason, "message": str(refused)}
        except OSError as error:
            reason = REASONS.get(error.errno, "failed")
            return {"kind": "refused", "reason": reason, "message": os.strerror(error.errno or errno.EIO)}
        except (ValueError, MemoryError) as error:
            return {"kind": "refused", "reason": "invalid", "message": str(error) or type(error).__name__}

    def list(self, asked):
        path = self.resolve(asked["path"])
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            return {"kind": "list", "path": to_text(path), "entries": [to_entry(path, os.lstat(path))], "total": 1}
        folder = self.open(path, FOLDER)
        try:
            names = sorted(os.listdir(folder), key=os.fsencode)
            entries = []
            for name in names[: asked["maxEntries"]]:
                try:
                    info = os.stat(name, dir_fd=folder, follow_symlinks=False)
                except FileNotFoundError:
                    continue  # code has just removed it
                entries.append(to_entry(os.path.join(path, name), info))
        finally:
            os.close(folder)
        return {"kind": "list", "path": to_text(path), "entries": entries, "total": len(names)}

    def read(self, asked):
        path = self.resolve(asked["path"])
        file = self.open(path, READ)
        try:
            info = os.fstat(file)
            if not stat.S_ISREG(info.st_mode):
                raise Refused("wrong_kind", f"{to_text(path)} is {describe(info)}, not a file")
            parts, at, left = [], asked["offset"], asked["maxBytes"]
            while left:
                part = os.pread(file, left, at)
                if not part:
                    break
                parts.append(part)
                at, left = at + len(part), left - len(part)
        finally:
            os.close(file)
        return {"kind": "read", "path": to_text(path), "content": base64.b64encode(b"".join(parts)).decode("ascii"),
                "totalBytes": info.st_size, "version": f"{info.st_ino}-{info.st_mtime_ns}-{info.st_size}"}

    def write(self, asked):
        if asked["offset"] == 0:
            self.abandon()
            self.upload = Upload(self, asked)
        upload = self.upload
        if upload is None or (upload.asked["path"], upload.written) != (asked["path"], asked["offset"]):
            raise Refused("failed", "the pieces of the file came out of order")
        try:
            upload.add(base64.b64decode(asked["content"]))
            replaced = upload.finish() if upload.written == asked["totalBytes"] else False
        except BaseException:
            self.abandon()
            raise
        if upload.written == asked["totalBytes"]:
            self.abandon()
        return {"kind": "write", "path": to_text(upload.path), "replaced": replaced}

    def abandon(self):
        """What was uploaded in part is gone."""
        upload, self.upload = self.upload, None
        if upload:
            upload.close()

    def resolve(self, given):
        """An absolute path without links, below the roots when it was looked at."""
        if not given or "\0" in given:
            raise Refused("invalid", f"{given!r} is not a path")
        whole = os.path.join(self.folder, os.fsencode(given).decode("utf-8", "surrogateescape"))
        path = os.path.realpath(whole)
        if not self.allows(path):
            raise Refused("outside", f"{given} is outside {', '.join(self.roots)}")
        names = whole.split("/")
        for at, name in enumerate(names):
            if name == "..":
                os.stat("/".join([*names[:at], "."]))  # realpath leaves a folder that is not there by its name alone
        if names[-1] in ("", ".") and os.path.lexists(path):
            os.stat(path + "/")
        return path

    def allows(self, path):
        return any(path == root or path.startswith(root + "/") for root in self.roots)

    def open(self, path, flags):
        file = os.open(path, flags)
        try:
            if sys.platform == "linux" and not self.allows(os.readlink(f"/proc/self/fd/{file}")):
                raise Refused("outside", f"{to_text(path)} has been moved")
            return file
        except BaseException:
            os.close(file)
            raise


class Upload:
    """A file that takes its name when all of it is there."""

    def __init__(self, files, asked):
        self.asked, self.written = asked, 0
        self.path = files.resolve(asked["path"])
        if asked["path"].endswith("/") or os.path.isdir(self.path):
            raise Refused("wrong_kind", f"{to_text(self.path)} is a folder; name a file")
        if not asked["overwrite"] and os.path.lexists(self.path):
            raise Refused("exists", f"{to_text(self.path)} is there already")
        parent, self.name = os.path.split(self.path)
        if len(os.fsencode(self.name)) > MAX_NAME:
            raise Refused("invalid", "the name is longer than a file's may be")
        os.makedirs(parent, exist_ok=True)
        self.folder = files.open(parent, FOLDER)
        self.temporary = f".upload-{secrets.token_hex(8)}"
        try:
            self.file = os.open(self.temporary, NEW, 0o644, dir_fd=self.folder)
        except BaseException:
            os.close(self.folder)
            raise

    def add(self, data):
        view = memoryview(data)
        while view:
            size = os.write(self.file, view)
            view, self.written = view[size:], self.written + size

    def finish(self):
        """Whether it took the place of another. The name is taken in one move, and never from a file unasked."""
        here = {"src_dir_fd": self.folder, "dst_dir_fd": self.folder}
        try:
            old = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            old = None
        if old is not None and not stat.S_ISREG(old.st_mode):
            raise Refused("wrong_kind", f"{to_text(self.path)} is {describe(old)}, not a file")
        if self.asked["overwrite"]:
            os.rename(self.temporary, self.name, **here)
        else:
            os.link(self.temporary, self.name, **here)
        return old is not None

    def close(self):
        os.close(self.file)
        try:
            os.unlink(self.temporary, dir_fd=self.folder)
        except OSError:
            pass  # it has taken its name, or code removed it
        os.close(self.folder)


def to_entry(path, info):
    return {"path": to_text(path), "kind": to_kind(info.st_mode), "bytes": info.st_size,
            "modifiedAt": info.st_mtime_ns // 1_000_000, "named": is_utf8(path)}


def to_kind(mode):
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "other"


def describe(info):
    mode = info.st_mode
    return ("a folder" if stat.S_ISDIR(mode) else "a link" if stat.S_ISLNK(mode) else "a pipe" if stat.S_ISFIFO(mode)
            else "a socket" if stat.S_ISSOCK(mode) else "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a file")


def is_utf8(path):
    try:
        path.encode("utf-8")
        return True
    except UnicodeEncodeError:
        return False


def to_text(path):
    return os.fsencode(path).decode("utf-8", "replace")
