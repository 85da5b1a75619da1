# SPDX-License-Identifier: MIT
"""A TCP proxy that resets connections: resetter.py ADDRESS PORT MOST

It listens at 2 * MOST ports of ADDRESS, which it prints in a line, and takes what comes to ADDRESS PORT and back. At the ports of the first
half, for n from 1 to MOST, the n-th message that passes, both ways and over all connections to that port, ends its connection with a reset,
both ways; at those of the second half every other connection, too, and those that come later.
"""
import selectors
import socket
import struct
import sys

ABORT = struct.pack('ii', 1, 0)
selector = selectors.DefaultSelector()


def reset(*sockets):
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        one.close()


class Proxy:
    def __init__(self, address, port, most, everything):
        self.target = (address, port)
        self.most = most
        self.everything = everything
        self.passed = 0
        self.others = {}
        self.listener = socket.create_server((address, 0))
        selector.register(self.listener, selectors.EVENT_READ, self)

    def accept(self):
        near = self.listener.accept()[0]
        if self.everything and self.passed >= self.most:
            reset(near)
            return
        far = socket.create_connection(self.target)
        for one, other in ((near, far), (far, near)):
            self.others[one] = other
            selector.register(one, selectors.EVENT_READ, self)

    def forget(self, one):
        other = self.others.pop(one)
        del self.others[other]
        selector.unregister(one)
        selector.unregister(other)
        return one, other

    def carry(self, one):
        try:
            data = one.recv(65536)
            if data:
                self.others[one].sendall(data)
        except OSError:
            data = b''
        if not data:
            for end in self.forget(one):
                end.close()
            return
        self.passed += 1
        if self.passed == self.most:
            reset(*self.forget(one))
            while self.everything and self.others:
                reset(*self.forget(next(iter(self.others))))


def main(address, port, most):
    proxies = [Proxy(address, port, n, everything) for everything in (False, True) for n in range(1, most + 1)]
    print(*(proxy.listener.getsockname()[1] for proxy in proxies), flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is key.data.listener:
                key.data.accept()
            elif key.fileobj in key.data.others:
                key.data.carry(key.fileobj)


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
