# SPDX-License-Identifier: BSD-2-Clause
"""What the services of the double have in common. A method that is named like an operation carries it
out: parameters in, result out, both as botocore's model has them, under the double's lock."""
from aws import shapes


class Service:
    name = None
    loose = ()  # shapes whose lists of values the model has wrong

    def __init__(self, double):
        self.double = double

    def before(self, call):
        """Whatever refuses a correct request: rates, …"""

    def permission(self, operation):
        """The operation in IAM's words."""
        return operation

    def json_code(self, code):
        """Namespace and name of an error in JSON, and its code for x-amzn-query-error or None."""
        mine = shapes.model(self.name).shape_names
        prefix = f"com.amazonaws.{self.name}#" if code in mine else "com.amazon.coral.service#"
        return prefix, code, None
