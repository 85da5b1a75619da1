# SPDX-License-Identifier: MIT
"""Hold what is reported of a reflector to the lab's log; used by truth.py.

The reflector must count its answers (stateful), for by its numbers each answer finds its question: its n-th answer is the one to the
n-th question that reached it. STAMP's numbers, in clear in each mode, begin with eight for questions before the schedule; TWAMP's, which
a keyed mode hides, are places in their flow, as nothing is skipped. Behind the schedule there may be more.
"""
from dataclasses import dataclass, field

import truth

BEFORE = {"stamp": 8, "twamp": 0}  # numbers that are kept for questions before the schedule
IN_CLEAR = ("open", "mixed")  # modes in which an answer's numbers can be read


@dataclass
class Session:
    """What a perfect observer saw of it."""
    count: int
    protocol: str
    mode: str
    questions: dict = field(default_factory=dict)  # as they came in, by number in the schedule
    arrived: set = field(default_factory=set)      # of these, at the reflector
    answers: dict = field(default_factory=dict)    # (question, answer) that came first, by number in the schedule
    copies: list = field(default_factory=list)     # (direction, when) of all others
    strays: list = field(default_factory=list)     # sentences


def number_of(octets):
    return int.from_bytes(octets, "big")


def number(session, packet):
    """A question's, or an answer's."""
    return number_of(packet.head[:4]) if session.protocol == "stamp" else packet.number


def asked(session, question):
    """A question's number in the schedule."""
    return number(session, question) - BEFORE[session.protocol]


def compare_numbers(session, question, answer, counter):
    """What stands on the wire of an answer's numbers, where the mode lets one read it."""
    if session.mode in IN_CLEAR:
        said = number_of(answer.head[:4]), answer.head[24:28]
        if said != (counter, question.head[:4]):
            yield f"answer {counter} says it is {said[0]}, to question {number_of(said[1])}, not {number_of(question.head[:4])}"


def take_answers(session, reached, back, loss_timeout):
    """In order of arrival."""
    seen = set()
    for answer in sorted((p for p in back if truth.reaches(p, session.mode)), key=lambda p: p.left):
        counter = number(session, answer)
        if counter >= len(reached):
            session.strays.append(f"answer {counter} of {len(reached)}")
            continue
        question = reached[counter]
        place = asked(session, question)
        session.strays += compare_numbers(session, question, answer, counter)
        if not 0 <= place < session.count or answer.left - question.came > loss_timeout * 1e9:
            continue
        if place not in session.answers:
            session.answers[place] = (question, answer)
        else:
            session.copies.append(("reverse" if counter in seen else "forward", answer.left))
        seen.add(counter)


def observe(there, back, session, loss_timeout):
    for packet in there:
        place = asked(session, packet)
        if packet.copy == 0 and 0 <= place < session.count:
            session.questions[place] = packet
    reached = sorted((p for p in there if truth.reaches(p, session.mode)), key=lambda p: p.left)
    session.arrived = {asked(session, p) for p in reached} & session.questions.keys()
    take_answers(session, reached, back, loss_timeout)


def longest_run(session):
    run = longest = 0
    for place in range(session.count):
        run = 0 if place in session.answers else run + 1
        longest = max(longest, run)
    return longest


def overtaken(numbers):
    """RFC 4737, 3.3, of the order in which packets arrived."""
    reordered, expected = 0, -1
    for one in numbers:
        reordered += one < expected
        expected = max(expected, one)
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
                           "reordered": overtaken(place for place, _ in there)},
               "reverse": {"sent": arrived, "received": answered, "lost": arrived - answered,
                           "reordered": overtaken(number(session, answer) for _, answer in back)},
               "round-trip": {"sent": session.count, "received": answered, "lost": session.count - answered,
                              "longest_loss_run": longest_run(session)}}
    return numbers, copies


def way_truth(session, way):
    """Delays and hops of the answered ones, as truth.compare() has them."""
    place = 0 if way == "forward" else 1
    packets = {n: pair[place] for n, pair in session.answers.items()}
    hops = [255 - p.ttl for p in packets.values()]
    delays = {n: p.left - p.came for n, p in packets.items()}
    if way == "round-trip":
        hops, delays = [], {n: sum(p.left - p.came for p in pair) for n, pair in session.answers.items()}
    return truth.Truth(sent=0, lost=[], delays=delays, duplicates=0, reordered=0, longest_loss_run=0,
                       hops=(min(hops), max(hops)) if hops else None, packets=packets)


def compare_delays(session, result, error, off, exact):
    way = result["direction"]
    fact = way_truth(session, way)
    received = {p["sequence"]: p for p in result["packets"] if not p["lost"]}
    here = truth.far_off(fact, received)
    if way == "round-trip":  # of four stamps: the error of all is that of the typical ones
        here = [(n, p["delay"] * 1e9 - fact.delays[n], error * 1e9) for n, p in received.items()
                if n in fact.delays and abs(p["delay"] - fact.delays[n] / 1e9) > error]
    off += here
    if way == "forward" or way == "reverse" and exact:
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


def compare_report(flows, report, loss_timeout, known, exact):
    """Yield a sentence for each difference; if `exact`, also of the reflector's departures."""
    off, results = [], {result["direction"]: result for result in report["results"]}
    ends = truth.flow_of(results["forward"])
    count = results["round-trip"]["sent"]
    session = Session(count, report["protocol"], report["mode"])
    observe(flows.get(("forward", *ends), []), flows.get(("reverse", *reversed(ends)), []), session, loss_timeout)
    yield from session.strays
    if session.questions.keys() != set(range(count)):
        yield f"{count} questions are reported, and {len(session.questions)} were seen"
    errors = {way: results[way].get("clock", {}).get("error", 0) for way in ("forward", "reverse")}
    errors["round-trip"] = sum(errors.values())
    for way, result in results.items():
        for difference in (*compare_counts(session, result, known), *compare_delays(session, result, errors[way], off, exact)):
            yield truth.at(way, difference)
    if len(off) > (1 - truth.CLOSE) * 3 * max(len(session.answers), 1):
        yield truth.Noise(f"{len(off)} delays lie outside their error estimate: {off[:6]}")
