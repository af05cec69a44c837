# SPDX-License-Identifier: BSD-2-Clause
"""The AWS client over TLS with a private CA: requests go through where the certificate is good, and
nothing is sent where it is not."""
import pytest

from aws import tls
from test_aws_requests import make_once, requests  # noqa: F401  (a fixture)


def fill(aws):
    aws.route53.add_zone("example.org", "Z1EXAMPLE")
    aws.route53.rate = None
    aws.sqs.add_queue("events")
    aws.ecs.add_service("pets", "cats")
    aws.elbv2.add_target_group("cats", {"192.0.2.1": "healthy"})
    return aws


@pytest.fixture
def authority(tmp_path):
    return tls.Authority(tmp_path, "ours")


@pytest.fixture
def secure(authority):
    with tls.double(authority.context()) as made:
        yield fill(made)


def test_every_request_goes_through_with_the_bundle_of_the_environment(
        secure, authority, make_once):  # noqa: F811
    assert secure.url.startswith("https://")
    once = make_once({**secure.environment(), "AWS_CA_BUNDLE": str(authority.ca_file)})
    asked = 0
    for service, operation, input, more in requests(secure):
        answer = once.ask(service, operation, input, **more)
        assert (answer["outcome"], answer["attempts"]) == ("done", 1), answer
        asked += 1
    assert len(secure.requests) == asked


def test_a_profile_has_a_bundle_too(secure, authority, make_once, tmp_path):  # noqa: F811
    (tmp_path / "config").write_text(f"[default]\nca_bundle = {authority.ca_file}\n")
    once = make_once({**secure.environment(), "AWS_CONFIG_FILE": str(tmp_path / "config")})
    answer = once.ask("sts", "GetCallerIdentity")
    assert answer["outcome"] == "done", answer


@pytest.mark.parametrize("is_good", [True, False])
def test_credentials_are_fetched_from_the_same_authority_only(
        secure, authority, make_once, tmp_path, is_good):  # noqa: F811
    token = tmp_path / "token"
    token.write_text("web-identity-token")
    trusted = authority if is_good else tls.Authority(tmp_path, "other")
    environment = {name: value for name, value in secure.environment().items()
                   if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    once = make_once({**environment, "AWS_CA_BUNDLE": str(trusted.ca_file),
                      "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
                      "AWS_ROLE_ARN": next(iter(secure.sts.roles))})
    answer = once.ask("sts", "GetCallerIdentity", attempts=1, timeout_ms=20000)
    if is_good:
        assert answer["outcome"] == "done", answer
        assert [call.operation for call in secure.requests] == [
            "AssumeRoleWithWebIdentity", "GetCallerIdentity"]
    else:
        assert answer["outcome"] != "done" and "certificate: " in answer["text"], answer
        assert secure.requests == []
        assert "web-identity-token" not in answer["text"]


def refused(made, once):
    """What is said of the certificate. Nothing was sent: the double has read no request."""
    answer = once.ask("sts", "GetCallerIdentity", attempts=2)
    assert answer["outcome"] == "unreachable", answer
    assert (answer["status"], answer["document"] if "document" in answer else None) == (0, None)
    assert made.requests == []
    assert made.metadata.log == []
    assert answer["text"].startswith("sts GetCallerIdentity: certificate: "), answer["text"]
    return answer["text"]


def test_a_certificate_of_another_authority_is_refused(secure, make_once, tmp_path):  # noqa: F811
    other = tls.Authority(tmp_path, "other")
    once = make_once({**secure.environment(), "AWS_CA_BUNDLE": str(other.ca_file)})
    assert "issuer" in refused(secure, once)


def test_a_private_authority_is_nobody_s_by_itself(secure, make_once):  # noqa: F811
    refused(secure, make_once(secure.environment()))


def test_a_certificate_for_another_name_is_refused(authority, make_once):  # noqa: F811
    names = "DNS:sts.eu-west-1.amazonaws.com,IP:127.0.0.2"
    with tls.double(authority.context(names)) as made:
        once = make_once({**made.environment(), "AWS_CA_BUNDLE": str(authority.ca_file)})
        assert "name" in refused(made, once)


def test_a_bundle_that_is_not_there_is_named(secure, make_once, tmp_path):  # noqa: F811
    missing = tmp_path / "missing.pem"
    once = make_once({**secure.environment(), "AWS_CA_BUNDLE": str(missing)})
    assert str(missing) in refused(secure, once)
