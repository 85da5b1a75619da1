# SPDX-License-Identifier: MIT
"""Sockets as systemd opens them for units, in no good order: given_sockets.py USER PROGRAM [ARGUMENT...]

TCP at a free port, and UDP 861 twice for each family; with TWAMP in the environment also TCP and UDP 862. The program gets them, and is
that user, without any capability.
"""
import os
import pwd
import socket
import sys


def opened(family, kind, port):
    one = socket.socket(family, kind)
    if kind == socket.SOCK_DGRAM:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, kind == socket.SOCK_DGRAM)
    one.bind(('', port))
    if kind == socket.SOCK_STREAM:
        one.listen()
    return one


def udp(port):
    return [(family, socket.SOCK_DGRAM, port) for family in (socket.AF_INET, socket.AF_INET, socket.AF_INET6, socket.AF_INET6)]


wanted = udp(861)
wanted.insert(2, (socket.AF_INET6, socket.SOCK_STREAM, 0))
if 'TWAMP' in os.environ:
    wanted = [(socket.AF_INET6, socket.SOCK_STREAM, 862), *udp(862), *wanted]
given = [opened(*what) for what in wanted]
high = [os.dup(one.fileno()) for one in given]  # none is in another's way
for number, descriptor in enumerate(os.dup2(fd, 100 + n) for n, fd in enumerate(high)):
    os.dup2(descriptor, 3 + number, inheritable=True)
who = pwd.getpwnam(sys.argv[1])
os.setgroups([])
os.setgid(who.pw_gid)
os.setuid(who.pw_uid)
os.environ |= {'LISTEN_FDS': str(len(given)), 'LISTEN_PID': str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
