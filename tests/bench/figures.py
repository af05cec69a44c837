# SPDX-License-Identifier: BSD-2-Clause
"""What the bench makes of what it measured: pure functions, without a clock and without a server."""
import statistics

OURS = "ballast"
FLOOR = "floor"
# A figure of this name is the better the larger it is; all others the smaller.
LARGER_IS_BETTER = ("qps",)
# The machine was too noisy to judge when one of these is exceeded.
FLOOR_SPREAD_MAX = 0.10   # of the floor's CPU a query, between rounds of a scenario
STEAL_MAX = 0.01          # of the machine's time, taken by its host
OTHERS_MAX = 0.10         # of one core, taken by other processes
SHIFTS_SUSTAINED = 10_000  # a second


def summary(values):
    """Median and range of the rounds; None when there are none."""
    if not values:
        return None
    return {"median": statistics.median(values), "low": min(values), "high": max(values),
            "rounds": list(values)}


def spread(values):
    """Range by median; 0 of fewer than two."""
    return (max(values) - min(values)) / statistics.median(values) if len(values) > 1 else 0.0


def ratio(one, other):
    return one / other if one is not None and other else None


def best_peer(medians, figure):
    """(name, value) of the best of the others; None when there is none. medians is {server: value}."""
    peers = {name: value for name, value in medians.items()
             if name not in (OURS, FLOOR) and value is not None}
    if not peers:
        return None
    choose = max if figure in LARGER_IS_BETTER else min
    name = choose(peers, key=peers.get)
    return name, peers[name]


def compare(rounds):
    """{server: {figure: [of each round]}} to {server: {figure: summary with ratios}}."""
    found = {server: {figure: summary(values) for figure, values in figures.items()}
             for server, figures in rounds.items()}
    for server, figures in found.items():
        for figure, one in figures.items():
            if one is None:
                continue
            medians = {other: more[figure]["median"] for other, more in found.items()
                       if more.get(figure)}
            best = best_peer(medians, figure)
            one["to_floor"] = ratio(one["median"], medians.get(FLOOR))
            one["to_best_peer"] = ratio(one["median"], best[1]) if best else None
            one["best_peer"] = best[0] if best else None
    return found


def noise(floor_rounds, steal, others):
    """Reasons why the machine was too noisy to judge, none when it was quiet. floor_rounds is
    {scenario: [CPU ns a query]}; steal and others are shares, of each measurement."""
    reasons = [f"{scenario}: the floor's CPU a query differed by {spread(values):.0%} between rounds"
               for scenario, values in floor_rounds.items() if spread(values) > FLOOR_SPREAD_MAX]
    for shares, most, text in ((steal, STEAL_MAX, "of the machine's time was taken by its host"),
                               (others, OTHERS_MAX, "of a core went to other processes")):
        if shares and statistics.mean(shares) > most:
            reasons.append(f"{statistics.mean(shares):.1%} {text} (at worst {max(shares):.1%})")
    return reasons


def split(total_ns, user_ticks, system_ticks, queries):
    """(all, user, system) in ns a query: the whole is exact, how it is shared is counted in ticks."""
    ticks = user_ticks + system_ticks
    user = total_ns * user_ticks / ticks if ticks else 0.0
    return (total_ns / queries, user / queries, (total_ns - user) / queries) if queries else None


def shares_of_cpu(before, after):
    """(steal, seconds busy) between two first lines of /proc/stat, as lists of ticks of 10 ms."""
    passed = [late - early for early, late in zip(before, after)]
    user, nice, system, _idle, _iowait, irq, softirq, steal = passed[:8]
    whole = sum(passed[:8])
    return (steal / whole if whole else 0.0), (user + nice + system + irq + softirq) / 100


def points(result):
    """[(what is to be reached, whether it is, the figure)] for what was measured of it. None: it depends
    on times, and the machine was too noisy to judge."""
    found = []

    def timed(what, is_reached, figure):
        found.append((what, None if result["noise"] else is_reached, figure))

    for name, servers in result["scenarios"].items():
        ours = servers.get(OURS, {})
        cpu, qps, p99 = (ours.get(figure) or {} for figure in ("cpu_ns", "qps", "p99_us"))
        if cpu.get("to_floor") is not None:
            timed(f"{name}: CPU a query at most 1.05 times the floor's", cpu["to_floor"] <= 1.05,
                  f"{cpu['to_floor']:.3f} times")
        if qps.get("to_best_peer") is not None:
            timed(f"{name}: q/s at saturation not below the best peer's", qps["to_best_peer"] >= 1,
                  f"{qps['to_best_peer']:.2f} times that of {qps['best_peer']}")
        if not name.startswith("tcp") and p99.get("to_best_peer") is not None:
            timed(f"{name}: p99 at half load not above the best peer's", p99["to_best_peer"] <= 1,
                  f"{p99['to_best_peer']:.2f} times that of {p99['best_peer']}")
    tables = [(f"{int(names):,} {word}names", servers)
              for key, word in (("sizes", ""), ("signed", "signed ")) for names, servers in
              result.get(key, {}).items()]
    for names, servers in tables:
        if OURS not in servers or "knot" not in servers:
            continue
        one, other = ([servers[name][figure]["median"] for figure in ("resident_mib", "load_s")]
                      for name in (OURS, "knot"))
        found.append((f"{names}: resident memory below Knot's", one[0] < other[0],
                      f"{one[0]:.1f} MiB, Knot {other[0]:.1f}"))
        timed(f"{names}: loads in at most Knot's time", one[1] <= other[1],
              f"{one[1]:.2f} s, Knot {other[1]:.2f}")
    for names, servers in result.get("reloads", {}).items():
        if OURS in servers:
            peak, p99 = (servers[OURS][figure]["median"] for figure in ("peak", "p99_times"))
            found.append((f"{int(names):,} names, read again: at most 2.2 times the memory", peak <= 2.2,
                          f"{peak:.2f} times"))
            timed(f"{int(names):,} names, read again: less than twice the p99", p99 < 2, f"{p99:.2f} times")
    for name, servers in result["instructions"].items():
        if OURS in servers:
            found.append((f"{name}: at most 300 instructions a query", servers[OURS] <= 300,
                          f"{servers[OURS]:.0f}, the socket calls in libc among them"))
    for one in result.get("shifts", []):
        beside = (f"{one['asked_rate']:,} shifts a second, {one['names']:,} names, {one['sets']:,} record sets, "
                  f"the load {one['load']}")
        if one["asked_rate"] < SHIFTS_SUSTAINED:
            timed(f"{beside}: at all workers within 100 µs at the median, 1 ms at worst",
                  one["median_us"] <= 100 and one["worst_us"] <= 1000,
                  f"{one['median_us']:.0f} µs, {one['worst_us']:,.0f} µs at worst; the workers waited for a processor "
                  f"{one['waited']:.0%} of the time")
        else:
            found.append((f"{beside}: sustained with no lost query",
                          one["rate"] >= 0.99 * one["asked_rate"] and one["lost"] == 0,
                          f"{one['rate']:,.0f} a second, {one['lost']} lost"))
    if result["publish"]:
        median, worst = result["publish"]["median"], result["publish"]["high"]
        timed("a shift is written and at all workers within 100 µs at the median, 1 ms at worst",
              median <= 100 and worst <= 1000,
              f"{median:.0f} µs, {worst:.0f} µs at worst, the disk among it")
    return found
