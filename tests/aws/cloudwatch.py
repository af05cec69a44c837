# SPDX-License-Identifier: BSD-2-Clause
"""CloudWatch's GetMetricData over series that tests set: samples become the statistics asked for;
paging, partial data, and arithmetic with other queries' ids."""
import ast
import math
import re

from aws.service import Service
from aws.shapes import Refused, moment

MOST_QUERIES, MOST_POINTS = 500, 100800


class CloudWatch(Service):
    """page: at most so many values in an answer. partial: ids or labels whose StatusCode is PartialData
    in the last page. messages: of every answer."""
    name = "cloudwatch"

    def __init__(self, double):
        super().__init__(double)
        self.series = {}  # (namespace, metric, {(dimension, value)}): [(seconds since 1970, value)]
        self.page = MOST_POINTS
        self.partial = set()
        self.failing = set()  # StatusCode InternalError
        self.messages = []    # [{"Code", "Value"}]

    def set_series(self, namespace, metric, dimensions, samples):
        """dimensions: {name: value}; samples: [(seconds since 1970, value)], any number a period."""
        with self.double.lock:
            self.series[(namespace, metric, frozenset(dimensions.items()))] = sorted(samples)

    def GetMetricData(self, given):
        queries = given["MetricDataQueries"]
        start, end = moment(given["StartTime"]).timestamp(), moment(given["EndTime"]).timestamp()
        if start >= end:
            raise refused("The parameter StartTime must be less than the parameter EndTime.")
        if len(queries) > MOST_QUERIES:
            raise refused(f"The collection MetricDataQueries must not have a size greater than "
                          f"{MOST_QUERIES}.")
        ids = [query["Id"] for query in queries]
        for query in queries:
            check_query(query, ids)
        found = {query["Id"]: None for query in queries}
        for query in [query for query in queries if "MetricStat" in query]:
            found[query["Id"]] = self.values(query["MetricStat"], start, end)
        periods = {query["Id"]: query["MetricStat"]["Period"] for query in queries
                   if "MetricStat" in query}
        for _ in queries:  # expressions of expressions
            for query in [query for query in queries if "Expression" in query]:
                found[query["Id"]] = evaluate(query["Expression"], found, periods)
        shown = [(query, sorted(found[query["Id"]].items(),
                                reverse=given.get("ScanBy") != "TimestampAscending"))
                 for query in queries if query.get("ReturnData", True)]
        return self.paged(shown, given)

    def paged(self, shown, given):
        """A page has so many values of all queries together; the token says where it went on."""
        first = 0
        if "NextToken" in given:
            if not re.fullmatch("page-[0-9]+", given["NextToken"]):
                raise refused("Invalid nextToken")
            first = int(given["NextToken"].removeprefix("page-"))
        most = min(self.page, given.get("MaxDatapoints", MOST_POINTS))
        results, place, total = [], 0, sum(len(values) for _, values in shown)
        for query, values in shown:
            mine = values[max(first - place, 0):max(first + most - place, 0)]
            is_last = place + len(values) <= first + most
            place += len(values)
            if not mine and values:
                continue
            label = query.get("Label") or query.get("MetricStat", {}).get("Metric", {}).get(
                "MetricName") or query["Id"]
            code = "Complete" if is_last else "PartialData"
            if {query["Id"], label} & self.partial:
                code = "PartialData"
            if {query["Id"], label} & self.failing:
                code, mine = "InternalError", []
            results.append({"Id": query["Id"], "Label": label, "StatusCode": code,
                            "Timestamps": [when for when, _ in mine],
                            "Values": [float(value) for _, value in mine]})
        result = {"MetricDataResults": results, "Messages": self.messages}
        if first + most < total:
            result["NextToken"] = f"page-{first + most}"
        return result

    def values(self, stat, start, end):
        """{start of the period: value}; periods without samples are left out, as CloudWatch does."""
        metric = stat["Metric"]
        key = (metric.get("Namespace"), metric.get("MetricName"),
               frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", [])))
        periods = {}
        for when, value in self.series.get(key, []):
            if start <= when < end:
                periods.setdefault(when - when % stat["Period"], []).append(value)
        return {when: statistic(stat["Stat"], values) for when, values in periods.items()}


def refused(text, code="ValidationError"):
    return Refused(code, text, malformed=True)


def check_query(query, ids):
    if ids.count(query["Id"]) > 1:
        raise refused(f"The values for parameter id in MetricDataQueries are not unique: "
                      f"{query['Id']}")
    if not re.fullmatch("[a-z][A-Za-z0-9_]*", query["Id"]):
        raise refused(f"The value {query['Id']} for parameter MetricDataQueries.member.1.Id is not "
                      "matching the expected pattern ^[a-z][a-zA-Z0-9_]*$")
    if ("MetricStat" in query) == ("Expression" in query):
        raise refused("Exactly one of MetricStat and Expression has to be in a query")
    if "MetricStat" in query:
        period = query["MetricStat"]["Period"]
        if period not in (1, 5, 10, 30) and period % 60:
            raise refused("Period must be 1, 5, 10, 30 or a multiple of 60")
        metric = query["MetricStat"]["Metric"]
        if "Namespace" not in metric or "MetricName" not in metric:
            raise refused("The parameters Namespace and MetricName are required.")
        statistic(query["MetricStat"]["Stat"], [1])


def statistic(name, values):
    simple = {"Sum": sum, "Minimum": min, "Maximum": max, "SampleCount": len,
              "Average": lambda some: sum(some) / len(some)}
    if name in simple:
        return simple[name](values)
    found = re.fullmatch(r"p([0-9]{1,2}(?:\.[0-9]{1,10})?|100)", name)
    if not found:
        raise refused(f"The value {name} for parameter Stat is not supported.")
    values = sorted(values)
    return values[max(math.ceil(float(found.group(1)) / 100 * len(values)) - 1, 0)]


def evaluate(expression, found, periods):
    """Arithmetic of ids and numbers, FILL(id, number) and PERIOD(id)."""
    def walk(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return node.value
        if isinstance(node, ast.Name) and node.id in found:
            return found[node.id] or {}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return combine(lambda one, other: one - other, 0, walk(node.operand))
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
            return combine(OPERATIONS[type(node.op)], walk(node.left), walk(node.right))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FILL" and \
                len(node.args) == 2:
            values, filler = walk(node.args[0]), walk(node.args[1])
            times = {when for series in found.values() for when in series or {}}
            return {when: values.get(when, filler) for when in times}
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PERIOD" and \
                len(node.args) == 1 and getattr(node.args[0], "id", "") in periods:
            return periods[node.args[0].id]
        raise refused(f"Error in expression '{expression}'")

    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        raise refused(f"Error in expression '{expression}'") from None
    result = walk(tree.body)
    if not isinstance(result, dict):
        raise refused(f"Error in expression '{expression}': it is no time series")
    return {when: value for when, value in result.items() if math.isfinite(value)}


def divide(one, other):
    return one / other if other else math.nan


OPERATIONS = {ast.Add: lambda one, other: one + other, ast.Sub: lambda one, other: one - other,
              ast.Mult: lambda one, other: one * other, ast.Div: divide}


def combine(operation, one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return {when: operation(one[when], other[when]) for when in one.keys() & other.keys()}
    if isinstance(one, dict):
        return {when: operation(value, other) for when, value in one.items()}
    if isinstance(other, dict):
        return {when: operation(one, value) for when, value in other.items()}
    return operation(one, other)
