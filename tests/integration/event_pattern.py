# SPDX-License-Identifier: BSD-2-Clause
"""Amazon EventBridge's matching of event patterns, as its user guide tells it ("Comparison operators
for use in event patterns"), written without a look at ours. Strict: what it does not know, and what
EventBridge would refuse, is an error."""
import re


def check(pattern):
    assert isinstance(pattern, dict) and pattern, pattern
    for key, wanted in pattern.items():
        if key == "$or":
            assert isinstance(wanted, list) and len(wanted) >= 2, wanted
            for one in wanted:
                check(one)
        elif isinstance(wanted, dict):
            check(wanted)
        else:
            assert isinstance(wanted, list) and wanted, (key, wanted)
            for leaf in wanted:
                if isinstance(leaf, dict):
                    (operator, operand), = leaf.items()
                    assert operator in ("prefix", "suffix", "wildcard"), leaf
                    assert isinstance(operand, str) and operand, leaf
                    if operator == "wildcard":  # no two stars in a row, and nothing to escape
                        assert "**" not in operand and "\\" not in operand, leaf
                else:
                    assert isinstance(leaf, (str, int)) or leaf is None, leaf


def matches_leaf(wanted, value):
    if isinstance(wanted, dict):
        (operator, operand), = wanted.items()
        if not isinstance(value, str):
            return False
        if operator == "wildcard":
            parts = ".*".join(re.escape(part) for part in operand.split("*"))
            return re.fullmatch(parts, value, re.DOTALL) is not None
        return value.startswith(operand) if operator == "prefix" else value.endswith(operand)
    return type(wanted) is type(value) and wanted == value


def matches_field(wanted, value):
    if isinstance(value, list):  # of an array one item is enough
        return any(matches_field(wanted, one) for one in value)
    if isinstance(wanted, dict):
        return isinstance(value, dict) and matches_object(wanted, value)
    return any(matches_leaf(one, value) for one in wanted)


def matches_object(pattern, value):
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches_object(one, value) for one in wanted):
                return False
        elif key not in value or not matches_field(wanted, value[key]):
            return False
    return True


def matches(pattern, event):
    check(pattern)
    return matches_object(pattern, event)
