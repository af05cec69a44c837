# SPDX-License-Identifier: BSD-2-Clause
"""pytest's fixtures of AWS; tests/conftest.py has them for all tests. What they need is imported when a
test wants it."""
import contextlib
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def aws():
    """A Double of AWS. The test fails if somebody asked what no correct client asks, unless it has
    looked at aws.wrong and cleared it."""
    from aws.double import Double
    with Double() as double:
        yield double
    assert not double.broken, "\n".join(double.broken)
    assert not double.wrong, "\n".join(double.wrong)


@pytest.fixture
def boto(aws):
    """boto("sqs") is boto3's client of the double."""
    return lambda service, **more: client(aws, service, **more)


def client(aws, service, key=None, attempts=1, **more):
    """boto3's, whose environment is nobody's but the double's."""
    import boto3
    import botocore.config
    from aws.accounts import GLOBAL  # with an endpoint of ours boto3 does not know these regions
    key = key or next(iter(aws.accounts.keys.values()))
    config = botocore.config.Config(connect_timeout=5, read_timeout=30, parameter_validation=more.
                                    pop("parameter_validation", True),
                                    retries={"total_max_attempts": attempts, "mode": "standard"})
    session = boto3.session.Session(key.access_key, key.secret, key.token,
                                    region_name=GLOBAL.get(service, aws.accounts.region))
    return session.client(service, endpoint_url=more.pop("endpoint_url", aws.url), config=config,
                          **more)


def node_folder():
    """Where the packages of npm are: of this build, unless BALLAST_NODE names a folder."""
    import harness
    return pathlib.Path(os.environ.get("BALLAST_NODE") or harness.BUILD / "node").resolve()


@contextlib.contextmanager
def node_server(script, *arguments):
    """A server of node's that prints its URL; it ends with its standard input."""
    folder = node_folder()
    done = subprocess.run([HERE / "node" / "install", folder], stdout=subprocess.PIPE, text=True,
                          check=False)
    assert done.returncode == 0, "tests/aws/node/install has failed, see above"
    process = subprocess.Popen([done.stdout.strip(), HERE / "node" / script, folder, *arguments],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), url
        yield url
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def keys(url):
    """What an SDK or ballastd needs in its environment to ask such a server."""
    return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": url, "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}


@pytest.fixture
def dynalite():
    """The URL of a DynamoDB without tables (npm's dynalite)."""
    with node_server("dynalite.js") as url:
        yield url


@pytest.fixture
def fauxqs():
    """The URL of an SQS without queues (npm's fauxqs)."""
    with node_server("fauxqs.mjs") as url:
        yield url


def boto_of(url, service):
    """boto3's client of such a server."""
    import boto3
    return boto3.session.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1").client(
        service, endpoint_url=url)
