# SPDX-License-Identifier: MIT
"""Questions to a STAMP reflector that no honest Session-Sender asks, and some that the oldest do.

stamp_asker.py HOST PORT KEY CASE: the case's questions are asked one after the other, each waits for its answer as long
as it is to have one. Fails if an answer is missing, if there is one too many, or if it is longer than it may be.
"""
import hashlib
import hmac
import os
import socket
import struct
import sys

HOST, PORT, KEY = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
FAMILY = socket.AF_INET6 if ':' in HOST else socket.AF_INET
OPEN, KEYED = 44, 112
answered = 0


def open_question(octets, number=1, ssid=0, rest=b''):
    head = struct.pack('!IQHH', number, 0xeeb1ee5640000000, 0x8a10, ssid) + bytes(28)
    return (head + rest)[:octets]


def keyed_question(number=1, ssid=9, rest=b'', key=KEY):
    head = struct.pack('!I12xQHH68x', number, 0xeeb1ee5640000000, 0x8a10, ssid)
    return head + hmac.new(key, head, hashlib.sha256).digest()[:16] + rest


def asker(source='', port=0):
    end = socket.socket(FAMILY, socket.SOCK_DGRAM)
    end.bind((source, port))
    return end


def ask(end, question, least=OPEN):
    """The answer, which there must be: as long as the question, or as the base packet."""
    global answered
    end.settimeout(5)
    end.sendto(question, (HOST, PORT))
    answer, where = end.recvfrom(65536)
    answered += 1
    assert where[:2] == (HOST, PORT), where
    assert len(answer) == max(len(question), least), (len(question), len(answer))
    return answer


def in_vain(end, question):
    end.sendto(question, (HOST, PORT))


def silent(*ends):
    """Whatever was asked in vain was read by now: a last question, of a right one, has its answer."""
    ask(asker(), open_question(OPEN))
    for end in ends:
        end.setblocking(False)
        try:
            raise AssertionError('answered: %r' % (end.recv(65536),))
        except BlockingIOError:
            pass


def lengths():
    end = asker()
    for octets in range(14):
        in_vain(end, open_question(octets))
    silent(end)
    for octets in list(range(14, 200)) + [1400, 2048, 2049, 8972, 9216]:
        end = asker()
        answer = ask(end, open_question(octets, number=7, rest=os.urandom(octets)))
        assert answer[24:28] == b'\0\0\0\7'
    end = asker()
    in_vain(end, open_question(9217, rest=bytes(9217)))
    for octets in range(112):
        in_vain(end, keyed_question()[:octets] if octets < 14 else b'')
    silent(end)


def tlvs():
    """Every octet of every header, at its worst."""
    end = asker()
    for kind in range(256):
        for length in (0, 1, 3, 4, 12, 16, 0xffff):
            rest = struct.pack('!BBH', 0x80, kind, length) + os.urandom(20)
            answer = ask(end, open_question(400, rest=rest))
            assert answer[46:48] == rest[2:4] and answer[45] == kind


def strangers():
    ends = [asker(source) for source in sys.argv[5:]]
    for number, end in enumerate(ends):
        for question in open_question(14, number), open_question(OPEN, number), keyed_question(number):
            in_vain(end, question)
    silent(*ends)


def forged():
    end = asker(sys.argv[5])
    right = keyed_question(number=1)
    ask(end, right, KEYED)
    for at in range(0, KEYED, 5):
        wrong = bytearray(right)
        wrong[at] ^= 1
        in_vain(end, bytes(wrong))
    in_vain(end, keyed_question(key=b'another'))
    in_vain(end, keyed_question(ssid=10))
    silent(end)
    assert ask(end, keyed_question(number=2), KEYED)[:4] == b'\0\0\0\1'


def services():
    ends = [asker(port=port) for port in (7, 19, 53, 862, 1023)]
    for end in ends:
        in_vain(end, open_question(OPEN))
    silent(*ends)


def loop():
    """From the reflector's own port, as a forger on its host would have it."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    udp = struct.pack('!HHHH', PORT, PORT, 8 + OPEN, 0) + open_question(OPEN)
    address = socket.inet_aton(HOST)
    raw.sendto(struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + address + address + udp, (HOST, 0))
    silent()


{'lengths': lengths, 'tlvs': tlvs, 'strangers': strangers, 'forged': forged, 'services': services, 'loop': loop}[sys.argv[4]]()
print(answered)
