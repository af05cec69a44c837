# SPDX-License-Identifier: BSD-2-Clause
"""The recording of `rollout watch` in the guide, and what makes it."""
import importlib.util
import pathlib
import sys
import xml.etree.ElementTree as xml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def recorder(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(SOURCE / "contrib/lab")] + sys.path)
    spec = importlib.util.spec_from_file_location("record_watch", SOURCE / "contrib/lab/record-watch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(group):
    return [one.text for one in group.iter(f"{SVG}text")]


def test_the_guide_has_the_recording():
    picture = xml.parse(SOURCE / "docs/rollout-watch.svg").getroot()
    assert "rollout-watch.svg" in (SOURCE / "docs/guide.md").read_text()
    written = " ".join(texts(picture))
    for needed in ("no rollout yet", "CONFIGURED ANSWERED EXPECTED TRAFFIC HEALTH", "succeeded", "[50]"):
        assert needed in written
    # What plays no animation shows one whole screen of the middle.
    still = [" ".join(texts(one)) for one in picture.findall(f"{SVG}g") if one.get("visibility") == "visible"]
    assert sum("ecs-svc/" in one for one in still) == 1
    assert any("holding" in one for one in still) and not any("succeeded" in one for one in still)


def test_screens_become_rows_with_their_times(monkeypatch):
    module = recorder(monkeypatch)
    screen = module.Screen()
    frames = []
    screen.feed("\x1b[?25l\x1b[1mcats\x1b[0m <1>\x1b[K\nsecond\x1b[K\n\x1b[J".encode())
    frames.append((0, screen.snapshot()))
    screen.feed("\x1b[2A\r\x1b[1mcats\x1b[0m <1>\x1b[K\n\x1b[32m██▌\x1b[0m\x1b[2m░░\x1b[0m\x1b[K\n".encode()[:-1])
    frames.append((1, screen.snapshot()))  # what has no end of line yet is not there yet
    screen.feed(b"\n")
    frames.append((2, screen.snapshot()))
    picture = xml.fromstring(module.picture(frames, "watch", 2, 0.5))
    groups = picture.findall(f"{SVG}g")
    assert [texts(one) for one in groups] == [["cats", "<1>"], ["second"], []]
    assert [one.get("visibility") for one in groups] == ["visible", "visible", "hidden"]
    assert groups[0].find(f"{SVG}animate") is None  # it is alike all the time
    first, then = groups[1].find(f"{SVG}animate"), groups[2].find(f"{SVG}animate")
    assert (first.get("values"), first.get("keyTimes")) == ("visible;hidden", "0.0000;0.5000")
    assert (then.get("values"), then.get("keyTimes")) == ("hidden;visible", "0.0000;0.5000")
    widths = [float(one.get("width")) for one in groups[2].iter(f"{SVG}rect")]
    assert widths == [2 * module.CELL, module.CELL, module.CELL / 2, 2 * module.CELL]
