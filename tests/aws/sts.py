# SPDX-License-Identifier: BSD-2-Clause
"""STS: who am I, and keys for a while."""
from aws.accounts import ACCOUNT
from aws.service import Service
from aws.shapes import Refused


class Sts(Service):
    """roles: what each role may do: {ARN: patterns of IAM actions, or None: all}. web_tokens: those of
    the identity provider that are good; expired_web_tokens: those that were. life_s: how long keys are
    good, whatever was asked for; None: as asked for (an hour)."""
    name = "sts"

    def __init__(self, double):
        super().__init__(double)
        self.roles = {f"arn:aws:iam::{ACCOUNT}:role/ballast": None}
        self.web_tokens = {"web-identity-token"}
        self.expired_web_tokens = set()
        self.life_s = None

    def GetCallerIdentity(self, _):
        key = self.caller
        return {"Account": ACCOUNT, "Arn": key.arn, "UserId": "AIDAEXAMPLE"}

    def before(self, call):
        self.caller = call.key

    def session(self, given):
        role, name = given["RoleArn"], given["RoleSessionName"]
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/{name}"
        seconds = self.life_s if self.life_s is not None else given.get("DurationSeconds", 3600)
        key = self.double.accounts.session(seconds, self.roles[role], arn)
        return {"Credentials": {"AccessKeyId": key.access_key, "SecretAccessKey": key.secret,
                                "SessionToken": key.token, "Expiration": key.ends},
                "AssumedRoleUser": {"AssumedRoleId": f"AROAEXAMPLE:{name}", "Arn": arn}}

    def AssumeRole(self, given):
        if given["RoleArn"] not in self.roles:
            raise Refused("AccessDenied", f"User: {self.caller.arn} is not authorized to perform: "
                          f"sts:AssumeRole on resource: {given['RoleArn']}", 403)
        return self.session(given)

    def AssumeRoleWithWebIdentity(self, given):
        if given["WebIdentityToken"] in self.expired_web_tokens:
            raise Refused("ExpiredTokenException", "Token expired: current date/time must be before "
                          "the expiration date/time", 400)
        if given["WebIdentityToken"] not in self.web_tokens:
            raise Refused("InvalidIdentityToken", "Couldn't retrieve verification key from your "
                          "identity provider", 400)
        if given["RoleArn"] not in self.roles:
            raise Refused("AccessDenied", "Not authorized to perform "
                          "sts:AssumeRoleWithWebIdentity", 403)
        return {**self.session(given), "Provider": "https://tokens.example.net/",
                "Audience": "sts.amazonaws.com", "SubjectFromWebIdentityToken": "ballast"}
