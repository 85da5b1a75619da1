# SPDX-License-Identifier: MIT
"""Files for Net-SNMP's reader that are torn, mixed or mad, and what `owamp-agentx --check` makes of them: it ends, is killed by nothing,
and names a file and a line of each fault.

    hostile_conf.py FOLDER COUNT SEED COMMAND...      the command takes the file as its last argument
"""
import random
import re
import subprocess
import sys

GOOD = """owampPeer near host 192.0.2.1 port 861 interval 60s schedule exp:100ms,fixed:2s warning 20ms,1% raise 2/3
owampPeer "far away" host far.example mode authenticated key-id monitor source 192.0.2.9 dscp EF ports 9000-9010
owampKeyFile /nowhere/keys.pfs
owampHistory 100
owampPublish /tmp/nowhere/query.sock group nobody permissions 0660
owampQuerySocket /tmp/nowhere/other.sock warning 20ms
owampNotifications raised cleared peerDown
owampNotificationRate 10
agentXPingInterval 5
""".encode()
SCRAPS = [b'"', b"'", b'\\', b'\0', b'\n', b'\r\n', b'#', b'[', b']', b'[owamp-agentx]', b'[snmp] ', b'%s%n', b'\xff\xfe', b'9' * 400, b'-1',
          b'"' * 99, b'A' * 70000, b'owampPeer ', b' host ', b'includeFile ', b'includeSearch owamp-agentx', b'includeDir /nowhere\n', b'0x',
          b'${HOME}']


def torn(source):
    octets = bytearray(GOOD)
    for _ in range(source.randint(1, 12)):
        at = source.randrange(len(octets))
        way = source.randrange(4)
        if way == 0:
            octets[at:at] = source.choice(SCRAPS)
        elif way == 1:
            del octets[at:at + source.randint(1, 80)]
        elif way == 2:
            octets[at:at + 1] = bytes(source.randrange(256) for _ in range(source.randint(1, 30)))
        else:
            octets[at:at] = octets[at // 2:at]
        octets = octets or bytearray(b'#')
    return bytes(octets)


def fault_of(command, path, octets):
    with open(path, 'wb') as file:
        file.write(octets)
    try:
        ran = subprocess.run([*command, path], capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return 'it hangs'
    told = (ran.stdout + ran.stderr).decode(errors='replace')
    if ran.returncode not in (0, 1):
        return f'it ends with {ran.returncode}: {told[-400:]}'
    if ran.returncode == 1 and not re.search(r': line \d+: \w+: .{5}|^owampP\w+.*: .{10}|^owamp\w+: .{10}', told, re.M):
        return f'it names no line: {told[-400:]}'
    return None


def main():
    folder, count, seed, command = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    path = f'{folder}/mad.conf'
    source = random.Random(seed)
    mad = [b'', GOOD, f'includeFile {path}\n'.encode(), f'includeDir {folder}\n'.encode(), b'\0' * 5000, b'[' * 5000, b'"' * 5000]
    failed = 0
    for number, octets in enumerate(mad + [torn(source) for _ in range(count)]):
        fault = fault_of(command, path, octets)
        if fault:
            failed += 1
            print(f'file {number} of seed {seed}: {fault}; it begins {octets[:300]!r}')
    print(f'{count + len(mad)} files, {failed} of them not held')
    return 1 if failed else 0


sys.exit(main())
