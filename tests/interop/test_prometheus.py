# SPDX-License-Identifier: BSD-2-Clause
"""Gates that ask a real Prometheus, whose samples of the last minutes are written by promtool."""
import random
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import harness
import peers
from test_gates import (ASKS_AGAIN, FALLS_BACK, GOES_ON, ask, comparison,  # noqa: F401
                        folder, threshold)

SECONDS, EVERY = 900, 5


class Prometheus(peers.Server):
    """With these series: {name with labels: [values, EVERY seconds apart, the last one now]}."""
    programs = ("prometheus", "promtool")

    def __init__(self, series):
        super().__init__()
        self.series = series
        self.url = f"http://127.0.0.1:{self.port}"

    def command(self):
        now = int(time.time())
        lines = []
        for family in sorted({name.split("{")[0] for name in self.series}):
            lines.append(f"# TYPE {family} gauge")
            for name, values in self.series.items():
                if name.split("{")[0] == family:
                    lines += [f"{name} {value} {now - EVERY * (len(values) - 1 - index)}"
                              for index, value in enumerate(values)]
        text = self.write("samples", "\n".join(lines) + "\n# EOF\n")
        self.run("promtool", "tsdb", "create-blocks-from", "openmetrics", text,
                 self.folder / "data")
        return ["prometheus", f"--config.file={self.write('prometheus.yml', 'global: {}')}",
                f"--storage.tsdb.path={self.folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}"]

    def is_ready(self):
        assert self.process.poll() is None, self.log_path.read_text(errors="replace")[-3000:]
        try:
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=1).status == 200
        except (urllib.error.URLError, OSError):
            return False


def samples(base, seed, count=SECONDS // EVERY):
    chance = random.Random(seed)
    return [round(base + chance.gauss(0, 10), 3) for _ in range(count)]


@pytest.fixture(scope="module")
def prometheus():
    if not Prometheus.is_installed():
        pytest.skip("no Prometheus here")
    server = Prometheus({
        'latency{m="green"}': samples(130, 1),
        'latency{m="blue"}': samples(100, 2),
        'latency{m="teal"}': samples(100, 3),
        'errors{m="green"}': [0.023] * 60,
        'errors{m="teal"}': ["NaN"] * 60,
    })
    try:
        yield server.start()
    finally:
        server.close()


def test_a_value_is_held_against_its_limits(folder, prometheus):  # noqa: F811
    query = 'errors{m="{candidate}"}'
    decided, numbers = ask(folder, threshold(prometheus, query, "max: 0.01"))
    assert decided == FALLS_BACK and numbers["Text"] == "0.023, expected at most 0.01", numbers
    decided, numbers = ask(folder, threshold(prometheus, query, "max: 0.03"))
    assert decided == GOES_ON and numbers["Value"] == 0.023, numbers
    decided, numbers = ask(folder, threshold(prometheus, "scalar(vector(3)) + 1", "min: 4"))
    assert decided == GOES_ON and numbers["Value"] == 4, numbers


def test_what_has_no_value_is_inconclusive(folder, prometheus):  # noqa: F811
    more = "max: 1, when: both"
    for query, text in [('errors{m="nobody"}', "nothing matches the query"),
                        ('errors{m="teal"}', "the value is NaN"),
                        ("scalar(nothing)", "the value is NaN"),
                        ("vector(0) / 0", "the value is NaN")]:
        decided, numbers = ask(folder, threshold(prometheus, query, more), "hold")
        assert decided == ASKS_AGAIN and numbers["State"] == "inconclusive", numbers
        assert numbers["Text"] == text


def test_mistakes_in_queries_are_told(folder, prometheus):  # noqa: F811
    for query, text in [("latency", "found 3 series, expected one (sum or avg make one of them)"),
                        ("sum(", "bad_data: invalid parameter \"query\": "),
                        ("latency[1m]", "found 3 series, expected one "),
                        ("\"text\"", "found a string, expected numbers")]:
        decided, numbers = ask(folder, threshold(prometheus, query, "max: 1, retries: 0"))
        assert decided == FALLS_BACK and numbers["State"] == "error", numbers
        assert numbers["Text"].startswith(text)


def test_candidates_are_compared_with_the_stable_member(folder, prometheus):  # noqa: F811
    decided, numbers = ask(folder, comparison(prometheus))
    assert decided == FALLS_BACK and numbers["State"] == "fail", numbers
    assert 55 <= numbers["CandidateSamples"] <= 61 and 55 <= numbers["StableSamples"] <= 61
    assert numbers["Effect"] > 0.8 and numbers["P"] < 1e-6
    swapped = comparison(prometheus).replace("{candidate}", "teal")
    decided, numbers = ask(folder, swapped)
    assert decided == GOES_ON and abs(numbers["Effect"]) < 0.3, numbers
    decided, numbers = ask(folder, comparison(prometheus, ", when: both")
                           .replace("{candidate}", "nobody"), "hold")
    assert decided == ASKS_AGAIN and numbers["CandidateSamples"] == 0, numbers
