# SPDX-License-Identifier: BSD-2-Clause
"""The bench's result as a table, as Markdown and as a picture: pure functions of the result."""
import html

import figures

# Figure: (title, format)
COLUMNS = {
    "cpu_ns": ("CPU ns", ".0f"), "user_ns": ("user", ".0f"), "system_ns": ("system", ".0f"),
    "qps": ("q/s", ",.0f"), "busy": ("busy", ".2f"), "p50_us": ("p50 µs", ".1f"),
    "p99_us": ("p99 µs", ".1f"), "p999_us": ("p99.9 µs", ".1f"),
}
TITLES = {
    "weighted": "weighted, or a set of two records", "static": "static", "nxdomain": "NXDOMAIN",
    "mixed": "mixed", "many": "many names at random", "tcp-pipelined": "TCP, pipelined",
    "tcp-one-each": "TCP, one query a connection",
}
VERDICTS = {True: "yes", False: "no", None: "too noisy"}
NAMES = {"floor": "floor", "ballast": "Ballast", "gdnsd": "gdnsd", "nsd": "NSD", "knot": "Knot DNS",
         "bind": "BIND", "pdns": "PowerDNS"}


def with_range(one, form):
    return "" if one is None else f"{one['median']:{form}} ({one['low']:{form}}–{one['high']:{form}})"


def times(value):
    return "" if value is None else f"{value:.2f}"


def rows_of_scenario(servers):
    """The head, then a row for each server."""
    head = ["server", *(title for title, _ in COLUMNS.values()), "CPU/floor", "CPU/best", "q/s/best"]
    rows = [head]
    for name, found in servers.items():
        cpu, qps = found.get("cpu_ns") or {}, found.get("qps") or {}
        rows.append([NAMES.get(name, name),
                     *(with_range(found.get(figure), form) for figure, (_, form) in COLUMNS.items()),
                     times(cpu.get("to_floor")), times(cpu.get("to_best_peer")),
                     times(qps.get("to_best_peer"))])
    return rows


def rows_of_sizes(sizes):
    rows = [["server"]]
    for count in sizes:
        rows[0] += [f"{int(count):,} names: MiB", "load s"]
    servers = list(dict.fromkeys(name for table in sizes.values() for name in table))
    for name in servers:
        row = [NAMES.get(name, name)]
        for table in sizes.values():
            found = table.get(name, {})
            row += [with_range(found.get("resident_mib"), ".1f"), with_range(found.get("load_s"), ".3f")]
        rows.append(row)
    return rows


def rows_of_reloads(servers):
    titles = {"resident_mib": ("MiB before", ".1f"), "peak_mib": ("at most", ".1f"), "peak": ("times", ".2f"),
              "p99_us": ("p99 µs without", ".1f"), "p99_reload_us": ("p99 µs", ".1f"),
              "p99_times": ("times", ".2f"), "reloads": ("reloads", ".0f")}
    return [["server", *(title for title, _ in titles.values())],
            *([NAMES.get(name, name), *(f"{found[figure]['median']:{form}}"
                                        for figure, (_, form) in titles.items())]
              for name, found in servers.items())]


def rows_of_instructions(instructions):
    rows = [["server", *instructions]]
    for name in dict.fromkeys(name for table in instructions.values() for name in table):
        rows.append([NAMES.get(name, name), *(f"{table[name]:,.0f}" if name in table else ""
                                              for table in instructions.values())])
    return rows


def rows_of_shifts(shifts):
    head = ["the load", "shifts a second", "names", "record sets", "made", "built in µs", "median µs", "p99 µs",
            "worst µs", "busy", "waited", "q/s", "lost"]
    return [head, *([one["load"], f"{one['rate']:,.0f}", f"{one['names']:,}", f"{one['sets']:,}", f"{one['shifts']:,}",
                     f"{one['build_us']:.1f}", f"{one['median_us']:.0f}", f"{one['p99_us']:,.0f}",
                     f"{one['worst_us']:,.0f}", f"{one['busy']:.0%}", f"{one['waited']:.0%}", f"{one['qps']:,.0f}",
                     str(one["lost"])] for one in shifts)]


def rows_of_points(result):
    return [["point", "reached", "figure"],
            *([what, VERDICTS[is_reached], figure]
              for what, is_reached, figure in figures.points(result))]


def publish_line(publish):
    return (f"{publish['shifts']} shifts under load, two workers, from `weight set` to its answer, the disk among "
            f"it: median {publish['median']:.0f} µs, p99 {publish['p99']:.0f} µs, at worst {publish['high']:.0f} µs.")


def noise_lines(result):
    reasons = result["noise"]
    return ["The machine was too noisy to judge:", *(f"- {one}" for one in reasons)] if reasons else \
        ["The machine was quiet enough to judge."]


def lost_lines(result):
    lost = {one: count for one, count in result["lost"].items() if count}
    return [f"Lost queries: {', '.join(f'{one} {count}' for one, count in lost.items())}."] if lost \
        else []


def plain(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def markdown(rows):
    head, *rest = rows
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
                      *("| " + " | ".join(row) + " |" for row in rest)])


def sections(result):
    """[(title, rows)] of all that was measured."""
    found = [(TITLES.get(name, name), rows_of_scenario(servers))
             for name, servers in result["scenarios"].items()]
    if result["sizes"]:
        found.append(("memory, and time to load", rows_of_sizes(result["sizes"])))
    if result.get("shifts"):
        found.append(("shifts under load: from the beginning until both workers answer by them",
                      rows_of_shifts(result["shifts"])))
    if result.get("signed"):
        found.append(("signed zones: memory, and time to load", rows_of_sizes(result["signed"])))
    found += [(f"read again and again, {int(count):,} names", rows_of_reloads(servers))
              for count, servers in result.get("reloads", {}).items() if servers]
    if result["instructions"]:
        found.append(("user-space instructions a query", rows_of_instructions(result["instructions"])))
    return found


