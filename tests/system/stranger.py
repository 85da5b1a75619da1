# SPDX-License-Identifier: MIT
"""What a stranger may do to a responder: a client in open mode that asks for what it likes, octet by octet (RFC 4656, 3).

stranger.py HOST PORT ATTACK [ARGUMENT...] prints "ready" once it has done its worst, and stays until it is killed.
"""
import itertools
import os
import signal
import socket
import struct
import sys
import threading
import time

TO_1970 = 2208988800  # seconds from 1900
HMAC = bytes(16)
MOST = 2**32 - 1


def stamp(seconds):
    """So many seconds from now, as 32.32."""
    return int((time.time() + TO_1970 + seconds) * 2**32) % 2**64


class Stranger:
    def __init__(self, host, port):
        self.tcp = socket.create_connection((host, int(port)))
        self.ports = []
        self.read(64)
        self.tcp.sendall(struct.pack('>I160x', 1))
        if self.read(48)[15] != 0:
            sys.exit('not let in')

    def read(self, octets):
        data = b''
        while len(data) < octets:
            part = self.tcp.recv(octets - len(data))
            if not part:
                sys.exit('the responder closed the connection')
            data += part
        return data

    def own_port(self):
        """A UDP port to receive test packets at."""
        udp = socket.socket(self.tcp.family, socket.SOCK_DGRAM)
        udp.bind((self.tcp.getsockname()[0], 0))
        self.ports.append(udp)
        return udp.getsockname()[1]

    def addresses(self):
        ends = (self.tcp.getpeername()[0], self.tcp.getsockname()[0])
        return b''.join(socket.inet_pton(self.tcp.family, end).ljust(16, b'\0') for end in ends)

    def request(self, sends, packets, slots, start=0.5, timeout=2.0, padding=0):
        """Request-Session: the server sends, or receives, by fixed slots (seconds)."""
        ipvn = 6 if self.tcp.family == socket.AF_INET6 else 4
        port = self.own_port() if sends else 0
        ends = self.addresses() if sends else self.addresses()[16:] + self.addresses()[:16]
        return (struct.pack('>BBBBIIHH', 1, ipvn, sends, not sends, len(slots), packets, 0 if sends else 9, port) + ends +
                (os.urandom(16) if sends else bytes(16)) +
                struct.pack('>IQQI8x', padding, stamp(start), int(timeout * 2**32), 0) + HMAC +
                b''.join(struct.pack('>B7xQ', 1, int(slot * 2**32)) for slot in slots) + HMAC)

    def ask(self, *request, **more):
        """Accept of Accept-Session, and the SID."""
        self.tcp.sendall(self.request(*request, **more))
        answer = self.read(48)
        return answer[0], answer[4:20]

    def begin(self):
        """Start-Sessions."""
        self.tcp.sendall(struct.pack('>B31x', 2))
        if self.read(32)[0] != 0:
            sys.exit('sessions were not started')


def overdue(stranger, sessions, start):
    """Sessions of a million packets a second that began long ago; prints what they are answered."""
    print('accept', *{stranger.ask(True, MOST, [1e-6], start=float(start))[0] for _ in range(int(sessions))})
    stranger.begin()


def lost(stranger, packets):
    """As many packets as that are lost at once."""
    print('accept', *stranger.ask(False, int(packets), [50.0 / int(packets)], start=-55, timeout=1.0)[:1])
    stranger.begin()


def fetches(stranger, packets, count):
    """Many fetches in one go, each of no record of a session that has that many."""
    sid = stranger.ask(False, int(packets), [50.0 / int(packets)], start=-55, timeout=1.0)[1]
    stranger.begin()
    time.sleep(0.2)
    other = Stranger(*stranger.tcp.getpeername()[:2])
    other.tcp.sendall(struct.pack('>B7xII16s16x', 4, MOST - 1, MOST - 1, sid) * int(count))
    stranger.other = other


def hoard(stranger, sessions, rounds):
    """Many sessions of one packet on one connection, started and stopped again and again."""
    for _ in range(int(rounds)):
        for _ in range(int(sessions)):
            stranger.tcp.sendall(stranger.request(False, 1, [0.1], start=0.0, timeout=0.1))
        agreed = [stranger.read(48) for _ in range(int(sessions))]
        sids = [answer[4:20] for answer in agreed if answer[0] == 0]
        print('agreed', len(sids))
        stranger.begin()
        time.sleep(0.2)
        stranger.tcp.sendall(struct.pack('>BB2xI8x', 3, 0, len(sids)) +
                             b''.join(sid + struct.pack('>II8x', 1, 0) for sid in reversed(sids)) + HMAC)
        head = stranger.read(16)
        stranger.read(struct.unpack('>I', head[4:8])[0] * 32 + 16)


def burst(stranger, sessions, padding):
    """Sessions whose packets are all due at once, though there are few of them on average."""
    for _ in range(int(sessions)):
        stranger.ask(True, 255, [0] * 255 + [60], padding=int(padding))
    stranger.begin()


def wrong_keys(stranger, at_once):
    """So many connections at once, each of which tries a wrong key, known or not, and then another; counts the answers."""
    answers = {}
    key_ids = itertools.cycle((b'monitor', b'nobody'))

    def try_keys():
        while True:
            try:
                with socket.create_connection(stranger.tcp.getpeername()[:2]) as tcp:
                    tcp.recv(64, socket.MSG_WAITALL)
                    tcp.sendall(struct.pack('>I80s64s16s', 4, next(key_ids), os.urandom(64), bytes(16)))
                    answer = tcp.recv(48, socket.MSG_WAITALL)
                    accept = answer[15] if len(answer) == 48 else 'none'
            except OSError:
                accept = 'none'
            answers[accept] = answers.get(accept, 0) + 1

    for _ in range(int(at_once)):
        threading.Thread(target=try_keys, daemon=True).start()
    while not {1, 5} <= answers.keys():
        time.sleep(0.01)
    signal.signal(signal.SIGUSR1, lambda *_: print('answers', answers, flush=True))


def flow(stranger, packets, slot):
    """A session that sends to us."""
    stranger.ask(True, int(packets), [float(slot)])
    stranger.begin()


def hoard(stranger, connections, sessions):
    """As many control connections as there may be, most of them silent, and as many sessions on one of them; prints what is had."""
    answers = [stranger.ask(False, 1, [1.0])[0] for _ in range(int(sessions))]
    print('sessions', answers.count(0), 'accept', *sorted(set(answers)))
    stranger.begin()
    stranger.silent = []
    for _ in range(int(connections)):
        silent = socket.create_connection(stranger.tcp.getpeername()[:2])
        silent.settimeout(5)
        if silent.recv(64)[12:16] != bytes(4):
            stranger.silent.append(silent)
    print('connections', 1 + len(stranger.silent))


if __name__ == '__main__':
    host, port, attack, *arguments = sys.argv[1:]
    client = Stranger(host, port)
    globals()[attack](client, *arguments)
    print('ready', flush=True)
    while True:
        signal.pause()
