# SPDX-License-Identifier: BSD-2-Clause
"""The table of features in docs/guide.md is what the servers answer, and names tests that exist."""
import re

import pytest

import feature_servers
import features
import harness

GUIDE = harness.TOP / "docs" / "guide.md"


def table_of_guide():
    found = re.search(r"<!-- features -->\n(.*?)<!-- /features -->", GUIDE.read_text(), re.S)
    assert found, f"{GUIDE} has no table between <!-- features --> and <!-- /features -->"
    return found.group(1).strip().splitlines()


@pytest.mark.timeout(300)
def test_the_table_is_what_the_servers_answer():
    missing = [name for name, make in features.SERVERS.items() if not make.is_installed()]
    assert not missing, f"not installed: {missing} (contrib/install-packages test)"
    measured = features.table(features.measure_all()).strip().splitlines()
    assert table_of_guide() == measured


@pytest.mark.parametrize("name", feature_servers.Gdnsd.refused)
def test_gdnsd_refuses_what_it_is_not_given(name):
    server = feature_servers.Gdnsd()
    try:
        assert server.refuses(name) and not server.refuses("example.test")
    finally:
        server.close()


@pytest.mark.parametrize("row", features.FEATURES + features.MANUALS, ids=lambda row: row.name)
def test_each_row_names_a_test(row):
    if row.test in ("", features.NO):
        return  # what we have not; the table says so
    path, _, function = row.test.partition("::")
    text = (harness.TOP / path).read_text()
    assert function == "" or re.search(rf"\b{function}\b", text), row.test
