# SPDX-License-Identifier: MIT
"""A TWAMP client in open mode (RFC 5357) that asks for what twamp_asker.py HOST CASE says, and fails if it isn't so."""
import socket
import struct
import sys
import time

HOST, CASE = sys.argv[1:3]
FAMILY = socket.AF_INET6 if ':' in HOST else socket.AF_INET
FEATURES = 64 | 256  # symmetrical size, DSCP and ECN
SECOND = 1 << 32


class Client:
    def __init__(self, features=0):
        self.control = socket.create_connection((HOST, 862), timeout=5)
        greeting = self.read(64)
        self.modes, = struct.unpack('!I', greeting[12:16])
        self.control.sendall(struct.pack('!I160x', 1 | features))
        assert self.read(48)[15] == 0

    def read(self, octets):
        got = b''
        while len(got) < octets:
            part = self.control.recv(octets - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def request(self, port, padding=27, timeout=SECOND, sender=bytes(16), conf=0, type_p=0):
        """Accept, and the port to ask."""
        self.control.sendall(struct.pack('!4B8xHH16s16x16xIQQI24x', 5, 6 if ':' in HOST else 4, conf, 0, port, 9, sender,
                                         padding, 0, timeout, type_p))
        accept, port = struct.unpack('!BxH', self.read(48)[:4])
        return accept, port

    def start(self):
        self.control.sendall(b'\2' + bytes(31))
        return self.read(32)[0]

    def stop(self, sessions):
        self.control.sendall(struct.pack('!BBHI24x', 3, 0, 0, sessions))


def end_of_session():
    end = socket.socket(FAMILY, socket.SOCK_DGRAM)
    end.bind(('', 0))
    end.settimeout(5)
    return end


def ask(end, number, octets=41):
    question = struct.pack('!IQH', number, 0xeeb1ee5640000000, 0x8a10) + bytes(each % 251 for each in range(1, octets - 13))
    end.sendto(question[:octets], (HOST, 862))
    answer, where = end.recvfrom(65536)
    assert where[:2] == (HOST, 862)
    assert answer[24:38] == question[:14], answer
    assert len(answer) == max(octets, 41), len(answer)
    assert answer[41:] == question[14:14 + len(answer) - 41]
    return struct.unpack('!I', answer[:4])[0]


def is_silent(end, client):
    """The server has read what was asked: it answers a later request."""
    end.sendto(struct.pack('!IQH', 1, 1, 1) + bytes(27), (HOST, 862))
    assert client.request(1024)[0] == 0
    time.sleep(0.05)
    end.setblocking(False)
    try:
        raise AssertionError(end.recv(4096))
    except BlockingIOError:
        end.settimeout(5)


def sessions():
    """Two sessions, again over one connection and from the same ports; they go on for their Timeout after Stop."""
    client = Client()
    assert client.modes & 15 == 15 and client.modes & FEATURES == FEATURES, client.modes
    ends = end_of_session(), end_of_session()
    for _ in range(2):  # the second time while the first ones go on
        for end in ends:
            assert client.request(end.getsockname()[1]) == (0, 862)
        assert client.start() == 0
        for number in range(20):
            for end in ends:
                assert ask(end, number, 14 + 7 * number) == number
        client.stop(2)
        assert ask(ends[0], 20) == 20
        assert ask(ends[0], 21, 8972) == 21
    time.sleep(1.2)
    ends[0].settimeout(0.2)
    ends[0].sendto(bytes(41), (HOST, 862))
    try:
        raise AssertionError(ends[0].recv(4096))
    except socket.timeout:
        pass


def refusals():
    client = Client()
    end = end_of_session()
    port = end.getsockname()[1]
    assert client.request(port, conf=1)[0] == 3
    assert client.request(port, padding=9216)[0] == 3
    for low in 0, 862, 1023:
        assert client.request(low)[0] == 3
    assert client.request(port, type_p=0x12345678)[0] == 3
    assert client.request(port, sender=bytes([192, 0, 2, 9]) + bytes(12))[0] == 3
    assert client.request(port) == (0, 862)
    assert client.request(port)[0] == 5  # another session has it
    is_silent(end, client)  # before the start
    assert client.start() == 0
    assert ask(end, 1) == 0
    client.stop(1)  # of two
    try:
        client.read(1)
        raise AssertionError('a wrong number of sessions is taken')
    except EOFError:
        pass


def unknown():
    """A command that there isn't is answered, however long it is, and then the connection ends."""
    for command, octets, rest in [(command, *size) for command in (0, 1, 4, 6, 255) for size in ((32, 0), (48, 64), (31, 81))]:
        client = Client()
        client.control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.control.sendall(bytes([command]) + bytes(octets - 1))
        if octets > 32:  # it has answered, and perhaps closed, before the rest comes
            client.control.recv(1, socket.MSG_PEEK)
        client.control.sendall(bytes(rest))
        assert client.read(48) == b'\3' + bytes(47)
        try:
            client.read(1)
            raise AssertionError('more than an answer')
        except EOFError:
            pass
        except ConnectionResetError:
            assert octets > 32  # what comes after the end is reset


def broken():
    """Without Stop-Sessions its sessions end with a connection."""
    client, other, end = Client(), Client(), end_of_session()
    assert client.request(end.getsockname()[1]) == (0, 862)
    assert client.start() == 0
    assert ask(end, 0) == 0
    client.control.close()
    time.sleep(0.1)
    assert other.request(end.getsockname()[1]) == (0, 862)  # nobody has it any more
    is_silent(end, other)


{'sessions': sessions, 'refusals': refusals, 'unknown': unknown, 'broken': broken}[CASE]()
