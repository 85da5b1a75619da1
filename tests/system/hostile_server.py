# SPDX-License-Identifier: MIT
"""A server that means no good to its clients: open mode, octet by octet (RFC 4656, 3).

hostile_server.py HOST ATTACK prints "listening PORT", and serves whoever comes until it is killed.
"""
import os
import socket
import struct
import sys
import threading
import time

TO_1970 = 2208988800  # seconds from 1900
HMAC = bytes(16)
MANY = 1500000000
RECORDS = 10**9


def stamp():
    return int((time.time() + TO_1970) * 2**32)


class Client:
    def __init__(self, tcp):
        self.tcp = tcp
        self.sids = []
        self.say(bytes(12) + struct.pack('>I', 1) + os.urandom(32) + struct.pack('>I12x', 1024))
        self.hear(164)
        self.say(bytes(32) + struct.pack('>Q8x', stamp()))

    def hear(self, octets):
        data = b''
        while len(data) < octets:
            part = self.tcp.recv(octets - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def say(self, octets):
        self.tcp.sendall(octets)

    def accept_session(self, head, port, sid):
        slots = struct.unpack('>I', head[4:8])[0]
        self.hear(112 + slots * 16 - 16)
        ours = head[2] == 1  # the server sends: the client has made the SID
        sid = sid(self, ours)
        self.sids.append(sid)
        self.say(struct.pack('>BxH', 0, port) + sid + bytes(12) + HMAC)

    def fetched(self, sid, packets, ranges, records, finished=1):
        """Fetch-Ack, Request-Session with one slot, and the skip ranges."""
        self.say(struct.pack('>BBxxIII', 0, finished, packets, ranges, records) + HMAC +
                 struct.pack('>BBBBIIHH', 1, 4, 0, 1, 1, packets, 9, 9) + bytes([127, 0, 0, 1] + [0] * 12) * 2 + sid +
                 struct.pack('>IQQI8x', 0, stamp(), 2**32, 0) + HMAC + struct.pack('>B7xQ', 1, 2**32) + HMAC)


def own_sid(client, ours):
    return bytes(16) if ours else os.urandom(16)


def repeated_sid(client, ours):
    return b'the same for all'


def other_sid(client, ours):
    return os.urandom(16)


def endless_records(client, sid):
    """As many as it may, each of another packet, of a session that has had very many."""
    client.fetched(sid, MANY, 0, RECORDS)
    client.say(HMAC)  # no skip ranges
    record = bytes(8) + struct.pack('>QQB', 1, 2, 64)
    at = 0
    while True:
        client.say(b''.join(struct.pack('>I', (at + i) % MANY) + record[4:] + bytes(0) for i in range(640)))
        at += 640


def all_records(client, sid):
    """Of so many packets the first two million: half of them are more than are kept."""
    records = 2 * 2**20
    client.fetched(sid, MANY, 0, records)
    client.say(HMAC)
    tail = bytes(4) + struct.pack('>QQB', 1, 2, 64)
    for at in range(0, records, 16):
        client.say(b''.join(struct.pack('>I', at + i) + tail for i in range(16)))
    client.say(HMAC)


def endless_ranges(client, sid):
    client.fetched(sid, MANY, 2**31, 0)
    while True:
        client.say(bytes(1 << 16))


FETCHES = {'records': endless_records, 'all': all_records, 'ranges': endless_ranges}
# Port and SID of each Accept-Session.
SESSIONS = {'port': (0, own_sid), 'sid': (9, other_sid), 'repeat': (9, repeated_sid)}


def serve(tcp, attack):
    try:
        client = Client(tcp)
        port, sid = SESSIONS.get(attack, (9, own_sid))
        while True:
            head = client.hear(16)
            if head[0] == 1:
                client.accept_session(head, port, sid)
            elif head[0] == 4 and attack in FETCHES:
                FETCHES[attack](client, client.hear(32)[:16])
            else:
                client.hear(1)  # nothing is answered
    except (EOFError, OSError):
        tcp.close()


host, attack = sys.argv[1:]
listener = socket.create_server((host, 0), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
print('listening', listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], attack), daemon=True).start()
