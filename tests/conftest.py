# SPDX-License-Identifier: BSD-2-Clause
import os
import pathlib
import re
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "integration"), str(HERE)]

import harness  # noqa: E402  (found by the line above)
from aws.fixtures import aws, boto, dynalite, fauxqs  # noqa: E402,F401


def pytest_collection_modifyitems(items):
    if not os.access(harness.BALLASTD, os.X_OK):
        pytest.exit(f"{harness.BALLASTD} is missing: build first, or set BALLASTD", returncode=3)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the logs of the daemons that took part, and keeps them."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for number, daemon in enumerate(getattr(item, "daemons", [])):
        try:
            text = daemon.log()
        except OSError:
            continue
        report.sections.append((f"log of daemon {number}", text[-6000:]))
        kept = os.environ.get("BALLAST_LOGS")
        if kept and daemon.folder.exists():
            target = pathlib.Path(kept) / f"{re.sub('[^a-zA-Z0-9_-]+', '-', item.name)[:80]}.{number}"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(daemon.folder, target,
                            ignore=lambda where, names: [name for name in names
                                                         if name.endswith(".sock")])


@pytest.fixture
def keep(request):
    """keep(thing) closes it when the test ends, the last one first, and knows its daemon's log."""
    things = []
    request.node.daemons = []

    def remember(thing):
        things.append(thing)
        daemon = getattr(thing, "daemon", thing)
        if isinstance(daemon, harness.Daemon):
            request.node.daemons.append(daemon)
        return thing

    yield remember
    errors = []
    for thing in reversed(things):
        try:
            thing.close()
        except Exception as error:  # every one has to be closed
            errors.append(error)
    if errors:
        raise errors[0]


@pytest.fixture
def make_daemon(keep):
    """make_daemon(config, zones) starts a daemon for this test."""
    return lambda *arguments, **more: keep(harness.Daemon(*arguments, **more)).start()


@pytest.fixture
def make_lab(keep):
    """make_lab(hold=…) starts a daemon and its two web servers, both found healthy."""
    return lambda *arguments, **more: keep(harness.Lab(*arguments, **more)).start()
