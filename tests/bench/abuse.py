#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bench of abuse: what strangers do to owamp-responder, and what somebody notices who measures beside them.

tests/bench/abuse.py [BUILD-FOLDER [ATTACK...]] needs root. Each attack is made from one address and from 250, against a fresh
responder with default settings and one key; three network namespaces (the responder, who measures, the strangers) are made for
each. It prints a table, writes the same as JSON, and asserts nothing. tests/bench/README.md tells what the columns mean.
"""
import contextlib
import json
import math
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER, BESIDE, SERVER_FOR_STRANGERS, STRANGER = '10.99.0.1', '10.99.0.2', '10.98.0.1', '10.98.1.'
NOBODY = '10.97.0.'  # addresses behind the strangers' host, which drops what comes for them
MANY = 250
SECONDS = float(os.environ.get('ABUSE_SECONDS', 20))  # of each attack: a hundred checks, so that p99 isn't the worst
BACK = 60  # seconds after its end in which all must be given back
RECORDS = 400e6 / 25 * 32  # octets of memory for the records of the default class
PBKDF2_COUNT = '2048'  # of the responder, by default
TWAMP_PORT = '862'
PATIENCE = 20  # seconds for the responder to answer a signal

# For each attack: what it does, and the arguments from one address and from each of many.
SCRIPTED = {  # by tests/system/stranger.py
    'overdue': ('sessions of 95 Mbit/s whose packets are due since 59 s', '4000 -59 14.1e-3', '16 -59 14.1e-3'),
    'lost': ('sessions that lose 14 million packets at once', '14000000', '56000'),
    'fetches': ('fetches that match none of a million records, pipelined', '1000000 20000', '50000 200'),
    'deaf': ('fetches of a million records whose answers nobody reads', '1000000 200', '50000 4'),
    'agreed': ('sessions that are never started, 30 packets to each', '10000 30', '40 30'),
    'tiny': ('sessions of one packet, stopped at once, kept', '10000', '40'),
    'skips': ('a Stop-Sessions with skip ranges of packets that there are not', '15 16384', '15 16384'),
    'burst': ('255 packets of 1 kB of each session due at once', '1000 958', '20 958'),
    'cut': ('running sessions whose link is cut', '900 0.1', '4 0.1'),
    'twamp-agreed': ("TWAMP's sessions that are never started, and packets for them", '16 100000', '1 400'),
    'twamp-stopped': ("TWAMP's sessions that are stopped, with a Timeout of ten minutes", '16 256', '1 20'),
    'twamp-flood': ("TWAMP's sessions that are asked as fast as can be", '256 1014', '4 41'),
}
FAST = {  # by bench-stranger: its level, over all addresses
    'silent': ('control connections that say nothing', 10000),
    'slow': ('control connections that write an octet in 100 ms', 500),
    'handshakes': ('wrong keys of a known KeyID a second', 1000),
    'resets': ('connections a second, reset once they are greeted', 1000),
    'half-open': ('SYNs a second', 5000),
    'stray': ('test packets a second to random ports', 50000),
    'forged': ('the same, with the address of who measures as source', 50000),
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def percentile(values, share):
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)] if values else float('nan')


class Host:
    """A network namespace."""

    def __init__(self, name):
        self.name = f'owabuse-{name}-{os.getpid()}-{Host.made}'
        Host.made += 1
        run('ip', 'netns', 'add', self.name)

    made = 0

    def command(self, *words):
        return ['ip', 'netns', 'exec', self.name, *words]

    def ip(self, *lines):
        subprocess.run(['ip', '-n', self.name, '-batch', '-'], input='\n'.join(lines), text=True, check=True)

    def remove(self):
        for pid in run('ip', 'netns', 'pids', self.name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)
        run('ip', 'netns', 'del', self.name)


class Bare:
    """A server that does nothing and that nobody attacks: what it takes longer beside an attack, the machine takes."""

    def __init__(self, host, program):
        self.process = subprocess.Popen(host.command(program, 'serve'), stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Responder:
    def __init__(self, host, program, folder):
        self.log = f'{folder}/log'
        keys = f'{folder}/owamp-server.pfs'
        with open(keys, 'w', opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write('monitor 636f72\n')
        with open(f'{folder}/owamp-server.conf', 'w') as file:
            file.write(f'twampnode :{TWAMP_PORT}\nreflectport {TWAMP_PORT}\n')
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen(host.command(program, '-f', '-c', folder, '-S', ':0'), stderr=log)
        self.port = self.wait_for(r'listening on .* port (\d+)', 0)[1]

    def text(self, offset):
        with open(self.log, errors='replace') as log:
            log.seek(offset)
            return log.read()

    def wait_for(self, pattern, offset):
        for _ in range(PATIENCE * 100):
            if found := re.search(pattern, self.text(offset)):
                return found
            if self.process.poll() is not None:
                sys.exit(f'the responder ended: {self.text(0)[-2000:]}')
            time.sleep(0.01)
        return None

    def counts(self):
        """What SIGUSR1 tells: connections, sessions running, kept and reflected, records, the longest turn's wall and CPU time in ms."""
        offset = os.path.getsize(self.log)
        self.process.send_signal(10)
        found = self.wait_for(r'(\d+) connections, (\d+) sessions running and (\d+) kept, (\d+) records[^\0]*?'
                              r'longest turn ([\d.]+) ms, ([\d.]+) ms[^\0]*? (\d+) reflected sessions', offset)
        names = ('connections', 'running', 'kept', 'records', 'wall', 'cpu', 'reflected')
        return dict(zip(names, map(float, found.groups()))) if found else None

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def status(self, name):
        """A number of /proc/PID/status, in MB."""
        with open(f'/proc/{self.process.pid}/status') as status:
            return int(re.search(rf'^{name}:\s+(\d+) kB', status.read(), re.M)[1]) / 1024


