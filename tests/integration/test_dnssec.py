# SPDX-License-Identifier: BSD-2-Clause
"""Signed zones as validators see them: delv, unbound-host, ldns-verify-zone and dnspython, which
know nothing of us, ask the daemon."""
import pathlib
import re
import shutil
import subprocess
import threading
import time

import dns.dnssec
import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

import harness

SIGNED = pathlib.Path(__file__).resolve().parents[1] / "unit" / "signed"
ORIGIN = dns.name.from_text("example.test")

# Keys for these tests: they protect nothing.
KEYS = {
    "Kexample.test.+013+59225": (
        "example.test. IN DNSKEY 257 3 13 4+NQXd9opYZrudlcrmPZlkYUW4Pn9Y535ITO2B9dQ8euT8dknrVbiEDe"
        " iiLy6+9IpAZo17LrlVGovFVVQZ18kA==",
        "13 (ECDSAP256SHA256)", "ZzybOGnrDftado5hoRlTzMvWmSBU6G9EEtpVvvuhc2I="),
    "Kexample.test.+013+03177": (
        "example.test. IN DNSKEY 256 3 13 4Q51qZiczWyfsg3MB+X510P4BdmUsUpNLU1y3kAppHRSflx6xqw0e4wI"
        " z79cNxgd5WzWjZ4WFkd/3rMP5DjtBw==",
        "13 (ECDSAP256SHA256)", "up6OxgUlbphkbnALgHzZIeAebxyj8Lrd7rq9aQl7mz8="),
    "Kexample.test.+015+61442": (
        "example.test. IN DNSKEY 257 3 15 GKHjAOD4LzZnL4hNy+jzUOyfs4L7VY7Uyt6vr6bd5bE=",
        "15 (ED25519)", "B1WPj7uqroi3n0ipo8JIlz2SNThfMcyqxb4m29/WHew="),
}
ECDSA = ["Kexample.test.+013+59225", "Kexample.test.+013+03177"]
ED25519 = ["Kexample.test.+015+61442"]

RECORD_SETS = [
    harness.record_set([harness.member("blue", 100, "192.0.2.101", "192.0.2.102"),
                        harness.member("green", 0, "192.0.2.201")], name="www.example.test"),
    harness.record_set([harness.member("blue", 100, "10 mail.wwild.example.test"),
                        harness.member("green", 0, "20 TWO.example.test")],
                       name="*.wwild.example.test", kind="MX"),
    harness.record_set([harness.member("blue", 100, "two.example.test"),
                        harness.member("green", 0, "nope.example.test")],
                       name="wcname.example.test", kind="CNAME"),
]

# name, type, RCODE: one of each kind of answer.
CASES = [
    ("example.test", "SOA", "NOERROR"), ("two", "A", "NOERROR"), ("two", "AAAA", "NOERROR"),
    ("TWO", "MX", "NOERROR"), ("nope", "A", "NXDOMAIN"), ("a.b.nope", "A", "NXDOMAIN"),
    ("z.wild", "A", "NOERROR"), ("y.z.wild", "TXT", "NOERROR"), ("*.wild", "A", "NOERROR"),
    ("y.exists.wild", "A", "NXDOMAIN"), ("ent", "A", "NOERROR"), ("b.ent", "TXT", "NOERROR"),
    ("sub", "DS", "NOERROR"), ("unsub", "DS", "NOERROR"), ("insec.deep.opt", "DS", "NOERROR"),
    ("deep.opt", "A", "NOERROR"), ("x.d", "A", "NOERROR"), ("w.d", "A", "NOERROR"),
    ("q.d", "A", "NXDOMAIN"), ("alias2", "A", "NOERROR"), ("alias", "TXT", "NOERROR"),
    ("tonx", "A", "NXDOMAIN"), ("towild", "A", "NOERROR"), ("q.wcn", "A", "NOERROR"),
    ("q.wcn", "TXT", "NOERROR"), ("x.two", "A", "NXDOMAIN"),
]
WEIGHTED = [
    ("www", "A", "NOERROR"), ("www", "AAAA", "NOERROR"), ("x.wwild", "MX", "NOERROR"),
    ("a.b.wwild", "A", "NOERROR"), ("wcname", "A", None), ("wcname", "CNAME", "NOERROR"),
]


def full(name):
    return "example.test." if name == "example.test" else f"{name}.example.test."


