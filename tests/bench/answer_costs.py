#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of what one answer costs, of instructions.txt (what was counted) and limits.txt (what it may
cost, and why it costs more).

  answer_costs.py            prints it
  answer_costs.py --check    fails where a figure is above its limit without a reason, a reason is not needed, a
                        kind is in one file only, or docs/bench.md has another table
  answer_costs.py --update   puts it into docs/bench.md
"""
import pathlib
import sys

import render

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "bench.md"
HEAD = ["answer", "what", "instructions", "at most", "reached", "if not: what takes them"]


def lines(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def read_figures(text):
    """{kind: instructions}, without what is no answer."""
    return {kind: int(value) for kind, value in (line.split() for line in lines(text))
            if not kind.startswith("octets-")}


def read_limits(text):
    """{kind: (limit or None, what, reason)}"""
    found = {}
    for line in lines(text):
        kind, limit, what, reason = (one.strip() for one in line.split("|"))
        found[kind] = int(limit) if limit else None, what, reason
    return found


def problems(figures, limits):
    found = [f"{kind}: counted, but not in limits.txt" for kind in figures if kind not in limits]
    found += [f"{kind}: in limits.txt, but not counted" for kind in limits if kind not in figures]
    for kind, (limit, _, reason) in limits.items():
        if kind not in figures or limit is None:
            continue
        if figures[kind] > limit and not reason:
            found.append(f"{kind}: {figures[kind]} instructions, at most {limit}, and no reason why")
        if figures[kind] <= limit and reason:
            found.append(f"{kind}: {figures[kind]} instructions, at most {limit}, needs no reason any more")
    return found


def table(figures, limits):
    rows = [HEAD]
    for kind, (limit, what, reason) in limits.items():
        is_reached = "" if limit is None else render.VERDICTS[figures[kind] <= limit]
        rows.append([kind, what, str(figures[kind]), "" if limit is None else str(limit), is_reached, reason])
    return render.markdown(rows) + "\n"


def main(words):
    figures = read_figures((HERE / "instructions.txt").read_text())
    limits = read_limits((HERE / "limits.txt").read_text())
    found = problems(figures, limits)
    if found:
        print("\n".join(f"answer_costs.py: {one}" for one in found), file=sys.stderr)
        return 1
    made, page = table(figures, limits), PAGE.read_text()
    if words == ["--update"]:
        PAGE.write_text(render.put_in(page, "answers", made))
    elif words == ["--check"]:
        if made not in page:
            print(f"answer_costs.py: {PAGE} has another table: run answer_costs.py --update", file=sys.stderr)
            return 1
    elif words:
        print(__doc__, file=sys.stderr)
        return 2
    else:
        print(made, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
