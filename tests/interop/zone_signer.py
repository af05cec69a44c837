# SPDX-License-Identifier: BSD-2-Clause
"""Signs the zones of zone_maker with dnssec-signzone of BIND: NSEC, NSEC3, NSEC3 with opt-out."""
import pathlib
import subprocess
import tempfile

import dns.name

import zone_maker

ARGUMENTS = {"nsec": [], "nsec3": ["-3", "5a17", "-H", "2"], "optout": ["-3", "-", "-H", "0", "-A"]}
TTL_MAX = 604800  # RRSIGs get a shorter TTL than what they cover when that outlives them
START = "20260101000000"  # of keys too: one that begins now is not yet there when the clock is set back
NAME_MAX = 253  # dnssec-signzone puts "*." before each name that it makes an NSEC3 for


def run(*words):
    return subprocess.run([str(one) for one in words], check=True, capture_output=True, text=True,
                          timeout=120).stdout.strip()


def signable(origin, rows):
    """Without what a DNAME occludes, which NSD and Knot DNS refuse, and without the longest names."""
    base = dns.name.from_text(origin)
    occluded = set(zone_maker.below_dnames(origin, rows))
    return [(row[0], min(row[1], TTL_MAX), *row[2:]) for row in rows if row not in occluded and
            (row[0] == "@" or len(dns.name.from_text(row[0], base).to_wire()) <= NAME_MAX)]


def sign(made, variant):
    """{origin: (rows, text)} of zones that are signed, each with one key. Nobody validates them here, so
    that DS may say what they like."""
    signed = {}
    with tempfile.TemporaryDirectory(prefix="ballast-") as folder:
        folder = pathlib.Path(folder)
        for index, (origin, (rows, _)) in enumerate(made.items()):
            file, out = folder / f"{index}.zone", folder / f"{index}.signed"
            kept = signable(origin, rows)
            file.write_text(zone_maker.text_of(origin, kept))
            run("/usr/bin/dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-P", START, "-A", START,
                "-K", folder, origin)
            run("/usr/bin/dnssec-signzone", "-q", "-P", "-z", "-S", "-O", "full", "-K", folder, "-o", origin,
                "-s", START, "-e", "20460101000000", *ARGUMENTS[variant], "-f", out, file)
            text = out.read_text().replace("[{.", r"\091\123.")  # Knot DNS reads them when they are escaped
            signed[origin] = kept, "".join(line for line in text.splitlines(keepends=True)
                                           if not line.startswith(";"))
    return signed