def kernel_mb():
    """What the sockets' queues take, of the whole machine."""
    with open('/proc/net/sockstat') as sockets:
        return sum(map(int, re.findall(r' mem (\d+)', sockets.read()))) * resource.getpagesize() / 2**20


class Beside:
    """Who measures, one check after the other, and asks the bare server in between, until told to stop."""

    def __init__(self, host, build, responder, options, bare):
        words = ['-H', SERVER, '-p', responder.port, '--count', '10', '--schedule', 'fixed:3ms', '--loss-timeout', '1s',
                 '-t', '10', '--json', '-vvv']
        self.command = host.command(f'{build}/plugins/nagios/check_owamp', *words, *options)
        self.ask_bare = host.command(f'{build}/tests/bench/bench-bare', 'ask', SERVER, *bare)
        self.setup, self.bare, self.total, self.delays, self.lost, self.skipped, self.failures = [], [], [], [], 0, 0, []
        self.stopped = False
        self.thread = threading.Thread(target=self.loop)
        self.thread.start()

    def loop(self):
        while not self.stopped:
            began = time.monotonic()
            self.take(subprocess.run(self.command, capture_output=True, text=True).stdout)
            self.total.append(time.monotonic() - began)
            self.bare.append(float(subprocess.run(self.ask_bare, capture_output=True, text=True, check=True).stdout))
            time.sleep(0.02)  # who is refused is no attacker either

    def take(self, output):
        try:
            result = json.loads(output)
        except ValueError:
            result = {'reason': output}
        if 'setup_time' in result:
            self.setup.append(result['setup_time'])
        packets = [packet for one in result.get('results', []) for packet in one.get('packets', [])]
        self.delays += [packet['delay'] for packet in packets if 'delay' in packet]
        self.lost += sum(one.get('lost', 0) for one in result.get('results', []))
        self.skipped += sum(one.get('skipped', 0) for one in result.get('results', []))
        if len(result.get('results', [])) < 2 or result.get('state') != 'OK':
            self.failures.append(result.get('reason', '?'))

    def stop(self):
        self.stopped = True
        self.thread.join()

    def figures(self):
        return {'checks': len(self.total), 'lost': self.lost, 'skipped': self.skipped, 'failed': len(self.failures),
                'setup_ms': [percentile(self.setup, share) * 1e3 for share in (0.5, 0.99)],
                'bare_ms': [percentile(self.bare, share) for share in (0.5, 0.99)],
                'total_ms': [percentile(self.total, share) * 1e3 for share in (0.5, 0.99)],
                'delay_p99_us': percentile(self.delays, 0.99) * 1e6, 'failure': (self.failures or [''])[0]}


