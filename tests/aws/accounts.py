# SPDX-License-Identifier: BSD-2-Clause
"""Who may ask what: access keys, session tokens with an end, allowed actions; and Signature V4,
worked out again by botocore's signer from what arrived."""
import calendar
import fnmatch
import hashlib
import hmac
import re
import secrets
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.compat
import botocore.credentials

from aws.shapes import Refused, signing_name

ACCOUNT = "123456789012"
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
GLOBAL = {"route53": "us-east-1"}
FIFTEEN_MINUTES = 900

AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/, ]+)/([0-9]{8})/([^/, ]+)/([^/, ]+)/"
                           r"aws4_request,\s*SignedHeaders=([^, ]+),\s*Signature=([0-9a-f]{64})")


class Key:
    """allow: patterns of IAM actions, None: all. ends: seconds since 1970, None: never."""

    def __init__(self, access_key, secret, token=None, ends=None, allow=None, arn=None):
        self.access_key, self.secret, self.token, self.ends = access_key, secret, token, ends
        self.allow = allow
        self.arn = arn or f"arn:aws:iam::{ACCOUNT}:user/ballast"

    def may(self, action):
        return self.allow is None or any(fnmatch.fnmatchcase(action, pattern)
                                         for pattern in self.allow)


class Signer(botocore.auth.SigV4Auth):
    """botocore's, over exactly those headers that the request says it has signed."""

    def headers_to_sign(self, request):
        headers = botocore.compat.HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


class Accounts:
    def __init__(self, now):
        self.now = now
        self.keys = {}
        self.region = "eu-west-1"
        # None: the code that the service's protocol has. S3 and a few others say RequestTimeTooSkewed.
        self.skew_code = None
        self.add(Key(ACCESS_KEY, SECRET_KEY))

    def add(self, key):
        self.keys[key.access_key] = key
        return key

    def session(self, seconds=3600, allow=None, arn=None):
        """A new key with a session token that ends so many seconds from now."""
        return self.add(Key("ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30),
                            "Token/+" + secrets.token_urlsafe(120) + "==",
                            self.now() + seconds, allow, arn))

    def verify(self, request, service, is_json):
        """The key that has signed the request."""
        bad = "InvalidSignatureException" if is_json else "SignatureDoesNotMatch"
        found = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if not found:
            self.complain_of_form(request, is_json)
        access_key, day, region, name, signed, signature = found.groups()
        key = self.keys.get(access_key)
        if key is None:
            raise unknown_key(is_json)
        self.check_scope(request, service, (day, region, name), bad)
        self.check_headers(request, signed.split(";"), bad)
        self.check_time(request, bad)
        self.check_token(request, key, is_json)
        expected = self.signature(request, key, region, name, signed.split(";"))
        if not hmac.compare_digest(expected, signature):
            raise Refused(bad, "The request signature we calculated does not match the signature "
                          "you provided. Check your AWS Secret Access Key and signing method. "
                          "Consult the service documentation for details.", 403, malformed=True)
        return key

    def complain_of_form(self, request, is_json):
        suffix = "Exception" if is_json else ""
        if "Authorization" not in request.headers:
            raise Refused("MissingAuthenticationToken" + suffix,
                          "Request is missing Authentication Token", 403, malformed=True)
        raise Refused("IncompleteSignature" + suffix, "Authorization header requires 'Credential', "
                      "'SignedHeaders' and 'Signature' parameters.", 403 if not is_json else 400,
                      malformed=True)

    def check_scope(self, request, service, scope, bad):
        day, region, name = scope
        if name != signing_name(service):
            raise Refused(bad, f"Credential should be scoped to correct service: "
                          f"'{signing_name(service)}'. ", 403, malformed=True)
        expected = {GLOBAL.get(service, self.region)}
        if service == "sts":
            expected.add("us-east-1")
        if region not in expected:
            raise Refused(bad, "Credential should be scoped to a valid region. ", 403,
                          malformed=True)
        stamp = request.headers.get("X-Amz-Date", "")
        if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp):
            raise Refused("IncompleteSignature", f"Date must be in ISO-8601 'basic format'. Got "
                          f"'{stamp}'.", 403, malformed=True)
        if stamp[:8] != day:
            raise Refused(bad, f"Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                          f"version of date from HTTP: '{day}' != '{stamp[:8]}'.", 403,
                          malformed=True)

    def check_headers(self, request, signed, bad):
        if signed != sorted(set(signed)) or any(name != name.lower() for name in signed):
            raise Refused(bad, "SignedHeaders is not sorted or not of lower case.", 403,
                          malformed=True)
        if "host" not in signed:
            raise Refused(bad, "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
                          "Authorization.", 403, malformed=True)
        for name in request.headers.keys():
            if name.lower().startswith("x-amz-") and name.lower() not in signed:
                raise Refused(bad, f"'{name.lower()}' must be a 'SignedHeader' in the AWS "
                              "Authorization.", 403, malformed=True)
        missing = [name for name in signed if name not in request.headers]
        if missing:
            raise Refused(bad, f"'{missing[0]}' is a 'SignedHeader' and not there.", 403,
                          malformed=True)
        stated = request.headers.get("X-Amz-Content-Sha256")
        if stated and stated != hashlib.sha256(request.body).hexdigest():
            raise Refused(bad, "The value of x-amz-content-sha256 is not that of the body.", 403,
                          malformed=True)

    def check_time(self, request, bad):
        stamp = request.headers["X-Amz-Date"]
        then = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        now = self.now()
        iso = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        edge = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(
            now - FIFTEEN_MINUTES if then < now else now + FIFTEEN_MINUTES))
        if then < now - FIFTEEN_MINUTES:
            raise Refused(self.skew_code or bad, f"Signature expired: {stamp} is now earlier than "
                          f"{edge} ({iso} - 15 min.)", 403)
        if then > now + FIFTEEN_MINUTES:
            raise Refused(self.skew_code or bad, f"Signature not yet current: {stamp} is still "
                          f"later than {edge} ({iso} + 15 min.)", 403)

    def check_token(self, request, key, is_json):
        if request.headers.get("X-Amz-Security-Token") != key.token:
            raise unknown_key(is_json)
        if key.ends is not None and self.now() >= key.ends:
            raise expired(is_json)

    def signature(self, request, key, region, name, signed):
        parts = urllib.parse.urlsplit(request.target)
        headers = botocore.compat.HTTPHeaders()
        for header in signed:
            for value in request.headers.get_all(header):
                headers[header] = value
        again = botocore.awsrequest.AWSRequest(
            method=request.method, headers=headers, data=request.body,
            url=f"http://{request.headers['Host']}{parts.path}",
            # Decoded, so that botocore encodes it as it has to be, whatever arrived.
            params=[(urllib.parse.unquote(k), urllib.parse.unquote(v)) for k, _, v in
                    (pair.partition("=") for pair in parts.query.split("&") if pair)])
        again.context["timestamp"] = request.headers["X-Amz-Date"]
        signer = Signer(botocore.credentials.Credentials(key.access_key, key.secret, key.token),
                        name, region)
        return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)),
                                again)


def unknown_key(is_json):
    if is_json:
        return Refused("UnrecognizedClientException",
                       "The security token included in the request is invalid.", 403)
    return Refused("InvalidClientTokenId",
                   "The security token included in the request is invalid.", 403)


def expired(is_json):
    return Refused("ExpiredTokenException" if is_json else "ExpiredToken",
                   "The security token included in the request is expired", 403)
