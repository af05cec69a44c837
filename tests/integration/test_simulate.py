# SPDX-License-Identifier: BSD-2-Clause
"""`ballastctl rollout simulate`: what it prints, writes and refuses; no daemon is there."""
import json
import os
import pathlib
import subprocess
import xml.etree.ElementTree as xml

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BALLAST_BUILD") or os.environ.get("top_builddir") or SOURCE)
BALLASTCTL = os.environ.get("BALLASTCTL") or str(BUILD / "ballastctl")
SVG = "{http://www.w3.org/2000/svg}"
POPULATION = """\
resolvers: 2000
groups:
- {name: "honest <&>", resolvers: 90%, queries_per_s: 10, behaviour: honest}
- {name: pinned, resolvers: 10%, queries_per_s: 10, behaviour: keep, time: forever}
"""


def simulate(*arguments, status=0, locale="C.UTF-8"):
    done = subprocess.run([BALLASTCTL, "rollout", "simulate", *map(str, arguments)],
                          capture_output=True, timeout=60, text=True, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": locale,
                               "BALLAST_SOCKET": "/nowhere"})
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def simulate_json(*arguments):
    return json.loads(simulate("--json", *arguments).stdout)


@pytest.fixture(name="population")
def fixture_population(tmp_path):
    path = tmp_path / "population.yaml"
    path.write_text(POPULATION)
    return path


def test_the_labs_plan_is_played_without_an_argument():
    done = simulate()
    assert done.stderr == ""
    assert "100000 resolvers (honest)" in done.stdout
    assert "TTL 1m" in done.stdout
    for text in ("candidate", "stable", "▁", "█", "100.0 %"):
        assert text in done.stdout


def test_honest_caches_need_one_ttl():
    found = simulate_json("--plan", "steps=10,50,100", "hold=5m", "--ttl", 120)
    assert found["ttl_ms"] == 120000
    assert [step["weight"] for step in found["steps"]] == [10, 50, 100]
    for step in found["steps"]:
        for change in (step["shift"], step["fall_back"]):
            assert 0.9 * 114000 < change["to_95_ms"] <= 114000
            assert change["to_95_ms"] < change["to_99_ms"] <= 120000
    assert found["steps"][1]["shift"]["at_ms"] == 300000
    members = found["shares"]["members"]
    assert members["candidate"]["expected"][0] == 0
    assert members["candidate"]["expected"][-1] == 1
    assert all(abs(a + b - 1) < 2e-6 for a, b in zip(members["candidate"]["expected"],
                                                     members["stable"]["expected"]))


def test_who_keeps_an_answer_for_ever_is_never_reached(population):
    found = simulate_json("--population", population)
    assert found["population"]["resolvers"] == 2000
    last = found["steps"][-1]["shift"]
    assert last["to_95_ms"] is None
    assert abs(last["settles_at"] - 0.9) < 0.001
    assert "never (stays at 90.0 %)" in simulate("--population", population).stdout


def test_the_same_seed_gives_the_same_course():
    def course(seed):
        found = simulate_json("--population", "mixed", "--seed", seed)
        return found["shares"]["members"]["candidate"]

    assert course(7) == course(7)
    assert course(7)["one_course"] != course(8)["one_course"]
    assert course(7)["expected"] == course(8)["expected"]


def test_ten_million_resolvers_are_little_work():
    few = simulate_json("--population", "mixed", "--resolvers", 10000)
    many = simulate_json("--population", "mixed", "--resolvers", 10000000)
    assert many["population"]["resolvers"] == 10000000
    assert many["work"] < 3 * few["work"]
    assert sum(group["traffic"] for group in many["population"]["groups"]) == pytest.approx(
        1, abs=1e-5)


def test_the_picture_is_svg(tmp_path, population):
    path = tmp_path / "rollout.svg"
    simulate("--svg", path, "--population", population)
    root = xml.parse(path).getroot()
    assert root.tag == SVG + "svg"
    texts = {text.text for text in root.iter(SVG + "text")}
    assert {"10 %", "50 %", "100 %", "TTL", "candidate, expected", "from 100 %"} <= texts
    lines = [line.get("points").split() for line in root.iter(SVG + "polyline")]
    assert len(lines) == 3 + 3
    for line in lines:
        for point in line:
            x, y = map(float, point.split(","))
            assert 64 <= x <= 740 and 90 <= y <= 684
    assert root.find(SVG + "script") is None
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []


def test_a_picture_that_cannot_be_written_is_1(tmp_path):
    done = simulate("--svg", tmp_path / "none" / "x.svg", status=1)
    assert "No such file or directory" in done.stderr
    assert done.stdout == ""


