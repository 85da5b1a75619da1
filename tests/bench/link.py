#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the link itself takes, from the kernel's transmit stamp to its receive stamp, without anything of the core.

  link.py NEAR-NAMESPACE FAR-NAMESPACE FAR-ADDRESS [PACKETS [PACKETS-A-SECOND]]

Prints the median, in nanoseconds. Sends like a Session-Sender that sleeps between packets."""
import ctypes
import os
import random
import socket
import struct
import sys
import time

SO_TIMESTAMPING = 37
TX_SOFTWARE, RX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY = 2, 8, 16, 128, 2048
CLONE_NEWNET = 0x40000000


def socket_in(namespace, flags):
    """Of a network namespace that `ip netns` made."""
    handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"can't enter the namespace {namespace}")
    os.close(handle)
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, flags)
    return made


def stamp(ancillary):
    for level, kind, octets in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPING:
            seconds, nanoseconds = struct.unpack("qq", octets[:16])
            return seconds * 10**9 + nanoseconds
    raise RuntimeError("the kernel gave no stamp")


def main():
    near, far, address = sys.argv[1:4]
    packets, pace = int(sys.argv[4] if sys.argv[4:] else 300), float(sys.argv[5] if sys.argv[5:] else 100)
    receiver = socket_in(far, RX_SOFTWARE | SOFTWARE)
    receiver.bind((address, 0))
    sender = socket_in(near, TX_SOFTWARE | SOFTWARE | OPT_ID | OPT_TSONLY)
    sender.connect(receiver.getsockname())
    receiver.settimeout(2)
    delays = []
    for _ in range(packets):
        time.sleep(random.expovariate(pace))
        sender.send(bytes(14))
        arrived = stamp(receiver.recvmsg(64, 512)[1])
        departed = stamp(sender.recvmsg(64, 512, socket.MSG_ERRQUEUE)[1])
        delays.append(arrived - departed)
    delays.sort()
    print(delays[len(delays) // 2])


if __name__ == "__main__":
    main()
