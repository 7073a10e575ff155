"""Holds the master of a terminal for a test, plays the part of its user, and tells as JSON what it has seen.

terminal.py sit ROWS COLUMNS STEPS COMMAND...   a new terminal, in which the command runs
terminal.py listen SOCKET STEPS                 the terminal that a runtime sends to this unix socket

STEPS is a JSON list: ["expect", text] ["type", text] ["size", rows, columns] ["mode"] ["signal", number] ["drain"] ["hang up"]
"""

import array
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import time

PATIENCE = 8


class User:
    def __init__(self, master, pid=0):
        self.master = master
        self.pid = pid
        self.output = b""
        self.seen = 0
        self.modes = []
        self.ended = False

    def read(self, seconds):
        if self.ended or not select.select([self.master], [], [], max(0, seconds))[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.ended = data == b""
        self.output += data
        return not self.ended

    def expect(self, text):
        end = time.monotonic() + PATIENCE
        wanted = text.encode()
        while True:
            at = self.output.find(wanted, self.seen)
            if at >= 0:
                self.seen = at + len(wanted)
                return
            if self.ended or time.monotonic() > end:
                raise AssertionError(f"{text!r} did not come")
            self.read(end - time.monotonic())

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.master, data) :]

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def mode(self):
        _, output, _, local, _, _, _ = termios.tcgetattr(self.master)
        flag = lambda word, bit: bool(word & bit)
        self.modes.append(
            {
                "canonical": flag(local, termios.ICANON),
                "echo": flag(local, termios.ECHO),
                "signals": flag(local, termios.ISIG),
                "post": flag(output, termios.OPOST),
            }
        )

    def signal(self, number):
        os.kill(self.pid, number)

    def drain(self):
        end = time.monotonic() + PATIENCE
        while not self.ended and time.monotonic() < end:
            self.read(end - time.monotonic())

    def hang_up(self):
        os.close(self.master)
        self.ended = True

    def play(self, steps):
        try:
            for name, *given in steps:
                getattr(self, name.replace(" ", "_"))(*given)
        except AssertionError as error:
            return str(error)
        return None


def sit(rows, columns, steps, command):
    master, terminal = os.openpty()
    user = User(master)
    user.size(int(rows), int(columns))
    user.pid = os.fork()
    if user.pid == 0:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for stream in range(3):
            os.dup2(terminal, stream)
        os.closerange(3, 256)
        os.execvp(command[0], command)
    # Open here too, so that the mode can be asked for after the command has ended.
    error = user.play(steps)
    end = time.monotonic() + PATIENCE
    status = None
    while status is None and time.monotonic() < end:
        user.read(0.02)
        pid, found = os.waitpid(user.pid, os.WNOHANG)
        status = found if pid else None
    if status is None:
        os.kill(user.pid, signal.SIGKILL)
        os.waitpid(user.pid, 0)
        error = error or "the command did not end"
    if not user.ended:
        user.mode()
    while user.read(0.05):
        pass
    code = None if status is None else os.waitstatus_to_exitcode(status)
    return user, {"code": code, "error": error}


def listen(path, steps):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen()
    server.settimeout(PATIENCE)
    print("ready", file=sys.stderr, flush=True)
    connection, _ = server.accept()
    connection.settimeout(PATIENCE)
    data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16))
    fds = array.array("i")
    for level, kind, content in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content)
    more = connection.recv(1)
    user = User(fds[0])
    error = user.play(steps)
    return user, {"name": data.decode(), "descriptors": len(fds), "rest": more.decode(), "error": error}


def main():
    how, *words = sys.argv[1:]
    if how == "sit":
        rows, columns, steps, *command = words
        user, told = sit(rows, columns, json.loads(steps), command)
    else:
        user, told = listen(words[0], json.loads(words[1]))
    told["output"] = user.output.decode(errors="replace")
    told["modes"] = user.modes
    print(json.dumps(told))


main()
