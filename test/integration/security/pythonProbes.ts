// What Python code tries from inside its place, by what it would be.

/** Each gives what it could do: `[]`, or an error, is what it must be. */
export const pythonProbes: Readonly<Record<string, string>> = {
  'reading host files':
    'found = []\nfor path in ("{secretFile}", "/etc/shadow", "/root/.bashrc", "/proc/kcore", "/proc/1/mem"):\n' +
    '    try:\n        open(path, "rb").read(1)\n        found.append(path)\n    except OSError: pass\nfound',
  'reading a host file by a link':
    'import os\nos.symlink("{secretFile}", "link")\ntry: said = [open("link").read()]\nexcept OSError: said = []\nsaid',
  'reading a host file through the root of another process':
    'import os, glob\nfound = []\nfor root in glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/cwd"):\n' +
    '    try: found += [root] if os.path.exists(root + "{secretFile}") else []\n    except OSError: pass\nfound',
  'finding the key in an environment, an argument or the memory of any process':
    'import glob\nfound = []\nfor file in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):\n' +
    '    try:\n        if b"planted" in open(file, "rb").read().replace(b"planted\\" in", b""): found.append(file)\n    except OSError: pass\nfound',
  'seeing processes of the host':
    'import os\n[name for name in os.listdir("/proc") if name.isdecimal() and b"node" in open(f"/proc/{name}/cmdline", "rb").read().split(b"\\0")[0]]',
  'connecting to the host':
    'import socket\nfound = []\nfor address in ("127.0.0.1", "::1", "169.254.169.254", "10.0.2.2", "192.168.127.254", "8.8.8.8"):\n' +
    '    try:\n        socket.create_connection((address, {port} if ":" in address or address.startswith("127") else 80), 0.3)\n        found.append(address)\n    except OSError: pass\nfound',
  'resolving names':
    'import socket\ntry: found = [socket.gethostbyname("example.com")]\nexcept OSError: found = []\nfound',
  'finding a network device but its own loopback':
    'import socket\n[name for _, name in socket.if_nameindex() if name != "lo"]',
  'reaching the container runtime’s socket, or any other of the host':
    'import glob, os, stat\nfound = []\nfor folder, _, names in os.walk("/", followlinks=False):\n' +
    '    if folder.startswith(("/proc", "/sys", "/usr")): continue\n    for name in names:\n' +
    '        try:\n            if stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode): found.append(os.path.join(folder, name))\n        except OSError: pass\nfound',
  'writing outside its folders':
    'import os\nfound = []\nfor path in ("/usr/x", "/etc/x", "/x", "/bin/x", "/proc/x", "/sys/x", "/dev/x", "{marker}"):\n' +
    '    try:\n        open(path, "w").write("x")\n        found.append(path)\n    except OSError: pass\nfound',
  mounting:
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n' +
    '[n for n, done in enumerate((libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.mount(b"/", b"/tmp", None, 4096, None), libc.umount2(b"/usr", 2), libc.mount(None, b"/", None, 32 | 4096, None))) if done == 0]',
  'making namespaces of its own':
    'import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nfound = []\nfor flag in (0x10000000, 0x20000, 0x40000000, 0x20000000):\n' +
    '    child = os.fork()\n    if child == 0: os._exit(0 if libc.unshare(flag) == 0 else 1)\n' +
    '    if os.waitpid(child, 0)[1] == 0: found.append(hex(flag))\nfound',
  'system calls that analyses do not need':
    'import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nintel = os.uname().machine == "x86_64"\nfound = []\n' +
    'calls = {"ptrace": (101, 117), "keyctl": (250, 219), "add_key": (248, 217), "bpf": (321, 280), "perf": (298, 241), "userfaultfd": (323, 282),\n' +
    '         "io_uring": (425, 425), "process_vm_readv": (310, 270), "open_tree": (428, 428), "fsopen": (430, 430), "unshare": (272, 97), "setns": (308, 268)}\n' +
    'for name, numbers in calls.items():\n    ctypes.set_errno(0)\n' +
    '    if libc.syscall(numbers[0 if intel else 1], 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1: found.append((name, ctypes.get_errno()))\nfound',
  'a new user namespace by clone':
    'import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nnumber = 56 if os.uname().machine == "x86_64" else 220\n' +
    'child = libc.syscall(number, 0x10000011, 0, 0, 0, 0)\nif child == 0: os._exit(0)\n[child] if child > 0 else []',
  'becoming somebody else':
    'import os\nfound = []\nfor call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.chroot("/tmp")):\n' +
    '    try:\n        call()\n        found.append(os.getresuid()[0] == 0)\n    except OSError: pass\n[one for one in found if one]',
  'gaining rights from a program of root':
    'import os, stat, subprocess\nprograms = [p for p in ("/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount", "/bin/su") if os.path.exists(p) and os.stat(p).st_mode & stat.S_ISUID]\n' +
    '[] if int(next(line for line in open("/proc/self/status") if line.startswith("NoNewPrivs")).split()[1]) == 1 else programs + ["no_new_privs is off"]',
  'having capabilities':
    '[line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapPrm", "CapInh", "CapAmb")) and int(line.split()[1], 16)]',
  'making device files':
    'import os, stat\nfound = []\ntry:\n    os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))\n    found.append("disk")\nexcept OSError: pass\nfound',
  'reading devices of the host':
    'import os\n[name for name in os.listdir("/dev") if name in ("kmsg", "mem", "kcore", "sda", "vda", "nvme0n1", "kvm", "fuse")]',
  'changing the system by /proc':
    'found = []\nfor path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory"):\n' +
    '    try:\n        open(path, "w").write("1")\n        found.append(path)\n    except OSError: pass\nfound',
  'signalling processes of the host':
    'import os\nfound = []\nfor number in ({pid}, {parent}):\n    try:\n        os.kill(number, 0)\n        found.append(number)\n    except OSError: pass\n' +
    '[one for one in found if b"node" in open(f"/proc/{one}/cmdline", "rb").read()]',
};
