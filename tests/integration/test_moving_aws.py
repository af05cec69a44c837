# SPDX-License-Identifier: BSD-2-Clause
"""Moving in from a hosted zone and out to one, by the double of Route 53; and the guide's walk."""
import json
import os
import re
import shutil
import subprocess

import pytest

import harness
from aws.fixtures import boto_of
from test_moving import (ALIAS_ZONES, BALANCED, LOST, NAME, NS, STATIC, WEIGHTED, ZONE_ID, ask,
                         batches_of, check_batches, ctl, folder, for_tests, item, many, save)

__all__ = ["folder"]  # a fixture


def text_of(document):
    """What an import printed, without where it was from."""
    return re.sub("from Route 53: .*", "", document["zone_file"] + document["configuration"])


def imported(*words, **environment):
    return text_of(json.loads(ctl("--json", "route53", "import", NAME, *words, *NS,
                                  **environment).stdout))


def test_a_hosted_zone_is_listed_page_by_page(folder, aws):
    records = STATIC + WEIGHTED + BALANCED + LOST + many(650)
    aws.route53.add_zone(NAME, ZONE_ID, records)
    aws.route53.add_zone("catsndogs.lom", "Z2EXAMPLE")
    live = imported(**aws.environment())
    assert len(aws.calls("ListResourceRecordSets")) == 3
    saved = imported("--from", save(folder, aws.route53.records(ZONE_ID)))
    assert live == saved
    assert live == imported("--zone-id", ZONE_ID, **aws.environment())


def test_the_aws_cli_saves_what_is_read(folder, aws):
    program = shutil.which("aws")
    if program is None:
        pytest.skip("no AWS CLI")
    aws.route53.add_zone(NAME, ZONE_ID, STATIC + WEIGHTED + many(400))
    path = folder / "cli.json"
    with open(path, "wb") as out:
        subprocess.run([program, "--endpoint-url", aws.url, "--region", "us-east-1", "route53", "list-resource-record-sets",
                        "--hosted-zone-id", ZONE_ID, "--output", "json"], stdout=out, check=True,
                       env={**os.environ, **aws.environment()}, timeout=120)
    assert imported("--from", path) == imported(**aws.environment())


def test_zones_of_one_name_are_told_apart_by_id(aws):
    words = ("route53", "import", NAME)
    environment = aws.environment()
    done = ctl(*words, status=1, **environment)
    assert "Route 53 has no hosted zone catsndogs.lol, for these credentials" in done.stderr
    aws.route53.add_zone(NAME, "Z1EXAMPLE", STATIC)
    aws.route53.add_zone(NAME, "Z2EXAMPLE", WEIGHTED)
    done = ctl(*words, status=1, **environment)
    assert "several hosted zones catsndogs.lol, expected --zone-id with one of Z1EXAMPLE, Z2EXAMPLE" in done.stderr
    text = ctl(*words, "--zone-id", "/hostedzone/Z2EXAMPLE", **environment).stdout
    assert "www.catsndogs.lol" in text and "static" not in text
    done = ctl(*words, "--zone-id", "Z3EXAMPLE", status=1, **environment)
    assert "NoSuchHostedZone" in done.stderr
    aws.wrong.clear()


def test_without_credentials_nobody_is_asked(aws):
    environment = {name: value for name, value in aws.environment().items()
                   if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    done = ctl("route53", "import", NAME, status=1, **environment)
    assert "redentials" in done.stderr
    assert not aws.calls("ListHostedZonesByName")


def apply(boto, zone_id, batches):
    for batch in batches:
        boto("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)


def test_what_was_imported_goes_out_as_it_was(folder, aws, boto):
    aws.route53.add_zone(NAME, ZONE_ID, STATIC + WEIGHTED + BALANCED + many(600))
    aws.route53.add_zone(NAME, "Z2EXAMPLE")
    before = imported("--zone-id", ZONE_ID, **aws.environment())
    ctl("route53", "import", NAME, "--zone-id", ZONE_ID, *NS, "--out", folder / "in",
        **aws.environment())
    done = ctl("route53", "export", NAME, "--config", folder / "in" / f"{NAME}.yaml", *ALIAS_ZONES,
               "--dry-run")
    assert done.stderr.startswith("note: the weights are the configuration's")
    batches = batches_of(done.stdout)
    assert len(batches) > 1
    check_batches(batches)
    # What is the import's own: the nameserver's address.
    for batch in batches:
        batch["Changes"] = [change for change in batch["Changes"]
                            if change["ResourceRecordSet"]["Name"] != "ns1.catsndogs.lol."]
    apply(boto, "Z2EXAMPLE", batches)
    assert imported("--zone-id", "Z2EXAMPLE", **aws.environment()) == before


# ---- the lab's table in a DynamoDB ----

def test_the_labs_table_is_read_from_a_dynamodb(folder, dynalite):
    """More than a page of Scan, which has a megabyte; and what the AWS CLI saves is the same."""
    client = boto_of(dynalite, "dynamodb")
    client.create_table(
        TableName="CanaryTable", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "NewContainerName", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "NewContainerName", "KeyType": "HASH"}])
    harness.wait_for(lambda: client.describe_table(TableName="CanaryTable")["Table"]["TableStatus"]
                     == "ACTIVE", "the table is there")
    names = [f"cats-{number}" for number in range(6)]
    for name in names:
        client.put_item(TableName="CanaryTable", Item={
            **item(name, f"{name}.catsndogs.lol"), "Filler": {"S": "x" * 380000}})
    environment = {"AWS_ENDPOINT_URL": dynalite, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                   "AWS_SECRET_ACCESS_KEY": "secret"}
    pages = list(client.get_paginator("scan").paginate(TableName="CanaryTable"))
    assert len(pages) > 1
    live = ctl("import", "canary-table", "--table", "CanaryTable", **environment).stdout
    assert sorted(re.findall(r'    record_set: "(.*)"', live)) == [
        f"{name}.catsndogs.lol/A" for name in names]
    saved = folder / "table.json"
    saved.write_text("".join(json.dumps({"Items": page["Items"]}) for page in pages))
    assert ctl("import", "canary-table", "--from", saved).stdout.split("\n", 1)[1] == \
        live.split("\n", 1)[1]
    done = ctl("import", "canary-table", "--table", "Nothing", status=1, **environment)
    assert "ResourceNotFoundException" in done.stderr


