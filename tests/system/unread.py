# SPDX-License-Identifier: MIT
"""Run a program whose log somebody begins to read, and reads no more.

unread.py FOLDER PATTERN COMMAND... prints the program's stderr up to a line with PATTERN in it, fills the pipe, says "full", and reads
on once FOLDER/read is there. The program's process id stands in FOLDER/pid. At its end: "ended with STATUS".
"""
import os
import subprocess
import sys
import time

folder, pattern, *command = sys.argv[1:]
reading, writing = os.pipe()
program = subprocess.Popen(command, stderr=writing, stdout=subprocess.DEVNULL)
# Another description of the same pipe: that of the program stays as it is.
filling = os.open(f'/proc/self/fd/{writing}', os.O_WRONLY | os.O_NONBLOCK)
os.close(writing)
with open(f'{folder}/pid', 'w') as pid:
    print(program.pid, file=pid)


line = b''
while pattern.encode() not in line or not line.endswith(b'\n'):
    octet = os.read(reading, 1)
    line = octet if line.endswith(b'\n') else line + octet
    sys.stdout.buffer.write(octet)
try:
    while True:
        os.write(filling, b'.' * 63 + b'\n')
except BlockingIOError:
    pass
os.close(filling)
print('full', flush=True)
while not os.path.exists(f'{folder}/read') and program.poll() is None:
    time.sleep(0.05)
while octets := os.read(reading, 65536):
    sys.stdout.buffer.write(octets)
    sys.stdout.flush()
print('ended with', program.wait(), flush=True)
