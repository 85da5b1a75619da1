# SPDX-License-Identifier: MIT
"""A TWAMP server (RFC 5357) in open mode, with the habits that real ones have.

twamp_server.py HOST [HABIT...] prints "listening PORT", and serves whoever connects until it is killed. Habits:
  stateless       answers have the question's number
  modes=N         what it offers; 1 by default
  accept=N        its answer to each request; 0 by default
  start=N         its answer to each start; 0 by default
  owamp           it closes the connection at a Request-TW-Session, as an OWAMP server does
  closes=SECONDS  it closes the connection so long after a start
  lose=there/back of every so many questions and answers one is lost: lose=7/0
  tos=N           DSCP and ECN with which questions come, where it is agreed to tell (modes=257)
"""
import socket
import struct
import sys
import threading
import time

TO_1970 = 2208988800  # seconds from 1900
SYMMETRICAL, DSCP_ECN = 64, 256


def stamp():
    return int((time.time() + TO_1970) * 2**32) & (2**64 - 1)


class Habits:
    def __init__(self, words):
        self.words = set(words)
        self.values = dict(word.split('=', 1) for word in words if '=' in word)
        self.lose = [int(each) for each in self.values.get('lose', '0/0').split('/')]

    def number(self, name, default=0):
        return int(float(self.values.get(name, default)))

    def lost(self, direction, count):
        return self.lose[direction] and count % self.lose[direction] == 0


class Reflector:
    """One session's socket, which answers from its start to its stop."""

    def __init__(self, habits, host, family, features):
        self.habits = habits
        self.features = features
        self.running = False
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def answer(self, question, received, number):
        sequence, sent, error = struct.unpack('>IQH', question[:14])
        head = struct.pack('>IQHxxQIQHxxB', sequence if 'stateless' in self.habits.words else number, stamp(),
                           0x8a10, received, sequence, sent, error, 255)
        if self.features & DSCP_ECN:
            head += bytes([self.habits.number('tos'), 0, 0])
        return head + question[14:][:max(0, len(question) - len(head))]

    def serve(self):
        asked = number = 0
        while True:
            question, peer = self.socket.recvfrom(65536)
            received = stamp()
            if not self.running or len(question) < 14:
                continue
            asked += 1
            if self.habits.lost(0, asked):
                continue
            number += 1
            if not self.habits.lost(1, number):
                self.socket.sendto(self.answer(question, received, number - 1), peer)


class Connection:
    def __init__(self, habits, host, family, tcp):
        self.habits, self.host, self.family, self.tcp = habits, host, family, tcp
        self.features = 0
        self.reflectors = []

    def read(self, octets):
        data = b''
        while len(data) < octets:
            piece = self.tcp.recv(octets - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def set_up(self):
        self.tcp.sendall(struct.pack('>12xI16s16sI12x', self.habits.number('modes', 1), b'c' * 16, b's' * 16, 1024))
        mode = struct.unpack('>I', self.read(164)[:4])[0]
        if not mode & 1:
            raise EOFError
        self.features = mode & ~15
        self.tcp.sendall(struct.pack('>15xB16xQ8x', 0, stamp()))

    def request(self):
        self.read(96)
        if 'owamp' in self.habits.words:
            raise EOFError
        accept = self.habits.number('accept')
        port = 0
        if accept == 0:
            self.reflectors.append(Reflector(self.habits, self.host, self.family, self.features))
            port = self.reflectors[-1].port
        self.tcp.sendall(struct.pack('>BxH16s28x', accept, port, b'sid of a session'))

    def start(self):
        self.read(16)
        for reflector in self.reflectors:
            reflector.running = self.habits.number('start') == 0
        self.tcp.sendall(struct.pack('>B31x', self.habits.number('start')))
        if 'closes' in self.habits.values:
            time.sleep(float(self.habits.values['closes']))
            raise EOFError

    def stop(self, head):
        self.read(16)
        if struct.unpack('>I', head[4:8])[0] != len(self.reflectors):
            raise EOFError
        self.end()

    def end(self):
        for reflector in self.reflectors:
            reflector.running = False
        self.reflectors = []

    def serve(self):
        try:
            self.set_up()
            while True:
                head = self.read(16)
                {5: self.request, 2: self.start, 3: lambda: self.stop(head)}[head[0]]()
        except (EOFError, KeyError, ConnectionError):
            self.end()
            self.tcp.close()


def main(host, words):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.bind((host, 0))
    listening.listen()
    print('listening', listening.getsockname()[1], flush=True)
    while True:
        tcp, _ = listening.accept()
        threading.Thread(target=Connection(Habits(words), host, family, tcp).serve, daemon=True).start()


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