def text(result):
    parts = [f"{title}\n{plain(rows)}\n" for title, rows in sections(result)]
    if result["publish"]:
        parts.append(publish_line(result["publish"]) + "\n")
    if rows_of_points(result)[1:]:
        parts.append(plain(rows_of_points(result)))
    parts += ["", *lost_lines(result), *noise_lines(result)]
    return "\n".join(parts)


def heading(result):
    return (f"Measured on {result['date']} on {result['machine']}, with\n\n    {result['command']}\n\n"
            f"{result['checked']:,} answers were checked, all were right. " +
            " ".join(lost_lines(result)) + "\n\n" + "\n".join(noise_lines(result)) + "\n")


def page(result):
    """All of it in Markdown, for the page of the bench."""
    parts = [heading(result)]
    parts += [f"### {title[0].upper()}{title[1:]}\n\n{markdown(rows)}\n"
              for title, rows in sections(result)]
    if result["publish"]:
        parts.append(f"### Shifts over the admin socket\n\n{publish_line(result['publish'])}\n")
    parts.append(f"### What is to be reached\n\n{markdown(rows_of_points(result))}\n")
    return "\n".join(parts)


def short(result):
    """One table in Markdown, for the README: what a query takes, and memory; medians. Then what is not
    reached, and what the machine was too noisy for."""
    columns = [(f"instructions: {name}", {server: f"{count:,.0f}" for server, count in table.items()})
               for name, table in result["instructions"].items()]
    columns += [(f"CPU ns: {name}", {server: f"{found['cpu_ns']['median']:,.0f}"
                                     for server, found in table.items()})
                for name, table in result["scenarios"].items()]
    columns += [(f"MiB: {int(count):,} names", {server: f"{found['resident_mib']['median']:.0f}"
                                               for server, found in table.items()})
                for count, table in result["sizes"].items()]
    servers = dict.fromkeys(server for _, column in columns for server in column)
    rows = [["", *(title for title, _ in columns)]]
    rows += [[NAMES.get(one, one), *(column.get(one, "") for _, column in columns)] for one in servers]
    points = figures.points(result)
    missed = [f"{what} ({figure})" for what, is_reached, figure in points if is_reached is False]
    open_ = sum(1 for _, is_reached, _ in points if is_reached is None)
    lines = [f"Not reached: {'; '.join(missed)}."] if missed else []
    if open_:
        lines.append(f"The machine was too noisy to judge {open_} other aims, all of them of time.")
    return markdown(rows) + "\n\n" + "\n".join([f"Measured on {result['date']}.", *lines]) + "\n"


def put_in(document, mark, made):
    """The document with what is between <!-- mark --> and <!-- /mark --> made anew."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    if begin not in document or end not in document:
        return document
    before, rest = document.split(begin, 1)
    return before + begin + made + end + rest.split(end, 1)[1]


# --- the picture ---

BAR, GAP, LEFT, WIDTH = 14, 6, 90, 360


def bars(title, servers, top):
    """One chart: the CPU a query of each server, user and system."""
    known = {name: found for name, found in servers.items() if found.get("cpu_ns")}
    most = max(found["cpu_ns"]["median"] for found in known.values())
    # One that takes many times what the others take would make them all look alike.
    limit = min(most, 3 * sorted(found["cpu_ns"]["median"] for found in known.values())[len(known) // 2])
    lines = [f'<text x="0" y="{top + 12}" font-weight="bold">{html.escape(title)}</text>']
    y = top + 20
    for name, found in known.items():
        whole, user = found["cpu_ns"]["median"], found["user_ns"]["median"]
        shown = min(whole, limit)
        user_width = WIDTH * min(user, limit) / limit
        rest_width = max(0.0, WIDTH * shown / limit - user_width)
        cut = " »" if whole > limit else ""
        lines += [f'<text x="{LEFT - 6}" y="{y + 11}" text-anchor="end">{NAMES.get(name, name)}</text>',
                  f'<rect x="{LEFT}" y="{y}" width="{user_width:.1f}" height="{BAR}" fill="#c2571a"/>',
                  f'<rect x="{LEFT + user_width:.1f}" y="{y}" width="{rest_width:.1f}" height="{BAR}" '
                  f'fill="#8a97a8"/>',
                  f'<text x="{LEFT + WIDTH * shown / limit + 5:.1f}" y="{y + 11}">{whole:,.0f}{cut}</text>']
        y += BAR + GAP
    return lines, y + 14


def svg(result):
    """CPU ns a query at saturation, by scenario and server."""
    lines, top = [], 34
    for name, servers in result["scenarios"].items():
        more, top = bars(TITLES.get(name, name), servers, top)
        lines += more
    width = LEFT + WIDTH + 90
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" '
            f'viewBox="0 0 {width} {top}" font-family="sans-serif" font-size="12" fill="#222">',
            f'<rect width="{width}" height="{top}" fill="#fff"/>',
            '<text x="0" y="14">CPU ns a query at saturation: '
            '<tspan fill="#c2571a">user</tspan>, <tspan fill="#5d6b7d">system</tspan></text>']
    return "\n".join([*head, *lines, "</svg>"]) + "\n"
