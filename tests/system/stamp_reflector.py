# SPDX-License-Identifier: MIT
"""A STAMP reflector (RFC 8762, 8972), with the habits that real ones have.

stamp_reflector.py HOST [HABIT...] listens on port=N, or a free one, prints "listening PORT", and answers whoever asks until it is killed. Habits:
  stateless       answers have the question's number
  bare            answers are no longer than the base packet
  no-ssid         answers have no SSID
  tlvs            knows TLVs: timestamps, class of service, counters, follow-up, padding
  same-stamps     its receive stamp is its transmit stamp, too
  key=HEX         authenticated mode, by that key
  wrong-hmac      and its answers' HMAC is wrong
  lose=there/back of every so many questions and answers one is lost: lose=7/0
  times=N         each question is answered so often
  error=HEX       its error estimate, four digits; 8b20, 15 us, if not given

Times of arrival are the kernel's, those of departure are read before the sending.
"""
import hashlib
import hmac
import socket
import struct
import sys
import time

TO_1970 = 2208988800  # seconds from 1900
RECVTTL = getattr(socket, 'IP_RECVTTL', 12)
TIMESTAMPNS = 35  # asm-generic/socket.h
OPEN, KEYED = 44, 112


def stamp(nanoseconds):
    """32.32, of nanoseconds since 1970."""
    return (((nanoseconds + TO_1970 * 10**9) << 32) // 10**9) & (2**64 - 1)


class Reflector:
    def __init__(self, habits):
        self.habits = set(habits)
        values = dict(habit.split('=', 1) for habit in habits if '=' in habit)
        self.key = bytes.fromhex(values['key']) if 'key' in values else None
        self.lose = [int(each) for each in values.get('lose', '0/0').split('/')]
        self.times = int(values.get('times', 1))
        self.port = int(values.get('port', 0))
        self.error = bytes.fromhex(values.get('error', '8b20'))
        self.received = 0
        self.sessions = {}  # by the asker: answers so far, and the last one's departure

    def sign(self, packet):
        return hmac.new(self.key, packet, hashlib.sha256).digest()[:16]

    def tlvs(self, rest, state, tail_key):
        out = b''
        while len(rest) >= 4:
            kind, length = rest[1], struct.unpack('>H', rest[2:4])[0]
            value = rest[4:4 + length]
            if kind == 3:
                value = bytes([1, 2, 1, 2])
            elif kind == 4:
                value = struct.pack('>H', value[0] >> 2 << 10) + bytes(2)
            elif kind == 5:
                value = value[:4] + struct.pack('>II', self.received, state['answers'])
            elif kind == 7:
                value = struct.pack('>IQB3x', max(state['answers'] - 1, 0), state['departed'], 2)
            elif kind == 8:
                value = self.sign(tail_key + out)
            out += bytes([0, kind]) + rest[2:4] + value
            rest = rest[4 + length:]
        return out

    def answer(self, question, arrived, ttl, state):
        keyed = self.key is not None
        sequence = question[:4]
        at = 16 if keyed else 4
        sent, error, ssid = question[at:at + 8], question[at + 8:at + 10], question[at + 10:at + 12].ljust(2, b'\0')
        head = KEYED if keyed else OPEN
        own = sequence if 'stateless' in self.habits else struct.pack('>I', state['answers'])
        now = time.time_ns()
        if 'same-stamps' in self.habits:
            arrived = now
        if 'no-ssid' in self.habits:
            ssid = bytes(2)
        times = struct.pack('>Q', stamp(now)) + self.error + ssid
        if keyed:
            packet = own + bytes(12) + times + bytes(4) + struct.pack('>Q', stamp(arrived)) + bytes(8) + sequence + \
                bytes(12) + sent + error + bytes(6) + bytes([ttl]) + bytes(15)
            packet += self.sign(packet)
            if 'wrong-hmac' in self.habits:
                packet = packet[:-1] + bytes([packet[-1] ^ 1])
        else:
            packet = own + times + struct.pack('>Q', stamp(arrived)) + sequence + sent + error + bytes(2) + \
                bytes([ttl]) + bytes(3)
        rest = question[head:]
        if 'tlvs' in self.habits:
            rest = self.tlvs(rest, state, own)
        return packet if 'bare' in self.habits else packet + rest

    def serve(self, udp):
        answers = 0
        while True:
            question, control, _, asker = udp.recvmsg(65535, 256)
            arrived = next((struct.unpack('qq', data) for level, kind, data in control
                            if (level, kind) == (socket.SOL_SOCKET, TIMESTAMPNS)), None)
            arrived = arrived[0] * 10**9 + arrived[1] if arrived else time.time_ns()
            ttl = next((data[0] for level, kind, data in control if level != socket.SOL_SOCKET), 255)
            self.received += 1
            if len(question) < (KEYED if self.key else 14) or (self.lose[0] and self.received % self.lose[0] == 0):
                continue
            if self.key and question[96:112] != self.sign(question[:96]):
                continue
            state = self.sessions.setdefault(asker, {'answers': 0, 'departed': 0})
            for _ in range(self.times):
                packet = self.answer(question, arrived, ttl, state)
                answers += 1
                state['answers'] += 1
                if not self.lose[1] or answers % self.lose[1]:
                    udp.sendto(packet, asker)
                state['departed'] = stamp(time.time_ns())


def main():
    host, *habits = sys.argv[1:]
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
        else:
            udp.setsockopt(socket.IPPROTO_IP, RECVTTL, 1)
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        udp.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)
        reflector = Reflector(habits)
        udp.bind((host, reflector.port))
        print('listening', udp.getsockname()[1], flush=True)
        reflector.serve(udp)


main()
