# SPDX-License-Identifier: BSD-2-Clause
"""pytest's fixtures of AWS; tests/conftest.py has them for all tests. What they need is imported when a
test wants it."""
import pytest


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
