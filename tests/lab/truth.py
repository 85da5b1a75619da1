#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold reported numbers to the lab's log.

  truth.py LOG REPORT [--loss-timeout SECONDS] [--together CHECK] [--unknown-ways]
           [--exact-reflector]

REPORT is what check_owamp --json -vvv prints, or a query socket's answer to "get NAME COUNT"; CHECK is what
check_owamp --query --last COUNT --json says of the same intervals. Of a reflector which way packets were lost must be told, or, with
--unknown-ways, must not; with --exact-reflector its departures are held to the log as well. Prints every difference, and exits with 1
if there is one, with 2 if all of them are delays that noise can make, too. Other programs' numbers are compared by compare() below;
README.md tells how. Nothing of this is the core's: it judges it.
"""
import argparse
import json
import math
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime

CLOSE = 0.99  # of a report's delays, both directions together, must lie within their error estimate

MANY = 50  # packets, of which a median is worth something
UNBIASED = 15000  # ns: a median that is farther off is a bias, and no noise of a busy machine


class Noise(str):
    """A difference that a machine makes, too, which is interrupted between a host's stamp and the forwarder's: a fault if it is there
    each time that one measures."""


def at(where, difference):
    return type(difference)(f"{where}: {difference}")


@dataclass
class Packet:
    """One line of the log."""
    number: int
    copy: int
    came: int
    left: int | None
    ttl: int | None
    done: list
    head: bytes


@dataclass
class Truth:
    """What a perfect observer at the receiver would report of one flow."""
    sent: int
    lost: list                                  # sequence numbers
    delays: dict                                # of the first copy to arrive, ns, by sequence number
    duplicates: int
    reordered: int
    longest_loss_run: int
    hops: tuple
    packets: dict = field(default_factory=dict)  # as they came in, by sequence number


def read_log(path):
    """All packets since the scenario was loaded last, by way and flow, and whether the log is whole."""
    flows, whole = {}, True
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("# scenario"):
                flows = {}
            elif line.startswith("#"):
                whole = whole and "not the whole truth" not in line
            else:
                way, source, target, number, copy, came, left, ttl, _, done, head = line.rstrip("\n").split("\t")
                flows.setdefault((way, source, target), []).append(Packet(
                    int(number), int(copy), int(came), None if left == "-" else int(left),
                    None if ttl == "-" else int(ttl), [] if done == "-" else done.split(","), bytes.fromhex(head)))
    return flows, whole


def reaches(packet, mode):
    """Whether the receiver can make use of it, as far as its octets go."""
    for what in packet.done:
        kind, _, octet = what.partition("@")
        if kind == "corrupt":
            return False  # the UDP checksum tells
        if kind == "corrupt-mended":
            if mode != "encrypted":
                raise ValueError("only the encrypted mode's fate of a corrupted packet is sure")
            return int(octet) >= 48  # the HMAC covers all but the padding
    return packet.left is not None


def work_out(packets, mode, loss_timeout):
    """The truth of one flow. Its n-th packet has the sequence number n: senders send in order."""
    entered = {p.number: p for p in packets if p.copy == 0}
    arrivals = sorted((p for p in packets if reaches(p, mode) and p.left - p.came <= loss_timeout * 1e9),
                      key=lambda p: p.left)
    first, order = {}, []
    for packet in arrivals:
        if packet.number not in first:
            first[packet.number] = packet
            order.append(packet.number)
    lost = [n for n in sorted(entered) if n not in first]
    reordered, expected = 0, 0
    for number in order:  # RFC 4737, 3.3
        if number < expected:
            reordered += 1
        else:
            expected = number + 1
    run = longest = 0
    for number in range(len(entered)):
        run = 0 if number in first else run + 1
        longest = max(longest, run)
    hops = [255 - p.ttl for p in first.values()]
    return Truth(sent=len(entered), lost=lost, delays={n: p.left - p.came for n, p in first.items()},
                 duplicates=len(arrivals) - len(order), reordered=reordered, longest_loss_run=longest,
                 hops=(min(hops), max(hops)) if hops else None, packets=entered)


def nearest_rank(ordered, percent, shift=0):
    rank = math.ceil(percent * len(ordered) / 100) - 1 + shift
    return ordered[min(max(rank, 0), len(ordered) - 1)]


def compare(truth, reported, outliers=0, share=0):
    """Yield a sentence for each number that isn't true. `reported` is a dict; what it lacks isn't compared:
    sent, received, lost, duplicates, reordered, longest_loss_run; hops: {min, max};
    delay: {min, median, p95, p99, max} in seconds, and error: what each may be wrong by, in seconds.
    Up to `outliers` packets may lie outside of it: percentiles may then be off by as many ranks. With a share
    percentiles may be off by it of their distance from the least delay, or a microsecond."""
    exact = {"sent": truth.sent, "received": len(truth.delays), "lost": len(truth.lost),
             "duplicates": truth.duplicates, "reordered": truth.reordered,
             "longest_loss_run": truth.longest_loss_run}
    for name, value in exact.items():
        if name in reported and reported[name] != value:
            yield f"{name} is {value}, reported {reported[name]}"
    if truth.hops and reported.get("hops"):
        said = (reported["hops"]["min"], reported["hops"]["max"])
        if said != truth.hops:
            yield f"hops are {truth.hops}, reported {said}"
    if not truth.delays and reported.get("delay"):
        yield "nothing arrived, and yet a delay is reported"
    if truth.delays and "delay" in reported and not reported["delay"]:
        yield "packets arrived, and no delay is reported"
    ordered = sorted(truth.delays.values())
    for name, percent in (("min", 0), ("median", 50), ("p95", 95), ("p99", 99), ("max", 100)):
        value = (reported.get("delay") or {}).get(name)
        if value is None or not ordered or (name in ("min", "max") and outliers):
            continue
        low, high = nearest_rank(ordered, percent, -outliers), nearest_rank(ordered, percent, outliers)
        if share and name not in ("min", "max"):
            low -= max(share * (low - ordered[0]), 1000)
            high += max(share * (high - ordered[0]), 1000)
        low, high = low / 1e9 - reported["error"], high / 1e9 + reported["error"]
        if not low <= value <= high:
            yield Noise(f"delay {name} lies in {low * 1e6:.3f} .. {high * 1e6:.3f} us, reported {value * 1e6:.3f} us")


# ---- check_owamp --json -vvv ----

def flow_of(result):
    """("10.86.1.1:4000", "10.86.1.2:9000") as the log writes them."""
    ends = []
    for end in (result["sender"], result["receiver"]):
        address, port = end["address"], end["port"]
        ends.append(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
    return tuple(ends)


def stamp_ntp(head, mode):
    """The stamp that stands in clear on the wire, 32.32 bits; none in encrypted mode."""
    at = {"open": 4, "authenticated": 16}.get(mode)
    return None if at is None else int.from_bytes(head[at:at + 8], "big")


def compare_wire(truth, received, mode):
    """The reported packets are those on the wire, where the mode lets one read it."""
    for number, packet in truth.packets.items():
        ntp = stamp_ntp(packet.head, mode)
        if mode == "open" and int.from_bytes(packet.head[:4], "big") != number:
            yield f"the flow's packet {number} has another sequence number"
        if ntp is not None and number in received:
            fraction = round((ntp & 0xffffffff) * 1e9 / 2**32)
            stamp = received[number].get("stamp", received[number]["sent"])  # its own, beside its departure
            said = int(re.search(r"\.(\d+)", stamp).group(1).ljust(9, "0")[:9])
            if min(abs(fraction - said), 10**9 - abs(fraction - said)) > 2:
                yield f"packet {number} was stamped {fraction} ns past its second, reported {stamp}"


def compare_stamps(truth, received):
    """The send and receive times of packets have no bias: their medians lie where the forwarder's stamps do. A true departure is
    before it arrives at the forwarder, and a packet arrives after it left that: the links take a microsecond or less."""
    known = [(truth.packets[n], truth.delays[n], p) for n, p in received.items() if n in truth.delays]
    true = [nanoseconds(p["sent"]) - was.came for was, _, p in known if p["departed"] != "corrected"]
    drawn = [nanoseconds(p["sent"]) - was.came for was, _, p in known if p["departed"] == "corrected"]
    yield from compare_median("true departures", true, -UNBIASED, 0)
    yield from compare_median("stamps", drawn, -UNBIASED, UNBIASED)
    yield from compare_arrivals(truth, received)


def compare_arrivals(truth, received):
    known = [(truth.packets[n].came + truth.delays[n], p) for n, p in received.items() if n in truth.delays]
    yield from compare_median("receive times", [nanoseconds(p["received"]) - left for left, p in known], 0, UNBIASED)


def compare_median(what, errors, least, most):
    if len(errors) >= MANY and not least <= (median := sorted(errors)[len(errors) // 2]) <= most:
        yield f"the median of {what} lies {median / 1e3:+.2f} us from the truth, not within {least / 1e3} and {most / 1e3}"


def far_off(truth, received):
    """Packets whose delay lies outside its own error estimate: (number, ns off, ns estimated)."""
    found = []
    for number, packet in received.items():
        if number in truth.delays:
            off = packet["delay"] * 1e9 - truth.delays[number]
            bound = (packet["send_error"] + packet["receive_error"]) * 1e9
            if abs(off) > bound:
                found.append((number, off, bound))
    return found


def compare_direction(truth, result, mode, off):
    """`off` gathers the delays that lie outside their error estimate."""
    packets = result["packets"]
    received = {}
    for packet in packets:
        if not packet["lost"]:
            received.setdefault(packet["sequence"], packet)
    lost = sorted({p["sequence"] for p in packets if p["lost"]} - received.keys())
    if result["completeness"] != "complete":
        yield f"the result is {result['completeness']}"
    if result["skipped"]:
        yield f"{result['skipped']} packets were skipped, so the log can't tell which is which"
        return
    if lost != truth.lost:
        yield f"lost are {truth.lost}, reported {lost}"
    yield from compare_wire(truth, received, mode)
    yield from compare_stamps(truth, received)
    here = far_off(truth, received)
    off += here
    numbers = dict(result)
    numbers["error"] = result.get("clock", {}).get("error", 0)
    yield from compare(truth, numbers, outliers=len(here))


def compare_report(flows, report, loss_timeout):
    """Yield a sentence for each difference."""
    off, arrived = [], 0
    for result in report["results"]:
        packets = flows.get((result["direction"], *flow_of(result)), [])
        truth = work_out(packets, report["mode"], loss_timeout)
        arrived += len(truth.delays)
        for difference in compare_direction(truth, result, report["mode"], off):
            yield at(result["direction"], difference)
    if len(off) > (1 - CLOSE) * arrived:
        shown = ", ".join(f"{n}: {ns / 1e3:+.1f} of {bound / 1e3:.1f} us" for n, ns, bound in off[:12])
        yield Noise(f"{len(off)} of {arrived} delays lie outside their error estimate: {shown}")


# ---- a stream's intervals ----

def nanoseconds(stamp):
    """Of "2026-11-24T12:00:00.000000000Z", since 1970."""
    whole, fraction = stamp.rstrip("Z").split(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * 10**9 + int(fraction.ljust(9, "0"))


def flow_within(flows, way, begin, end):
    """Every interval has sessions of its own, hence flows of its own: the packets of the one that began in it."""
    found = [packets for key, packets in flows.items()
             if key[0] == way and begin < min(p.came for p in packets) <= end]
    return found[0] if len(found) == 1 else None


def compare_interval(flows, interval, loss_timeout):
    begin, end = nanoseconds(interval["begin"]), nanoseconds(interval["end"])
    if interval["status"] != "ok" or len(interval["results"]) != 2:
        yield f"is not whole: {interval['status']} {interval.get('reason', '')}"
    for result in interval["results"]:
        way = result["direction"]
        packets = flow_within(flows, way, begin, end)
        if packets is None:
            yield f"{way}: there is no one flow that began in it"
            continue
        truth = work_out(packets, interval["mode"], loss_timeout)
        numbers = dict(result, error=result.get("clock", {}).get("error", 0))
        outliers = int((1 - CLOSE) * len(truth.delays))
        for difference in compare(truth, numbers, outliers):
            yield at(way, difference)


def compare_stream(flows, answer, loss_timeout):
    """Yield a sentence for each difference."""
    if not answer["intervals"]:
        yield "there are no intervals"
    for interval in answer["intervals"]:
        for difference in compare_interval(flows, interval, loss_timeout):
            yield at(f"interval {interval['number']}", difference)


def compare_together(flows, answer, check, loss_timeout):
    """What a check says of all of the answer's intervals together: percentiles are those of all packets."""
    for result in check["results"]:
        truths = []
        for interval in answer["intervals"]:
            packets = flow_within(flows, result["direction"], nanoseconds(interval["begin"]), nanoseconds(interval["end"]))
            truths.append(work_out(packets or [], interval["mode"], loss_timeout))
        delays = {(i, n): delay for i, truth in enumerate(truths) for n, delay in truth.delays.items()}
        together = Truth(sent=sum(t.sent for t in truths), lost=[n for t in truths for n in t.lost], delays=delays,
                         duplicates=sum(t.duplicates for t in truths), reordered=sum(t.reordered for t in truths),
                         longest_loss_run=max(t.longest_loss_run for t in truths), hops=None)
        if result.get("percentiles_from") != "histograms":
            yield f"{result['direction']}: the percentiles are from {result.get('percentiles_from')}"
        numbers = dict(result, error=result["clock"]["error"])
        for difference in compare(together, numbers, int((1 - CLOSE) * len(delays)), share=0.01):
            yield at(f"{result['direction']}, {len(truths)} intervals together", difference)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    parser.add_argument("report")
    parser.add_argument("--loss-timeout", type=float, default=2)
    parser.add_argument("--together")
    parser.add_argument("--unknown-ways", action="store_true")
    parser.add_argument("--exact-reflector", action="store_true")
    arguments = parser.parse_args()
    flows, whole = read_log(arguments.log)
    with open(arguments.report, encoding="utf-8") as file:
        report = json.load(file)
    differences = [] if whole else ["the log is not the whole truth: the forwarder was too slow"]
    if "stream" in report:
        differences += compare_stream(flows, report, arguments.loss_timeout)
        if arguments.together:
            with open(arguments.together, encoding="utf-8") as file:
                differences += compare_together(flows, report, json.load(file), arguments.loss_timeout)
    elif not report.get("results"):
        differences.append(f"the report has no results: {report.get('reason')}")
    elif "reflector" in report:
        differences += reflected.compare_report(flows, report, arguments.loss_timeout, not arguments.unknown_ways,
                                                arguments.exact_reflector)
    else:
        differences += compare_report(flows, report, arguments.loss_timeout)
    print("\n".join(differences), end="\n" if differences else "")
    if not differences:
        return 0
    return 2 if all(isinstance(difference, Noise) for difference in differences) else 1


if __name__ == "__main__":
    sys.modules["truth"] = sys.modules["__main__"]
    import reflected
    sys.exit(main())