def put_keys(daemon, names, times=""):
    folder = daemon.folder / "keys"
    folder.mkdir(exist_ok=True)
    for name in names:
        public, algorithm, private = KEYS[name]
        (folder / f"{name}.key").write_text(public + "\n")
        path = folder / f"{name}.private"
        path.touch(mode=0o600)
        path.write_text(f"Private-key-format: v1.3\nAlgorithm: {algorithm}\nPrivateKey: {private}\n"
                        + times)


@pytest.fixture
def make_signed(keep):
    """make_signed(denial, keys) starts a daemon that signs the zone."""
    def make(denial="nsec", keys=ECDSA, **dnssec):
        daemon = keep(harness.Daemon(
            {"zones": [{"name": "example.test", "file": "example.zone",
                        "dnssec": dict(keys="keys", denial=denial, **dnssec)}],
             "record_sets": RECORD_SETS},
            {"example.zone": (SIGNED / "base.zone").read_text()}))
        put_keys(daemon, keys)
        return daemon.start()
    return make


@pytest.fixture
def make_presigned(make_daemon):
    def make(variant):
        return make_daemon({"zones": [{"name": "example.test", "file": "example.zone"}]},
                           {"example.zone": (SIGNED / f"{variant}.zone").read_text()})
    return make


def dnskeys(daemon):
    answer = daemon.ask("example.test", "DNSKEY", transport="tcp").answer
    return next(rrset for rrset in answer if rrset.rdtype == dns.rdatatype.DNSKEY)


def delv(daemon, name, kind):
    """What delv makes of it: the set of its verdicts."""
    anchors = daemon.folder / "anchors"
    lines = [f'example.test. static-key {key.flags} {key.protocol} {int(key.algorithm)} '
             f'"{key.to_text().split(" ", 3)[3]}";' for key in dnskeys(daemon) if key.flags & 1]
    anchors.write_text("trust-anchors {\n" + "\n".join(lines) + "\n};\n")
    done = subprocess.run(
        ["delv", "-a", str(anchors), "+root=example.test", "@127.0.0.1", "-p", str(daemon.port),
         full(name), kind], capture_output=True, text=True, timeout=60 * harness.PATIENCE)
    return done.stdout + done.stderr


def check_with_delv(daemon, cases, unsigned=()):
    """`unsigned` names are insecure by opt-out: delv has no complaint, but cannot validate."""
    for name, kind, _ in cases:
        text = delv(daemon, name, kind)
        verdicts = set(re.findall(r"^; (fully validated|negative response, fully validated|"
                                  r"unsigned answer|negative response, unsigned)", text, re.M))
        wanted = {"unsigned answer"} if name in unsigned else {
            "fully validated", "negative response, fully validated"}
        assert verdicts & wanted and "failed to verify" not in text, (name, kind, text)


def check_with_unbound(daemon, cases, insecure=()):
    anchors = daemon.folder / "unbound.anchors"
    anchors.write_text("".join(f"example.test. IN DNSKEY {key.to_text()}\n"
                               for key in dnskeys(daemon) if key.flags & 1))
    config = daemon.folder / "unbound.conf"
    config.write_text(
        "server:\n  do-not-query-localhost: no\n  do-ip6: no\n  local-zone: \"test.\" nodefault\n"
        "  aggressive-nsec: no\n  qname-minimisation: no\n"
        f"  trust-anchor-file: \"{anchors}\"\nstub-zone:\n  name: \"example.test\"\n"
        f"  stub-addr: 127.0.0.1@{daemon.port}\n  stub-no-cache: yes\n")
    for name, kind, _ in cases:
        done = subprocess.run(["unbound-host", "-C", str(config), "-v", "-t", kind, full(name)],
                              capture_output=True, text=True, timeout=60 * harness.PATIENCE)
        wanted = "(insecure)" if name in insecure else "(secure)"
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        assert lines and all(wanted in line for line in lines), (name, kind, done)


def check_rcodes(daemon, cases):
    for name, kind, rcode in cases:
        response = daemon.ask(full(name), kind, want_dnssec=True, transport="tcp")
        assert rcode in (None, dns.rcode.to_text(response.rcode())), (name, kind, response)


