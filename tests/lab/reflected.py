# SPDX-License-Identifier: MIT
"""Hold what is reported of a reflector to the lab's log; used by truth.py.

The reflector must count its answers (stateful), for by its numbers each answer finds its question: its n-th answer is the one to the
n-th question that reached it. The numbers on the wire begin with eight for questions before the schedule, and end with those behind it.
"""
from dataclasses import dataclass, field

import truth

BEFORE = 8  # numbers that are kept for questions before the schedule


@dataclass
class Session:
    """What a perfect observer saw of it."""
    count: int
    questions: dict = field(default_factory=dict)  # as they came in, by number in the schedule
    arrived: set = field(default_factory=set)      # of these, at the reflector
    answers: dict = field(default_factory=dict)    # (question, answer) that came first, by number in the schedule
    copies: list = field(default_factory=list)     # (direction, when) of all others
    strays: list = field(default_factory=list)     # sentences


def number_of(octets):
    return int.from_bytes(octets, "big")


def take_answers(session, reached, back, mode, loss_timeout):
    """In order of arrival."""
    seen = set()
    for answer in sorted((p for p in back if truth.reaches(p, mode)), key=lambda p: p.left):
        counter = number_of(answer.head[:4])
        if counter >= len(reached):
            session.strays.append(f"answer {counter} of {len(reached)}")
            continue
        question = reached[counter]
        number = number_of(question.head[:4]) - BEFORE
        if mode == "open" and number_of(answer.head[24:28]) - BEFORE != number:
            session.strays.append(f"answer {counter} is not to question {number}")
        if not 0 <= number < session.count or answer.left - question.came > loss_timeout * 1e9:
            continue
        if number not in session.answers:
            session.answers[number] = (question, answer)
        else:
            session.copies.append(("reverse" if counter in seen else "forward", answer.left))
        seen.add(counter)


def observe(there, back, count, mode, loss_timeout):
    session = Session(count)
    for packet in there:
        number = number_of(packet.head[:4]) - BEFORE
        if packet.copy == 0 and 0 <= number < count:
            session.questions[number] = packet
    reached = sorted((p for p in there if truth.reaches(p, mode)), key=lambda p: p.left)
    session.arrived = {number_of(p.head[:4]) - BEFORE for p in reached} & session.questions.keys()
    take_answers(session, reached, back, mode, loss_timeout)
    return session


def longest_run(session):
    run = longest = 0
    for number in range(session.count):
        run = 0 if number in session.answers else run + 1
        longest = max(longest, run)
    return longest


def overtaken(numbers):
    """RFC 4737, 3.3, of the order in which packets arrived."""
    reordered, expected = 0, -1
    for number in numbers:
        reordered += number < expected
        expected = max(expected, number)
    return reordered


def counts(session):
    """By direction, what is to be reported; of copies the least and the most, as the last answer's may be missed."""
    there = sorted(session.answers.items(), key=lambda item: item[1][0].left)
    back = sorted(session.answers.values(), key=lambda pair: pair[1].left)
    arrived, answered = len(session.arrived), len(session.answers)
    end = back[-1][1].left if back else 0
    copies = {way: [sum(w == way and (late or when <= end) for w, when in session.copies) for late in (False, True)]
              for way in ("forward", "reverse")}
    copies["round-trip"] = [sum(pair) for pair in zip(copies["forward"], copies["reverse"])]
    numbers = {"forward": {"sent": session.count, "received": arrived, "lost": session.count - arrived,
                           "reordered": overtaken(number for number, _ in there)},
               "reverse": {"sent": arrived, "received": answered, "lost": arrived - answered,
                           "reordered": overtaken(number_of(answer.head[:4]) for _, answer in back)},
               "round-trip": {"sent": session.count, "received": answered, "lost": session.count - answered,
                              "longest_loss_run": longest_run(session)}}
    return numbers, copies


def way_truth(session, way):
    """Delays and hops of the answered ones, as truth.compare() has them."""
    place = 0 if way == "forward" else 1
    packets = {number: pair[place] for number, pair in session.answers.items()}
    hops = [255 - p.ttl for p in packets.values()]
    delays = {number: p.left - p.came for number, p in packets.items()}
    if way == "round-trip":
        hops, delays = [], {n: sum(p.left - p.came for p in pair) for n, pair in session.answers.items()}
    return truth.Truth(sent=0, lost=[], delays=delays, duplicates=0, reordered=0, longest_loss_run=0,
                       hops=(min(hops), max(hops)) if hops else None, packets=packets)


def compare_delays(session, result, error, off):
    way = result["direction"]
    fact = way_truth(session, way)
    received = {p["sequence"]: p for p in result["packets"] if not p["lost"]}
    here = truth.far_off(fact, received)
    off += here
    if way == "forward":
        yield from truth.compare_stamps(fact, received)
    elif way == "reverse":
        yield from truth.compare_arrivals(fact, received)
    numbers = {name: result[name] for name in ("delay", "hops") if name in result and result[name]}
    yield from truth.compare(fact, dict(numbers, error=error), outliers=len(here))


def compare_counts(session, result, known):
    way = result["direction"]
    numbers, copies = counts(session)
    if not known and way != "round-trip":  # of those that were answered alone
        numbers[way] = dict(numbers[way], received=len(session.answers))
    if known != ("loss_unknown" not in result) and way != "round-trip":
        yield f"losses are {'known' if known else 'unknown'}, and not reported so"
    for name, value in numbers[way].items():
        if (name in result or name == "lost" and known) and result.get(name) != value:
            yield f"{name} is {value}, reported {result.get(name)}"
    low, high = copies[way]
    if not low <= result["duplicates"] <= high:
        yield f"duplicates are {low} to {high}, reported {result['duplicates']}"
    if way == "round-trip":
        lost = sorted(p["sequence"] for p in result["packets"] if p["lost"])
        missing = sorted(session.questions.keys() - session.answers.keys())
        if lost != missing:
            yield f"lost are {missing}, reported {lost}"


def compare_report(flows, report, loss_timeout, known):
    """Yield a sentence for each difference."""
    off, results = [], {result["direction"]: result for result in report["results"]}
    ends = truth.flow_of(results["forward"])
    count = results["round-trip"]["sent"]
    session = observe(flows.get(("forward", *ends), []), flows.get(("reverse", *reversed(ends)), []), count,
                      report["mode"], loss_timeout)
    yield from session.strays
    if session.questions.keys() != set(range(count)):
        yield f"{count} questions are reported, and {len(session.questions)} were seen"
    errors = {way: results[way].get("clock", {}).get("error", 0) for way in ("forward", "reverse")}
    errors["round-trip"] = sum(errors.values())
    for way, result in results.items():
        for difference in (*compare_counts(session, result, known), *compare_delays(session, result, errors[way], off)):
            yield f"{way}: {difference}"
    if len(off) > (1 - truth.CLOSE) * 2 * max(len(session.answers), 1):
        yield f"{len(off)} delays lie outside their error estimate: {off[:6]}"
