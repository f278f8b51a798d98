"""As much of a Redis client as is needed: commands on a socket, many of them before the first answer."""

import socket


class RedisError(OSError):
    pass


class RedisClient:
    """A client of the server with the address `redis+unix://SOCKET`."""

    def __init__(self, url):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(url.removeprefix("redis+unix://"))
        self.answers = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers.close()
        self.socket.close()

    def run(self, *command):
        return self.run_all([command])[0]

    def run_all(self, commands):
        """Sends all commands and returns all answers, in order."""
        self.socket.sendall(b"".join(map(encode_command, commands)))
        return [self.read_answer() for _ in commands]

    def read_answer(self):
        line = self.answers.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.answers.read(int(rest) + 2)[:-2].decode() if rest != b"-1" else None
        if kind == b"*":
            return [self.read_answer() for _ in range(int(rest))]
        raise RedisError(rest.decode() or "Redis closed the connection")


def encode_command(command):
    parts = [str(part).encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