@pytest.mark.parametrize("denial, keys", [("nsec", ECDSA), ("nsec3", ED25519)])
def test_validators_accept_a_zone_signed_here(make_signed, denial, keys):
    daemon = make_signed(denial, keys)
    check_rcodes(daemon, CASES + WEIGHTED)
    check_with_delv(daemon, CASES + WEIGHTED)
    check_with_unbound(daemon, CASES + WEIGHTED)
    for name, kind in (("www", "A"), ("*.wwild", "MX"), ("wcname", "CNAME")):
        daemon.set_weights(full(name), kind, "blue=0", "green=100")
    check_with_delv(daemon, WEIGHTED)
    check_with_unbound(daemon, WEIGHTED)


@pytest.mark.parametrize("variant", ["nsec", "nsec3"])
def test_validators_accept_a_presigned_zone(make_presigned, variant):
    daemon = make_presigned(variant)
    check_rcodes(daemon, CASES)
    check_with_delv(daemon, CASES)
    check_with_unbound(daemon, CASES)


def test_validators_accept_a_zone_with_opt_out(make_presigned):
    """Where an NSEC3 with opt-out covers, answers are insecure: RFC 5155 sections 9.2 and 12.2."""
    daemon = make_presigned("optout")
    cases = [case for case in CASES if case[0] in ("two", "alias2", "x.d", "sub", "example.test")]
    check_rcodes(daemon, CASES)
    check_with_delv(daemon, cases)
    check_with_unbound(daemon, cases)
    opted_out = [("unsub", "DS", None), ("insec.deep.opt", "DS", None)]
    check_with_unbound(daemon, opted_out, insecure=("unsub", "insec.deep.opt"))


def test_every_answer_validates_while_weights_shift(make_signed):
    daemon = make_signed()
    keys = {ORIGIN: dnskeys(daemon)}
    stop = threading.Event()
    shifts = []

    def shift():
        with_client = daemon.client()
        while not stop.is_set():
            blue = 100 if len(shifts) % 2 else 0
            with_client.call("weight set", "www.example.test", "A", f"blue={blue}",
                             f"green={100 - blue}")
            shifts.append(blue)
        with_client.close()

    thread = threading.Thread(target=shift)
    begun = time.monotonic()
    thread.start()
    seen = set()
    deadline = begun + 3
    try:
        answers = 0
        while time.monotonic() < deadline or answers < 100:
            response = daemon.ask("www.example.test", "A", want_dnssec=True)
            rrset = next(one for one in response.answer if one.rdtype == dns.rdatatype.A)
            rrsig = next(one for one in response.answer if one.rdtype == dns.rdatatype.RRSIG)
            dns.dnssec.validate(rrset, rrsig, keys)
            seen.add(frozenset(one.to_text() for one in rrset))
            answers += 1
    finally:
        stop.set()
        thread.join()
    assert seen == {frozenset(["192.0.2.101", "192.0.2.102"]), frozenset(["192.0.2.201"])}
    took_s = time.monotonic() - begun
    assert len(shifts) > 100 * took_s / harness.PATIENCE, f"{len(shifts)} shifts in {took_s:.1f} s"


def types_of(nsec):
    return [window * 256 + at * 8 + bit for window, bitmap in nsec.windows
            for at, octet in enumerate(bitmap) for bit in range(8) if octet & (0x80 >> bit)]


def zone_by_walking(daemon):
    """Follows the chain of NSEC and asks for everything that it names: the zone as a file."""
    name, rrsets = ORIGIN, []
    while True:
        response = daemon.ask(name, "NSEC", want_dnssec=True, transport="tcp")
        rrsets += [one for one in response.answer + response.authority + response.additional
                   if one.name.is_subdomain(name) and one.rdtype != dns.rdatatype.SOA]
        nsec = next(one for one in rrsets if one.name == name and
                    one.rdtype == dns.rdatatype.NSEC)[0]
        is_delegation = not response.answer
        for kind in types_of(nsec):
            if kind not in (dns.rdatatype.RRSIG, dns.rdatatype.NSEC) and not is_delegation:
                answer = daemon.ask(name, kind, want_dnssec=True, transport="tcp").answer
                rrsets += [one for one in answer if one.name == name]
        name = nsec.next
        if name == ORIGIN:
            return "".join(one.to_text() + "\n" for one in rrsets)


