"""Runs a program in a terminal of its own, presses Ctrl-C when it shows progress, and answers.

    interrupt.py ANSWER PROGRAM ARGUMENT…

Prints what the terminal showed and ends as the program did.
"""

import os
import pty
import select
import sys
import time

answer, program = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program[0], program)

screen = b""


def wait_for(what):
    global screen
    end = time.monotonic() + 60
    while what not in screen:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"waited a minute for {what} in {screen}")
        try:
            screen += os.read(terminal, 4096)
        except OSError:
            sys.exit(f"the program ended before {what}: {screen}")


wait_for(b"left")
os.write(terminal, b"\x03")
wait_for(b"[y/N]")
os.write(terminal, answer.encode() + b"\n")
try:
    while piece := os.read(terminal, 4096):
        screen += piece
except OSError:
    pass  # The program has ended.
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