def test_a_plan_may_be_a_file(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("steps: [25, 100]\nholds: [10m, 0s]\n")
    for words in ([path], ["--plan", path]):
        found = simulate_json(*words)
        assert [step["hold_ms"] for step in found["steps"]] == [600000, 0]


LAB = SOURCE / "tests" / "data" / "asl" / "lab.json"
FUNCTIONS = [f"arn:aws:lambda:us-east-1:111122223333:function:{function}={kind}" for function, kind
             in (("ChangeWeight", "changeWeight"), ("CheckHealth", "checkHealth"))]


def test_a_state_machine_is_run_to_learn_its_steps():
    found = simulate_json("--plan", LAB, *FUNCTIONS, "--ttl", 30)
    assert [(step["weight"], step["hold_ms"]) for step in found["steps"]] == [
        (10, 60000), (100, 0)]


def test_the_short_form_means_the_same_as_its_document(tmp_path):
    path = tmp_path / "plan.json"
    document = subprocess.run([BALLASTCTL, "plan", "show", "--steps", "5,50,100", "--hold", "90s",
                               "--asl"], capture_output=True, check=True, timeout=60).stdout
    path.write_bytes(document)
    assert simulate_json(path) == simulate_json("steps=5,50,100", "hold=90s")


def states(**tasks):
    """A machine that does one after the other: a number sets the weight, a dict is a state."""
    names = [*tasks, "end"]
    machine = {"end": {"Type": "Succeed"}}
    for name, following in zip(names, names[1:]):
        task = tasks[name]
        machine[name] = {**task, "Next": following} if isinstance(task, dict) else {
            "Type": "Task", "Resource": "ballast:changeWeight", "Parameters": {"weight": task},
            "ResultPath": None, "Next": following}
    return {"StartAt": names[0], "States": machine}


WAIT = {"Type": "Wait", "Seconds": 7}


def test_gates_pass_and_the_same_weight_again_is_no_step(tmp_path):
    path = tmp_path / "plan.json"
    gates = {name: {"Type": "Task", "Resource": f"ballast:{name}"}
             for name in ("approve", "metric", "webhook", "checkHealth")}
    path.write_text(json.dumps(states(none=0, a=20, wait=WAIT, again=20, more=WAIT, **gates, b=60)))
    found = simulate_json(path)
    assert [(step["weight"], step["hold_ms"]) for step in found["steps"]] == [(20, 14000), (60, 0)]


@pytest.mark.parametrize("tasks,expected", [
    ({"a": WAIT}, "the plan never changes the weight"),
    ({"a": 50, "b": 20}, "state b sets the weight 20 after 50, expected ascending"),
    ({"a": 101}, "state a sets the weight 101"),
    ({"a": "many"}, "state a: its input has no weight"),
    ({"a": 50, "b": {"Type": "Pass", "InputPath": "$.none"}}, "the plan fails in state b"),
    ({f"s{weight}": weight for weight in range(1, 34)}, "found more steps, expected at most 32"),
    ({"a": 1, "b": {**WAIT, "Seconds": 99999999}}, "expected 0 to 365d"),
])
def test_machines_that_are_no_ascending_plan_are_refused(tmp_path, tasks, expected):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(states(**tasks)))
    done = simulate(path, status=1)
    assert done.stderr.startswith(f"ballastctl: {path}: ") and expected in done.stderr


def test_a_machine_that_is_wrong_has_its_line():
    assert f"{LAB}:13: state shift-10: unknown Resource" in simulate(LAB, status=1).stderr


def test_without_utf8_bars_are_letters():
    done = simulate(locale="C")
    assert done.stdout.isascii()
    assert "candidate  _" in done.stdout


@pytest.mark.parametrize("words,status,expected", [
    (["--ttl", "1x"], 2, "--ttl: found"),
    (["--ttl", "2147483648"], 2, "expected a number from 0 to 2147483647"),
    (["--ttl"], 2, "--ttl takes one value"),
    (["--ttl", "1", "--ttl", "2"], 2, "--ttl takes one value"),
    (["--pace", "1"], 2, "unknown option --pace"),
    (["--resolvers", "0"], 2, "expected a number from 1 to 10000000000"),
    (["--resolvers", "1e6"], 2, "expected a number"),
    (["--seed=-1"], 2, "expected a number"),
    (["steps=1", "/tmp"], 2, "expected one of the two"),
    (["a", "b"], 2, "expected one plan"),
    (["steps=9,1"], 1, "expected ascending steps"),
    (["hold=60"], 2, "expected a duration with its unit"),
    (["--population", "polite"], 1, "there are honest, mixed, bad"),
    (["--population", "/nowhere/p.yaml"], 1, "/nowhere/p.yaml: cannot be opened"),
    (["/"], 1, "is a directory"),
])
def test_what_is_wrong_is_said(words, status, expected):
    done = simulate(*words, status=status)
    assert expected in done.stderr
    assert done.stdout == ""


def test_files_are_refused_with_their_line(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("groups:\n- {name: a, resolvers: 100%, queries_per_s: 1, behaviour: rude}\n")
    assert f"{path}:2: groups[0].behaviour: found \"rude\"" in simulate(
        "--population", path, status=1).stderr
    path.write_text("steps: [1]\nStartAt: x\n")
    assert f"{path}:2: StartAt: found an unknown key" in simulate(path, status=1).stderr
    path.write_bytes(b"x" * (1 << 20) + b"y")
    assert "too large" in simulate(path, status=1).stderr
