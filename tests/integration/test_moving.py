# SPDX-License-Identifier: BSD-2-Clause
"""Moving in from Route 53 and out again: what is written loads and is served, batches are what AWS takes,
and what comes back is what went out. Saved JSON of the AWS CLI, the double of Route 53, other programs'
checks."""
import http.server
import json
import os
import re
import shutil
import subprocess
import threading

import dns.message
import dns.query
import pytest

import harness

NAME = "catsndogs.lol"
ZONE_ID = "Z1EXAMPLE"
LB_ZONE = "Z32O12XQLNTSW2"
HEAD = [
    {"Name": "catsndogs.lol.", "Type": "NS", "TTL": 172800,
     "ResourceRecords": [{"Value": "ns-1.awsdns-01.com."}, {"Value": "ns-2.awsdns-02.net."}]},
    {"Name": "catsndogs.lol.", "Type": "SOA", "TTL": 900, "ResourceRecords": [
        {"Value": "ns-1.awsdns-01.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}]},
]


def simple(name, kind, *values, ttl=300):
    return {"Name": name, "Type": kind, "TTL": ttl,
            "ResourceRecords": [{"Value": value} for value in values]}


def weighted(name, identifier, weight, *values, kind="A"):
    return {"Name": name, "Type": kind, "SetIdentifier": identifier, "Weight": weight, "TTL": 60,
            "ResourceRecords": [{"Value": value} for value in values]}


def target(dns_name, zone=LB_ZONE, health=False):
    return {"AliasTarget": {"HostedZoneId": zone, "DNSName": dns_name,
                            "EvaluateTargetHealth": health}}


STATIC = [
    simple("catsndogs.lol.", "MX", "10 mail.example.net"),
    simple("catsndogs.lol.", "TXT", '"v=spf1 -all; (really)" "second"'),
    simple("catsndogs.lol.", "CAA", '0 issue "letsencrypt.org"'),
    simple("\\052.wild.catsndogs.lol.", "TXT", '"caf\\303\\251 \\"quoted\\" \\\\"'),
    simple("_sip._tcp.catsndogs.lol.", "SRV", "1 10 5060 sip.example.net."),
    simple("a\\100b.catsndogs.lol.", "A", "192.0.2.9"),
    simple("mail.catsndogs.lol.", "CNAME", "mail.example.net"),
    simple("static.catsndogs.lol.", "A", "192.0.2.1", "192.0.2.2"),
    simple("static.catsndogs.lol.", "AAAA", "2001:db8::1"),
    simple("sub.catsndogs.lol.", "NS", "ns.sub.catsndogs.lol"),
    simple("ns.sub.catsndogs.lol.", "A", "192.0.2.53"),
]
# Newer than Debian's models of Route 53.
NEWER = [simple("svc.catsndogs.lol.", "HTTPS", '1 . alpn="h2,h3" port=8443')]
WEIGHTED = [
    weighted("www.catsndogs.lol.", "blue", 90, "192.0.2.10", "192.0.2.11"),
    weighted("www.catsndogs.lol.", "green", 10, "192.0.2.20"),
    weighted("c.catsndogs.lol.", "one", 1, "one.example.net.", kind="CNAME"),
    weighted("c.catsndogs.lol.", "two", 3, "two.example.net.", kind="CNAME"),
]
BALANCED = [
    {"Name": "catsndogs.lol.", "Type": "A", **target("lb-1.eu-west-1.elb.amazonaws.com.")},
    {"Name": "api.catsndogs.lol.", "Type": "A", "SetIdentifier": "blue", "Weight": 100,
     **target("blue-1.eu-west-1.elb.amazonaws.com.")},
    {"Name": "api.catsndogs.lol.", "Type": "A", "SetIdentifier": "green", "Weight": 0,
     **target("green-1.eu-west-1.elb.amazonaws.com.")},
]
LOST = [
    {**simple("geo.catsndogs.lol.", "A", "192.0.2.30"), "SetIdentifier": "eu",
     "GeoLocation": {"ContinentCode": "EU"}},
    {"Name": "cdn.catsndogs.lol.", "Type": "A", **target("d111111.cloudfront.net.", "Z2FDTNDATAQYW2")},
]
ALIAS_ZONES = [word for host in ("lb-1", "blue-1", "green-1") for word in
               ("--alias-zone", f"{host}.eu-west-1.elb.amazonaws.com={LB_ZONE}")]
NS = ["--ns", "ns1.catsndogs.lol=127.0.0.1", "--ns", "ns2.example.net"]


@pytest.fixture
def folder():
    path = harness.make_folder()
    yield path
    shutil.rmtree(path)


def ctl(*words, status=0, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    clean.update({"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                  "AWS_EC2_METADATA_DISABLED": "true"}, **environment)
    done = subprocess.run([harness.BALLASTCTL, *map(str, words)], env=clean, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done


def save(folder, records, name="zone.json"):
    path = folder / name
    path.write_text(json.dumps({"ResourceRecordSets": records}, indent=2))
    return path


def import_to(folder, records, *more, **options):
    path = save(folder, records)
    done = ctl("route53", "import", NAME, "--from", path, *NS, "--out", folder / "in", *more,
               **options)
    return done, folder / "in" / f"{NAME}.yaml", folder / "in" / f"{NAME}.zone"


def check(config):
    done = subprocess.run([harness.BALLASTD, "-c", str(config), "--check"], capture_output=True,
                          text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def checkzone(zone):
    program = shutil.which("named-checkzone") or "/usr/sbin/named-checkzone"
    if not os.access(program, os.X_OK):
        return
    # Weighted names are not in the file, so that what leads to them is not looked for.
    done = subprocess.run([program, "-i", "local", NAME, str(zone)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + zone.read_text()


def ask(port, name, kind):
    query = dns.message.make_query(name, kind)
    answer = dns.query.udp(query, "127.0.0.1", port=port, timeout=5)
    return [rdata for rrset in answer.answer for rdata in rrset], answer


def for_tests(text, port):
    """Another port, and resolvers that are nobody: load balancers' names are not asked for."""
    return text.replace("127.0.0.1@5300", f"127.0.0.1@{port}").replace(
        "state: ballast.db\n", "state: ballast.db\n  resolvers: [127.0.0.1@1]\n")


class Imported(harness.Daemon):
    """ballastd with what an import wrote, on another port."""

    def __init__(self, config):
        super().__init__()
        shutil.copytree(config.parent, self.folder, dirs_exist_ok=True)
        self.text = for_tests(config.read_text(), self.port)

    def write_config(self):
        path = self.folder / "ballast.yaml"
        path.write_text(self.text)
        return path


def test_what_was_imported_is_served_as_it_was(folder, keep):
    done, config, zone = import_to(folder, HEAD + STATIC + NEWER + WEIGHTED)
    assert done.stderr == ""
    status, said = check(config)
    assert status == 0, said
    checkzone(zone)
    daemon = keep(Imported(config)).start()
    for record in STATIC + NEWER:
        name = re.sub(r"\\(\d{3})", lambda found: f"\\{int(found[1], 8):03d}", record["Name"])
        name = name.replace("\\042", "x")  # any name that the wildcard answers
        values, answer = ask(daemon.port, name, record["Type"])
        if record["Type"] == "NS" or name.startswith("ns.sub"):  # a delegation, and what is below
            assert not values and answer.authority[0].name.to_text() == "sub.catsndogs.lol."
            continue
        assert len(values) == len(record["ResourceRecords"]), (name, answer)
        assert answer.answer[0].ttl == record["TTL"]
    texts, _ = ask(daemon.port, "x.wild.catsndogs.lol", "TXT")
    assert texts[0].strings == (b'caf\xc3\xa9 "quoted" \\',)
    mail, _ = ask(daemon.port, NAME, "MX")
    assert mail[0].exchange.to_text() == "mail.example.net."
    servers, _ = ask(daemon.port, NAME, "NS")
    assert sorted(one.to_text() for one in servers) == ["ns1.catsndogs.lol.", "ns2.example.net."]
    answers = [len(ask(daemon.port, "www.catsndogs.lol", "A")[0]) for _ in range(100)]
    assert answers.count(2) + answers.count(1) == 100  # two addresses are blue's
    assert abs(answers.count(2) - 90) <= 3  # of two workers, each with its own turn


def test_what_cannot_move_is_named_and_strict_is_an_error(folder):
    done, config, zone = import_to(folder, HEAD + STATIC + BALANCED + LOST)
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all(line.startswith("not moved: ") for line in lines)
    assert 'geo.catsndogs.lol A, geolocation, "eu": ' in done.stderr
    assert "cdn.catsndogs.lol A: an alias of CloudFront" in done.stderr
    assert "; geo A: NOT MOVED: " in zone.read_text()
    assert check(config)[0] == 0
    checkzone(zone)
    done, _, _ = import_to(folder, HEAD + STATIC + LOST, "--strict", "--force", status=1)
    assert "ballastctl: 2 record sets were not moved" in done.stderr


def test_nothing_is_overwritten(folder):
    _, config, zone = import_to(folder, HEAD + STATIC)
    zone.write_text("mine\n")
    done, _, _ = import_to(folder, HEAD + WEIGHTED, status=1)
    assert f"{zone} is there already; --force replaces it" in done.stderr
    assert zone.read_text() == "mine\n" and "record_sets" not in config.read_text()
    import_to(folder, HEAD + WEIGHTED, "--force")
    assert zone.read_text() != "mine\n" and "record_sets" in config.read_text()
    assert sorted(path.name for path in config.parent.iterdir()) == [config.name, zone.name]


def test_without_nameservers_the_check_says_so(folder):
    path = save(folder, HEAD + STATIC)
    ctl("route53", "import", NAME, "--from", path, "--out", folder / "in")
    status, said = check(folder / "in" / f"{NAME}.yaml")
    assert status == 1 and "NAMESERVERS-ARE-TO-BE-NAMED-HERE" in said


def test_it_prints_where_no_folder_is_named(folder):
    path = save(folder, HEAD + WEIGHTED)
    text = ctl("route53", "import", NAME, "--from", path, *NS).stdout
    assert text.startswith("; ---- catsndogs.lol.zone\n") and "# ---- catsndogs.lol.yaml\n" in text
    document = json.loads(ctl("--json", "route53", "import", NAME, "--from", path, *NS).stdout)
    assert sorted(document) == ["configuration", "not_moved", "notes", "zone_file"]
    assert document["zone_file"] in text and document["configuration"] in text


@pytest.mark.parametrize("words, said", [
    ((), "usage"),
    (("a", "b"), "is a word too many"),
    ((NAME, "--nonsense"), "unknown option --nonsense"),
    ((NAME, "--from"), "--from needs a value"),
])
def test_words_that_make_no_sense_are_usage(words, said):
    assert said in ctl("route53", "import", *words, status=2).stderr


def test_files_that_are_no_list_are_refused(folder):
    path = folder / "x.json"
    for text, said in (("{}", "expected ResourceRecordSets"), ("[", "x.json:1: "),
                       ('{"ResourceRecordSets": [], "NextToken": "x"}', "the list goes on")):
        path.write_text(text)
        assert said in ctl("route53", "import", NAME, "--from", path, status=1).stderr
    assert "cannot be opened" in ctl("route53", "import", NAME, "--from", folder / "none",
                                     status=1).stderr


def many(count):
    return [simple(f"n{number:04d}.catsndogs.lol.", "TXT", f'"{number} {"x" * 100}"')
            for number in range(count)]


HOSTED_ZONES = """<?xml version="1.0"?>
<ListHostedZonesByNameResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones>
{}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>"""


def hosted_zone(name, identifier, private):
    return (f"<HostedZone><Id>/hostedzone/{identifier}</Id><Name>{name}</Name><CallerReference>r"
            f"</CallerReference><Config><PrivateZone>{private}</PrivateZone></Config></HostedZone>")


@pytest.fixture
def zones():
    """Route 53's ListHostedZonesByName and nothing else: the list is zones.listed."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            known = self.path.startswith("/2013-04-01/hostedzonesbyname?")
            body = HOSTED_ZONES.format("".join(server.listed)).encode()
            self.send_response(200 if known else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    yield from served(server)


def served(server):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def keys(server):
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize("listed, said", [
    ([("catsndogs.lol.", "Z1", "true")],
     "Route 53 has only private hosted zones catsndogs.lol, expected --zone-id with one of Z1 (private)"),
    ([("catsndogs.lol.", "Z1", "false"), ("catsndogs.lol.", "Z2", "true"),
      ("catsndogs.lol.", "Z3", "false")],
     "several hosted zones catsndogs.lol, expected --zone-id with one of Z1, Z2 (private), Z3"),
    ([("catsndogs.lom.", "Z1", "false")], "Route 53 has no hosted zone catsndogs.lol"),
    # The one public zone is asked for its records, which this server does not have.
    ([("catsndogs.lol.", "Z1", "true"), ("catsndogs.lol.", "Z2", "false")], "ListResourceRecordSets"),
])
def test_private_zones_are_not_chosen(zones, listed, said):
    zones.listed = [hosted_zone(*one) for one in listed]
    assert said in ctl("route53", "import", NAME, status=1, **keys(zones)).stderr


# ---- out ----

def batches_of(text):
    """Documents, one after the other."""
    decoder = json.JSONDecoder()
    batches = []
    while text.strip():
        batch, end = decoder.raw_decode(text.lstrip())
        batches.append(batch)
        text = text.lstrip()[end:]
    return batches


def check_batches(batches):
    """By AWS's own model of them, and its limits, with UPSERT counted twice."""
    session = pytest.importorskip("botocore.session")
    from botocore.validate import ParamValidator
    operation = session.get_session().get_service_model("route53").operation_model(
        "ChangeResourceRecordSets")
    for batch in batches:
        report = ParamValidator().validate({"HostedZoneId": ZONE_ID, "ChangeBatch": batch},
                                           operation.input_shape)
        assert not report.has_errors(), report.generate_report()
        values = [value["Value"] for change in batch["Changes"]
                  for value in change["ResourceRecordSet"].get("ResourceRecords", [{"Value": ""}])]
        assert 2 * len(values) <= 1000 and 2 * sum(map(len, values)) <= 32000


def test_the_daemon_is_asked_for_its_weights(folder, keep):
    _, config, _ = import_to(folder, HEAD + STATIC + WEIGHTED + BALANCED)
    daemon = keep(Imported(config)).start()
    ctl("-s", daemon.socket_path, "weight", "set", "www.catsndogs.lol", "A", "blue=7", "green=9")
    words = ("-s", daemon.socket_path, "route53", "export", NAME, *ALIAS_ZONES)
    batches = batches_of(ctl(*words).stdout)
    check_batches(batches)
    groups = {}
    for change in [change for batch in batches for change in batch["Changes"]]:
        record = change["ResourceRecordSet"]
        groups.setdefault((record["Name"], record["Type"]), []).append(record)
    assert [(one["SetIdentifier"], one["Weight"]) for one in groups["www.catsndogs.lol.", "A"]] == [
        ("blue", 7), ("green", 9)]
    assert [one["AliasTarget"]["DNSName"] for one in groups["api.catsndogs.lol.", "A"]] == [
        "blue-1.eu-west-1.elb.amazonaws.com.", "green-1.eu-west-1.elb.amazonaws.com."]
    assert ("catsndogs.lol.", "SOA") not in groups and ("catsndogs.lol.", "NS") not in groups
    # The same as of the file, but for the weights.
    done = ctl("route53", "export", NAME, "--config", config, *ALIAS_ZONES)
    text = json.dumps(batches_of(done.stdout))
    assert text.replace('"Weight": 90', '"Weight": 7').replace('"Weight": 10,', '"Weight": 9,'
                                                               ) == json.dumps(batches)
    assert "no zone" in ctl(*words[:4], "example.org", status=1).stderr


def test_batches_are_files_that_are_not_overwritten(folder):
    _, config, _ = import_to(folder, HEAD + STATIC + WEIGHTED + BALANCED + many(600))
    words = ("route53", "export", NAME, "--config", config, "--out", folder / "out")
    done = ctl(*words, *ALIAS_ZONES)
    paths = sorted((folder / "out").iterdir())
    assert [path.name for path in paths] == [f"catsndogs.lol-{number + 1}.json"
                                             for number in range(len(paths))]
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == list(map(str, paths))
    check_batches([json.loads(path.read_text()) for path in paths])
    assert "is there already" in ctl(*words, *ALIAS_ZONES, status=1).stderr
    done = ctl(*words, "--force", "--strict", status=1)  # nobody said where the load balancers are
    assert "--alias-zone lb-1.eu-west-1.elb.amazonaws.com=ID" in done.stderr
    assert len(batches_of(ctl(*words, "--dry-run").stdout)) == len(paths)


def test_what_the_configuration_says_of_route_53_is_kept(folder):
    _, config, _ = import_to(folder, HEAD + BALANCED[1:])
    text = config.read_text()
    text = text.replace("    ttl: 60\n", "    ttl: 60\n    route53: { zone_id: Z1EXAMPLE }\n")
    for colour in ("blue", "green"):
        text = re.sub(f'(        alias: "{colour}-1.*)\n', rf"\1\n        route53: {{ alias_zone_id: "
                      rf"{LB_ZONE}, set_identifier: ballast-my {colour} }}\n", text)
    config.write_text(text + "aws: { region: eu-west-1 }\n")
    assert check(config)[0] == 0, check(config)[1]
    (batch,) = batches_of(ctl("route53", "export", NAME, "--config", config, "--strict").stdout)
    check_batches([batch])
    records = [change["ResourceRecordSet"] for change in batch["Changes"]]
    assert [(one["SetIdentifier"], one["AliasTarget"]["HostedZoneId"],
             one["AliasTarget"]["EvaluateTargetHealth"]) for one in records
            if one["Name"] == "api.catsndogs.lol."] == [("ballast-my blue", LB_ZONE, True),
                                                        ("ballast-my green", LB_ZONE, True)]


def test_a_signed_zone_goes_out_without_signatures(folder):
    _, config, _ = import_to(folder, HEAD + STATIC)
    text = config.read_text().replace('file: "catsndogs.lol.zone"',
                                      'file: "catsndogs.lol.zone"\n    dnssec: { keys: keys }')
    plain = ctl("route53", "export", NAME, "--config", config).stdout
    config.write_text(text)
    assert ctl("route53", "export", NAME, "--config", config).stdout == plain
    assert not (config.parent / "keys").exists()


# ---- the lab's table ----

def item(container, record, **more):
    return {"NewContainerName": {"S": container}, "Triggered": {"BOOL": False},
            "RecordName": {"S": record}, "OldLB": {"S": "blue-1.eu-west-1.elb.amazonaws.com"},
            "NewLB": {"S": "green-1.eu-west-1.elb.amazonaws.com"}, "HostedZoneID": {"S": ZONE_ID},
            "LBZoneID": {"S": LB_ZONE}, "TargetGroup": {
                "S": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/cats/0123456"},
            **more}


@pytest.fixture
def table():
    """DynamoDB's Scan, an item a page; what was asked is in table.asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.headers["X-Amz-Target"], given))
            at = int(given.get("ExclusiveStartKey", {}).get("NewContainerName", {}).get("S", 0))
            result = {"Items": server.items[at:at + 1], "Count": 1, "ScannedCount": 1}
            if at + 1 < len(server.items):
                result["LastEvaluatedKey"] = {"NewContainerName": {"S": str(at + 1)}}
            body = json.dumps(result).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.items = [], [item("cats-green", "www.catsndogs.lol"),
                                      item("dogs-green", "dogs.catsndogs.lol")]
    yield from served(server)


def test_the_labs_table_is_scanned_and_becomes_a_configuration(folder, table):
    words = ("import", "canary-table", "--cluster", "catsndogsECScluster")
    done = ctl(*words, "--table", "CanaryTable", **keys(table))
    assert table.asked == [
        ("DynamoDB_20120810.Scan", {"TableName": "CanaryTable"}),
        ("DynamoDB_20120810.Scan", {"TableName": "CanaryTable", "ExclusiveStartKey": {
            "NewContainerName": {"S": "1"}}})]
    saved = folder / "table.json"
    saved.write_text(json.dumps({"Items": table.items, "Count": 2}))
    assert ctl(*words, "--from", saved).stdout.split("\n", 1)[1] == done.stdout.split("\n", 1)[1]
    _, config, _ = import_to(folder, HEAD + STATIC)
    config.write_text(config.read_text() + "aws: { region: eu-west-1 }\n" + done.stdout)
    status, said = check(config)
    assert status == 0, said


def test_bad_items_are_named(folder):
    saved = folder / "table.json"
    bad = item("dogs-green", "dogs.catsndogs.lol")
    del bad["NewLB"]
    saved.write_text(json.dumps({"Items": [item("cats-green", "www.catsndogs.lol"), bad]}))
    words = ("import", "canary-table", "--from", saved)
    done = ctl(*words)
    assert done.stderr == "not moved: item dogs-green: NewLB is missing, expected a text\n"
    assert "cats-green" in done.stdout and "dogs-green" not in done.stdout
    ctl(*words, "--strict", status=1)
    assert "either --from FILE or --table NAME" in ctl(*words, "--table", "x", status=2).stderr