class Scene:
    """A responder, who measures beside, and strangers; what is seen of them."""

    def __init__(self, build, addresses):
        self.build = build
        self.addresses = addresses
        self.folder = tempfile.TemporaryDirectory()
        self.far, self.near, self.strangers = Host('far'), Host('near'), Host('strange')
        self.join(self.near, 'near', [BESIDE + '/24'], SERVER + '/24')
        self.join(self.strangers, 'strange', [f'{STRANGER}{1 + n}/16' for n in range(addresses)], SERVER_FOR_STRANGERS + '/16')
        self.far.ip(f'route add {NOBODY}0/24 via {STRANGER}1')
        self.responder = Responder(self.far, f'{build}/core/owamp-responder', self.folder.name)
        self.bare = Bare(self.far, f'{build}/tests/bench/bench-bare')

    def join(self, host, name, theirs, ours):
        self.far.ip(f'link add {name} type veth peer name veth0 netns {host.name}', f'addr add {ours} dev {name}',
                    f'link set {name} up', 'link set lo up')
        host.ip(*(f'addr add {address} dev veth0' for address in theirs), 'link set veth0 up', 'link set lo up')

    def measure(self, seconds, attack):
        self.before = self.responder.counts() | {'descriptors': self.responder.descriptors()}
        kinds = {'open': [], 'keyed': ['--key-id', 'monitor', '--key-file', f'{self.folder.name}/owamp-server.pfs',
                                       '--mode', 'authenticated']}
        bare = {'open': [self.bare.port], 'keyed': [self.bare.port, PBKDF2_COUNT]}
        beside = {name: Beside(self.near, self.build, self.responder, options, bare[name]) for name, options in kinds.items()}
        attacker = self.begin(attack) if attack else None
        time.sleep(seconds)
        for one in beside.values():
            one.stop()
        seen = {name: one.figures() for name, one in beside.items()}
        seen['turn'] = self.responder.counts() or {'wall': PATIENCE * 1e3, 'cpu': PATIENCE * 1e3}
        seen['rss_mb'] = self.responder.status('VmHWM')
        seen['kernel_mb'] = kernel_mb()
        if attacker:
            seen['attacker'] = self.end(attack, attacker)
        return seen

    def begin(self, attack):
        # Strangers compute elsewhere; here they take what the responder and who measures leave of the machine.
        if attack in SCRIPTED:
            sources = ','.join(f'{STRANGER}{1 + n}' for n in range(self.addresses))
            arguments = SCRIPTED[attack][1 if self.addresses == 1 else 2].split()
            name = {'cut': 'flows'}.get(attack, attack).replace('-', '_')
            port = TWAMP_PORT if name.startswith('twamp') else self.responder.port
            words = ['python3', f'{HERE}/../system/stranger.py', '--from', sources, SERVER_FOR_STRANGERS, port, name, *arguments]
        else:
            first = {'half-open': NOBODY + '1', 'forged': BESIDE}.get(attack, STRANGER + '1')
            words = [f'{self.build}/tests/bench/bench-stranger', 'stray' if attack == 'forged' else attack, SERVER_FOR_STRANGERS,
                     self.responder.port, first, str(1 if attack == 'forged' else self.addresses), str(FAST[attack][1])]
        return subprocess.Popen(self.strangers.command('nice', '-n', '19', *words), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def end(self, attack, attacker):
        """Its end: nobody says goodbye where the link is cut. What it said."""
        if attack == 'cut':
            run(*self.strangers.command('nft', 'add table ip cut; add chain ip cut out { type filter hook output priority 0; '
                                                'policy drop; }; add chain ip cut in { type filter hook input priority 0; '
                                                'policy drop; }'))
        attacker.terminate()
        try:
            said = attacker.communicate(timeout=5)[0]
        except subprocess.TimeoutExpired:
            attacker.kill()
            said = attacker.communicate()[0]
        self.ended = time.monotonic()
        return said.split('\n')

    def wait_until_as_before(self, seen):
        """Connections, sessions and descriptors; results are kept for who may fetch them, and counted."""
        now = None
        while time.monotonic() - self.ended < BACK + 15:
            now = (self.responder.counts() or {}) | {'descriptors': self.responder.descriptors()}
            for name in ('wall', 'cpu'):  # to end what strangers began is part of it
                seen['turn'][name] = max(seen['turn'][name], now.get(name, 0))
            if all(now.get(name, math.inf) <= self.before[name] for name in ('connections', 'running', 'reflected', 'descriptors')):
                seen['back_s'] = time.monotonic() - self.ended
                break
            time.sleep(0.25)
        seen['after'] = now
        seen['rss_after_mb'] = self.responder.status('VmRSS')

    def close(self):
        self.bare.close()
        self.responder.process.kill()
        self.responder.process.wait()
        for host in (self.near, self.strangers, self.far):
            host.remove()
        self.folder.cleanup()


def misses(seen, alone, addresses):
    """What of the goals isn't reached. From many addresses they are goals for who has a key.

    A set-up is held against what it takes alone, or what the bare server takes now, if the machine makes that longer.
    """
    found = []
    for kind in ('open', 'keyed') if addresses == 1 else ('keyed',):
        one, calm = seen[kind], alone[kind]
        wrong = {'lost': one['lost'] + one['skipped'] > 0, 'failed': one['failed'] > 0, 'set-up': not one['setup_ms'][1] < 50,
                 'p99': not one['setup_ms'][1] <= 3 * max(calm['setup_ms'][1], one['bare_ms'][1])}
        found += [f'{kind} {name}' for name, is_wrong in wrong.items() if is_wrong]
    wrong = {'turn': addresses == 1 and seen['turn']['cpu'] >= 5, 'RSS': seen['rss_mb'] * 2**20 > RECORDS + 16e6,
             'back': 'back_s' not in seen or seen['back_s'] > BACK}
    return found + [name for name, is_wrong in wrong.items() if is_wrong]


COLUMNS = (f'{"attack":<11}{"from":>4}  {"checks":>7} {"failed":>7} {"lost":>7} {"skipped":>7}  {"set-up ms p50/p99":^19}  {"bare ms p50/p99":^19}  {"total ms p99":^11} '
           f'{"delay us p99":^12}  {"turn ms":>7} {"run":>7}  {"RSS MB":>6} {"kernel":>6}  {"back s":>6}  {"kept":>6} {"records":>9}  misses')


def row(name, addresses, seen, wrong):
    def both(value, form):
        return '/'.join(format(value(seen[kind]), form) for kind in ('open', 'keyed'))

    setup, bare = (' '.join('/'.join(f'{number:.1f}' for number in seen[kind][what]) for kind in ('open', 'keyed'))
                   for what in ('setup_ms', 'bare_ms'))
    after = seen.get('after') or {}
    back = f'{seen["back_s"]:.1f}' if 'back_s' in seen else '-' if name == 'alone' else f'>{BACK + 15}'
    return (f'{name:<11}{addresses:>4}  {both(lambda one: one["checks"], ""):>7} {both(lambda one: one["failed"], ""):>7} '
            f'{both(lambda one: one["lost"], ""):>7} {both(lambda one: one["skipped"], ""):>7}  {setup:^19}  {bare:^19}  {both(lambda one: one["total_ms"][1], ".0f"):^11} '
            f'{both(lambda one: one["delay_p99_us"], ".0f"):^12}  {seen["turn"]["wall"]:7.2f} {seen["turn"]["cpu"]:7.2f}  '
            f'{seen["rss_mb"]:6.1f} {seen["kernel_mb"]:6.1f}  {back:>6}  {after.get("kept", 0):6.0f} {after.get("records", 0):9.0f}  '
            f'{", ".join(wrong) or "-"}')


def try_one(build, name, addresses, rows):
    """Measure now; wait in the background until all is given back."""
    if sys.stderr.isatty():
        print(f'{name}{f" from {addresses}" if addresses else ""} ...', file=sys.stderr)
    scene = Scene(build, addresses)
    seen = scene.measure(SECONDS, None) if name == 'alone' else scene.measure(SECONDS, name)
    rows.append((name, addresses, seen))

    def rest():
        try:
            if name != 'alone':
                scene.wait_until_as_before(seen)
        finally:
            scene.close()

    waiting = threading.Thread(target=rest)
    waiting.start()
    return waiting


GOALS = {'lost': 'nothing lost beside it, nor skipped', 'failed': 'no check beside it fails', 'set-up': 'set-up under 50 ms',
         'p99': "the set-up's 99th percentile at most threefold", 'turn': 'no turn of 5 ms, from one address',
         'RSS': "RSS within the records' bound and 16 MB", 'back': f'all given back within {BACK} s'}


def tell_goals(results):
    """Each goal: met, or by which attacks it is missed."""
    tried = [one for one in results if one['attack'] != 'alone']
    for name, text in GOALS.items():
        missed = [f'{one["attack"]} from {one["addresses"]} ({miss})' for one in tried for miss in one['misses']
                  if miss.split()[-1] == name]
        print(f'{"missed" if missed else "met":<7}{text}{": " if missed else ""}{", ".join(missed)}')


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else 'build/release')
    names = sys.argv[2:] or [*FAST, *SCRIPTED]
    if unknown := [name for name in names if name not in FAST and name not in SCRIPTED]:
        lines = [f'  {name:<11} {what[0]}' for name, what in (FAST | SCRIPTED).items()]
        sys.exit('\n'.join([f'no attack is called {unknown[0]}. There are:', *lines]))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, most), most))  # as the systemd unit has it
    print(f'{os.uname().sysname} {os.uname().release}, {os.cpu_count()} cores, load {open("/proc/loadavg").read()[:14]}, '
          f'{SECONDS} s each; two numbers of a column: open / with a key')
    rows = []
    waiting = [try_one(build, 'alone', 0, rows)]
    for name in names:
        for addresses in (1, MANY):
            waiting.append(try_one(build, name, addresses, rows))
    for one in waiting:
        one.join()
    alone = rows[0][2]
    print(COLUMNS)
    results = []
    for name, addresses, seen in rows:
        wrong = misses(seen, alone, addresses) if name != 'alone' else []
        print(row(name, addresses, seen, wrong))
        results.append({'attack': name, 'addresses': addresses, 'misses': wrong} | seen)
    tell_goals(results)
    with open(f'{build}/abuse.json', 'w') as file:
        json.dump(results, file, indent=1)
    print(f'written to {build}/abuse.json')


if __name__ == '__main__':
    main()
