"""A program in a terminal of its own.

python3 pseudo-terminal.py COLUMNS PROGRAM [ARGUMENT ...]

A line with a number on stdin makes the terminal so wide; its end closes the terminal. On stdout, a JSON line each: what the program wrote
({"data": base64}), that the terminal has another width ({"columns": n}), and how the program ended ({"exitCode": n}).
"""

import base64
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios

ROWS = 24


def set_width(file, columns):
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))


def say(**what):
    print(json.dumps(what), flush=True)


def read_some(master, wait):
    """Whether there was anything, or the program is still there."""
    if not select.select([master], [], [], wait)[0]:
        return False
    try:
        data = os.read(master, 65536)
    except OSError:
        data = b""
    if not data:
        raise EOFError
    say(data=base64.b64encode(data).decode())
    return True


child, master = pty.fork()
if child == 0:
    set_width(0, int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
set_width(master, int(sys.argv[1]))
try:
    while True:
        if select.select([master, sys.stdin], [], [])[0] == [sys.stdin]:
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            while read_some(master, 0):
                pass
            set_width(master, int(line))
            say(columns=int(line))
        else:
            read_some(master, 0)
except EOFError:
    pass
os.close(master)
status = os.waitpid(child, 0)[1]
say(exitCode=os.waitstatus_to_exitcode(status))