# ---- the guide ----

# What needs the Internet, or is not here.
NOT_HERE = ("dig @ns-1.awsdns-00.com", "aws route53domains ", "ballastctl import canary-table --table")


def guide_section():
    text = (harness.TOP / "docs/guide.md").read_text()
    return text.split("\n## Moving in from Route 53\n")[1].split("\n## ")[0]


def guide_commands():
    return re.findall(r"^    \$ (.*)$", guide_section(), re.MULTILINE)


def guide_shell(folder, aws, port):
    """Runs a line as a user's shell would, with the programs that are tested, in the folder."""
    program = shutil.which("aws")
    tools = folder / "bin"
    tools.mkdir()
    wrappers = {"ballastctl": f'exec {harness.BALLASTCTL} "$@"',
                "ballastd": f'exec {harness.BALLASTD} "$@"',
                "dig": f'exec {shutil.which("dig")} $(echo "$@" | sed "s/-p 5300/-p {port}/")',
                "aws": f'exec {program} --endpoint-url {aws.url} --region us-east-1 "$@"'}
    for name, text in wrappers.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    environment = {**os.environ, **aws.environment(),
                   "PATH": f"{tools}:{os.environ['PATH']}:/usr/sbin"}

    def run(line):
        done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout
    return run


class Background:
    def __init__(self, folder, port):
        config = folder / "moved/catsndogs.lol.yaml"
        config.write_text(for_tests(config.read_text(), port))
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(["bin/ballastd", "-c", "moved/catsndogs.lol.yaml"],
                                        cwd=folder, stdout=self.log, stderr=self.log)
        harness.wait_for((folder / "moved/ballast.sock").exists, "the socket is there")
        harness.wait_for(lambda: self.answers(port), "it answers")

    @staticmethod
    def answers(port):
        try:
            return ask(port, "static.catsndogs.lol", "A")[0]
        except OSError:
            return None

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def test_the_walk_of_the_guide(folder, aws, keep):
    """Every command of the section is run, or is one that cannot be."""
    if not all(shutil.which(name) for name in ("aws", "dig", "named-checkzone")):
        pytest.skip("the AWS CLI, dig or named-checkzone is missing")
    port = harness.free_port()
    aws.route53.add_zone(NAME, ZONE_ID, [record for record in STATIC + WEIGHTED + BALANCED
                                         if record["Name"] != "catsndogs.lol."])
    before = comparable(aws.route53.records(ZONE_ID))
    run = guide_shell(folder, aws, port)
    said = {}
    section = guide_section()
    batch = re.search(r'^    (\{"Changes.*?\]\}\}\]\})$', section, re.MULTILINE | re.DOTALL)
    (folder / "ns.json").write_text(batch[1])
    for line in guide_commands():
        if line.startswith(NOT_HERE):
            continue
        if line.endswith(" &"):
            keep(Background(folder, port))
        elif line.startswith("diff "):
            # The first was imported from the file, which is said in its first line.
            said[line] = run("tail -n +2 moved/catsndogs.lol.zone > a;"
                             "tail -n +2 again/catsndogs.lol.zone > b; diff a b")
        else:
            said[line] = run(line)
    assert len(said) >= 13
    static = said["dig @127.0.0.1 -p 5300 static.catsndogs.lol A +short"].split()
    assert sorted(static) == ["192.0.2.1", "192.0.2.2"]
    servers = aws.route53.records(ZONE_ID, "catsndogs.lol.", "NS")
    assert [one["TTL"] for one in servers] == [300]
    # After the way back the hosted zone is as it was, but for the nameserver's address.
    after = [record for record in aws.route53.records(ZONE_ID)
             if record["Name"] != "ns1.catsndogs.lol."]
    assert comparable(after) == before


def comparable(records):
    """What Route 53 keeps as it was written, as what it means; without the zone's own."""
    found = []
    for record in records:
        if (record["Name"], record["Type"]) not in (("catsndogs.lol.", "NS"),
                                                    ("catsndogs.lol.", "SOA")):
            values = [value["Value"].rstrip(".") for value in record.get("ResourceRecords", [])]
            found.append(json.dumps([record["Name"].replace("\\052", "*"), record["Type"],
                                     record.get("SetIdentifier"), record.get("Weight"),
                                     record.get("TTL"), sorted(values),
                                     record.get("AliasTarget", {}).get("DNSName")]))
    return sorted(found)
