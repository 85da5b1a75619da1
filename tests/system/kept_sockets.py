# SPDX-License-Identifier: MIT
"""What systemd does with owamp-responder.service: kept_sockets.py USER PROGRAM [ARGUMENT...]

As root it lets the program open its ports (--open-ports) and keeps what it gets; then the program gets that in another order than it came
in, as that user, without capabilities, in a user namespace (PrivateUsers=) with that user and root. Prints what the program tells.
"""
import array
import ctypes
import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import tempfile

NEW_USER = 0x10000000
who = pwd.getpwnam(sys.argv[1])
program = sys.argv[2:]
folder = tempfile.mkdtemp()
os.chmod(folder, 0o755)
store = []


def hear(manager):
    """One message: what it says, after it was done."""
    text, control, _, _ = manager.recvmsg(4096, socket.CMSG_SPACE(64 * 4))
    got = array.array('i')
    for level, kind, octets in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            got.frombytes(octets)
    words = text.decode().split('\n')
    if 'FDSTOREREMOVE=1' in words:
        while store:
            os.close(store.pop())
    elif 'FDSTORE=1' in words:
        store.extend(got)
        got = []
    for descriptor in got:
        os.close(descriptor)
    print('told:', *words, flush=True)


def hear_until(manager, ends):
    """Until the process of that pidfd has ended."""
    while True:
        ready, _, _ = select.select([manager, ends], [], [])
        if manager in ready:
            hear(manager)
        elif ready:
            return


def become_nobody_else():
    """In a namespace of its own, whose map only the parent can write."""
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_USER) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')


def run_service():
    """The main process; returns its id."""
    high = [os.dup(one) for one in reversed(store)]
    mapped, ready = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([who.pw_gid])
        os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
        become_nobody_else()
        os.write(ready[1], b'.')
        os.read(mapped[0], 1)
        os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)
        safe = [os.dup2(one, 100 + number) for number, one in enumerate(high)]
        for number, one in enumerate(safe):
            os.dup2(one, 3 + number, inheritable=True)
        os.closerange(3 + len(safe), 200)
        os.environ |= {'LISTEN_FDS': str(len(safe)), 'LISTEN_PID': str(os.getpid()), 'LISTEN_FDNAMES': ':'.join(['owamp-ports'] * len(safe))}
        os.execv(program[0], program)
    os.read(ready[0], 1)
    for kind, number in (('uid', who.pw_uid), ('gid', who.pw_gid)):
        with open(f'/proc/{child}/{kind}_map', 'w', encoding='ascii') as where:
            where.write(f'0 0 1\n{number} {number} 1\n')
    os.write(mapped[1], b'.')
    for one in high:
        os.close(one)
    return child


with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.bind(f'{folder}/notify')
    os.chmod(f'{folder}/notify', 0o777)
    os.environ['NOTIFY_SOCKET'] = f'{folder}/notify'
    with subprocess.Popen([*program, '--open-ports']) as opens:
        hear_until(notify, os.pidfd_open(opens.pid))
    print('kept:', len(store), 'status', opens.returncode, flush=True)
    main = run_service()
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(main, number))
    print('main:', main, flush=True)
    hear_until(notify, os.pidfd_open(main))
os.remove(f'{folder}/notify')
os.rmdir(folder)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(main, 0)[1]))
