# SPDX-License-Identifier: BSD-2-Clause
"""Names as Route 53 has them: lower case, a dot at the end, \\052 for what is no letter, digit, hyphen
or underscore; sorted by their labels from the right."""
import re


def normal(name):
    """Lower case, unescaped where that is safe, with its last dot."""
    name = re.sub(r"\\([0-7]{3})", lambda found: unescaped(int(found.group(1), 8)), name.lower())
    return name if name.endswith(".") else name + "."


def unescaped(code):
    character = chr(code)
    return character if re.fullmatch(r"[a-z0-9_*-]", character) else f"\\{code:03o}"


def escaped(name):
    """As answers have it."""
    return re.sub(r"(?<!\\)[^a-z0-9_.\\-]", lambda found: f"\\{ord(found.group(0)):03o}", name)


def order(name):
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def is_valid(name):
    labels = name.rstrip(".").split(".")
    return len(name) <= 255 and all(
        re.fullmatch(r"(?:[!-\[\]-~]|\\[0-7]{3}){1,63}", label) for label in labels)


def is_below(name, zone):
    return name == zone or name.endswith("." + zone)