def test_the_whole_zone_verifies(keep):
    """ldns-verify-zone reads every record, the chain and every signature. Without the signed
    delegation, whose NSEC nobody is told."""
    base = (SIGNED / "base.zone").read_text()
    text = "\n".join(line for line in base.splitlines() if "sub DS" not in line) + "\n"
    daemon = keep(harness.Daemon(
        {"zones": [{"name": "example.test", "file": "example.zone",
                    "dnssec": {"keys": "keys"}}], "record_sets": RECORD_SETS[:1]},
        {"example.zone": text}))
    put_keys(daemon, ECDSA)
    daemon.start()
    path = daemon.folder / "walked.zone"
    path.write_text(zone_by_walking(daemon))
    done = subprocess.run([shutil.which("ldns-verify-zone"), str(path)], capture_output=True,
                          text=True, timeout=60 * harness.PATIENCE)
    assert done.returncode == 0, done


def test_keys_that_cannot_be_used_are_named(keep):
    daemon = keep(harness.Daemon(
        {"zones": [{"name": "example.test", "file": "example.zone", "dnssec": {"keys": "keys"}}]},
        {"example.zone": (SIGNED / "base.zone").read_text()}))
    path = daemon.write_config()
    put_keys(daemon, ED25519)
    (daemon.folder / "keys" / f"{ED25519[0]}.private").chmod(0o644)
    done = subprocess.run([harness.BALLASTD, "-c", str(path), "--check"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1 and "has mode 0644" in done.stderr, done
    (daemon.folder / "keys" / f"{ED25519[0]}.private").chmod(0o600)
    done = subprocess.run([harness.BALLASTD, "-c", str(path), "--check"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done


def test_weighted_sets_in_a_presigned_zone_are_refused(keep):
    daemon = keep(harness.Daemon(
        {"zones": [{"name": "example.test", "file": "example.zone"}],
         "record_sets": RECORD_SETS[:1]},
        {"example.zone": (SIGNED / "nsec.zone").read_text()}))
    done = subprocess.run([harness.BALLASTD, "-c", str(daemon.write_config()), "--check"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    assert "www.example.test/A: its members cannot be signed" in done.stderr, done


def test_a_reload_signs_with_the_keys_that_are_there_then(make_signed):
    daemon = make_signed("nsec", ED25519)
    assert len(dnskeys(daemon)) == 1
    put_keys(daemon, ECDSA)
    daemon.ctl("zone", "reload")
    assert len(dnskeys(daemon)) == 3
    check_with_delv(daemon, [("two", "A", None), ("www", "A", None), ("nope", "A", None)])


def test_a_key_is_published_when_its_time_comes(keep):
    daemon = keep(harness.Daemon(
        {"zones": [{"name": "example.test", "file": "example.zone", "dnssec": {"keys": "keys"}}]},
        {"example.zone": (SIGNED / "base.zone").read_text()}))
    put_keys(daemon, ECDSA)
    soon = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 4 * harness.PATIENCE))
    put_keys(daemon, ED25519, f"Publish: {soon}\nActivate: {soon}\n")
    daemon.start()
    assert len(dnskeys(daemon)) == 2
    harness.wait_for(lambda: len(dnskeys(daemon)) == 3, "the third key is in the zone", 15)
    check_with_delv(daemon, [("two", "A", None), ("nope", "A", None)])


def test_a_broken_file_keeps_no_key_and_no_signature_waiting(keep):
    """Signing anew is of what is served: neither a broken file nor an edit that nobody has asked for yet
    matters to it."""
    daemon = keep(harness.Daemon(
        {"zones": [{"name": "example.test", "file": "example.zone", "dnssec": {"keys": "keys"}}],
         "record_sets": RECORD_SETS},
        {"example.zone": (SIGNED / "base.zone").read_text()}))
    put_keys(daemon, ECDSA)
    soon = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 4 * harness.PATIENCE))
    put_keys(daemon, ED25519, f"Publish: {soon}\nActivate: {soon}\n")
    daemon.start()
    text = (daemon.folder / "example.zone").read_text()
    (daemon.folder / "example.zone").write_text("rubbish\n")
    assert "example.zone" in daemon.ctl("zone", "reload", status=1).stderr
    harness.wait_for(lambda: len(dnskeys(daemon)) == 3, "the third key is in the zone", 15)
    check_with_delv(daemon, [("two", "A", None), ("nope", "A", None), ("www", "A", None),
                             ("x.d", "A", None), ("a.b.wwild", "MX", None)])
    zone, = daemon.json("zone", "list")["zones"]
    assert "rubbish" in zone["error"] or "example.zone" in zone["error"]
    assert "example.test: signed anew" in [
        one["text"] for one in daemon.json("history")["history"]]
    edited = text.replace("hostmaster 1 ", "hostmaster 2 ").replace("host 1 ", "host 2 ")
    (daemon.folder / "example.zone").write_text(edited + "more A 192.0.2.99\n")
    daemon.ctl("zone", "reload")
    assert daemon.addresses("more.example.test") == ["192.0.2.99"]
    assert daemon.json("zone", "list")["zones"][0]["error"] is None


def test_keys_are_listed_with_their_ds(make_signed):
    daemon = make_signed("nsec", ECDSA)
    keys = daemon.json("key", "list")["keys"]
    assert [(key["tag"], key["role"], key["state"]) for key in keys] == [
        (3177, "zsk", "active"), (59225, "ksk", "active")]
    ksk = next(key for key in dnskeys(daemon) if key.flags & 1)
    assert dns.dnssec.make_ds(ORIGIN, ksk, "SHA256").to_text() == keys[1]["ds"].lower()
    assert keys[0]["ds"] is None and keys[1]["algorithm"] == "ECDSAP256SHA256"
    assert keys[1]["ds"] in daemon.ctl("key", "list", "example.test").stdout
    assert "nope.test" in daemon.ctl("key", "list", "nope.test", status=1).stderr


def sign_elsewhere(daemon, key):
    """BIND's signer takes the key, with its files as they are, and a third one checks its work."""
    folder = daemon.folder / "elsewhere"
    folder.mkdir()
    for path in (daemon.folder / "keys").glob(f"*+{key['tag']:05}.*"):
        shutil.copy(path, folder)
    commands = [
        ["dnssec-signzone", "-S", "-z", "-K", folder, "-d", folder, "-o", "example.test",
         "-f", folder / "zone", daemon.folder / "example.zone"],
        ["dnssec-verify", "-z", "-o", "example.test", folder / "zone"],
        ["ldns-verify-zone", "-V", "1", folder / "zone"]]
    for command in commands:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60 * harness.PATIENCE)
        assert done.returncode == 0, done
    assert re.search(rf"RRSIG\s+SOA\s+{int(dns.dnssec.algorithm_from_text(key['algorithm']))}\s",
                     (folder / "zone").read_text())


# Without keys the daemon makes the first one, of the algorithm of the configuration.
@pytest.mark.parametrize("algorithm, keys", [
    ("ECDSAP256SHA256", ECDSA), ("ED25519", ED25519), ("RSASHA256", [])])
def test_a_key_that_was_made_signs_and_others_read_it(make_signed, algorithm, keys):
    daemon = make_signed("nsec", keys, algorithm=algorithm)
    before = {key["tag"] for key in daemon.json("key", "list")["keys"]}
    assert len(before) == max(len(keys), 1)
    made = daemon.json("key", "generate", "example.test", "csk")["keys"]
    key, = [one for one in made if one["tag"] not in before]
    assert key["state"] == "active" and key["algorithm"] == algorithm
    assert pathlib.Path(key["file"]).stat().st_mode & 0o777 == 0o600
    assert len(dnskeys(daemon)) == len(before) + 1
    if algorithm == "RSASHA256":  # 2048 bits, and an exponent before them
        assert {len(one.key) for one in dnskeys(daemon)} == {256 + 4}
    for path in (daemon.folder / "keys").glob("*"):
        if path.stem.split("+")[2] not in (f"{key['tag']:05}",):
            path.unlink()
    daemon.ctl("zone", "reload")
    check_with_delv(daemon, [("two", "A", None), ("nope", "A", None), ("www", "A", None)])
    done = subprocess.run(["dnssec-settime", "-p", "all", key["file"]], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0 and "Activate" in done.stdout, done
    sign_elsewhere(daemon, key)


def test_wrong_requests_for_keys_are_refused(make_signed):
    daemon = make_signed("nsec", ECDSA)
    for arguments, text in [
            (("example.test", "key"), "expected ksk, zsk or csk"),
            (("nope.test", "csk"), "no zone nope.test"),
            (("example.test", "csk", "--algorithm", "RSAMD5"), "expected ECDSAP256SHA256"),
            (("example.test", "csk", "--algorithm", "ED25519"), "takes an algorithm rollover")]:
        assert text in daemon.ctl("key", "generate", *arguments, status=1).stderr
    assert len(list((daemon.folder / "keys").glob("*"))) == 4
