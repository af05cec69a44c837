# SPDX-License-Identifier: BSD-2-Clause
"""ECS as far as it is read: services with deployments, tasks, and deployments that wait at a pause
hook. What they are is the tests' to set; documents are as the API has them."""
import random
import secrets
import time
import uuid

from aws.accounts import ACCOUNT
from aws.service import Service
from aws.shapes import Refused

MOST_SERVICES, MOST_TASKS, PAGE = 10, 100, 100


class Ecs(Service):
    """continued: what ContinueServiceDeployment was told, in order: {serviceDeploymentArn, hookId,
    action}."""
    name = "ecs"

    def __init__(self, double):
        super().__init__(double)
        self.clusters = {}  # name: {services: {name: Service}, tasks: {arn: Task}}
        self.paused = {}    # service deployment: {hook: state}
        self.continued = []

    def json_code(self, code):
        return "", code, None

    def arn(self, kind, *path):
        return f"arn:aws:ecs:{self.double.accounts.region}:{ACCOUNT}:{kind}/{'/'.join(path)}"

    # --- for tests ---

    def add_cluster(self, name):
        with self.double.lock:
            return self.clusters.setdefault(name, {"services": {}, "tasks": {}})

    def add_service(self, cluster, name, task_definition="cats:1", desired=1, running=None,
                    **members):
        """With one deployment that is done, and so many tasks. Returns the document, which tests may
        change under the double's lock."""
        with self.double.lock:
            self.add_cluster(cluster)
            service = {"serviceArn": self.arn("service", cluster, name), "serviceName": name,
                       "clusterArn": self.arn("cluster", cluster), "status": "ACTIVE",
                       "loadBalancers": [], "launchType": "FARGATE", "desiredCount": 0,
                       "runningCount": 0, "pendingCount": 0, "deployments": [], "events": [],
                       "deploymentController": {"type": "ECS"}, "createdAt": self.double.now()}
            self.clusters[cluster]["services"][name] = service
            self.deploy(cluster, name, task_definition, desired, running, "COMPLETED")
            service.update(members)
            return service

    def deploy(self, cluster, name, task_definition, desired=None, running=None,
               state="IN_PROGRESS"):
        """A new PRIMARY deployment with so many running tasks (None: all); the one before becomes
        ACTIVE. Returns its id, ecs-svc/…"""
        with self.double.lock:
            service = self.clusters[cluster]["services"][name]
            desired = service["desiredCount"] if desired is None else desired
            now = self.double.now()
            for other in service["deployments"]:
                other["status"] = "ACTIVE"
            family, _, revision = task_definition.partition(":")
            deployment = {"id": f"ecs-svc/{random.randrange(10 ** 18, 10 ** 19)}",
                          "status": "PRIMARY", "desiredCount": desired, "pendingCount": 0,
                          "taskDefinition": self.arn("task-definition", f"{family}:{revision}"),
                          "runningCount": 0, "failedTasks": 0, "createdAt": now, "updatedAt": now,
                          "launchType": "FARGATE", "rolloutState": state, "rolloutStateReason":
                          "ECS deployment in progress."}
            service["deployments"].insert(0, deployment)
            service.update(desiredCount=desired, taskDefinition=deployment["taskDefinition"])
            for _ in range(desired if running is None else running):
                self.add_task(cluster, name, deployment["id"])
            self.count(cluster, name)
            return deployment["id"]

    def settle(self, cluster, name, state="COMPLETED"):
        """The PRIMARY deployment ends so; done, the others and their tasks go."""
        with self.double.lock:
            service = self.clusters[cluster]["services"][name]
            primary = service["deployments"][0]
            primary.update(rolloutState=state, updatedAt=self.double.now())
            if state == "COMPLETED":
                service["deployments"] = [primary]
                tasks = self.clusters[cluster]["tasks"]
                for arn in [arn for arn, task in tasks.items() if task["group"] == f"service:{name}"
                            and task["startedBy"] != primary["id"]]:
                    del tasks[arn]
            self.count(cluster, name)

    def add_task(self, cluster, service, deployment=None, health="UNKNOWN", last="RUNNING",
                 desired="RUNNING", **members):
        """Returns the document. deployment: its id; None: the PRIMARY one."""
        with self.double.lock:
            document = self.clusters[cluster]["services"][service]
            deployment = next(one for one in document["deployments"]
                              if one["id"] == (deployment or document["deployments"][0]["id"]))
            name = secrets.token_hex(16)
            arn = self.arn("task", cluster, name)
            task = {"taskArn": arn, "clusterArn": document["clusterArn"], "lastStatus": last,
                    "desiredStatus": desired, "healthStatus": health, "version": 3,
                    "group": f"service:{service}", "startedBy": deployment["id"],
                    "taskDefinitionArn": deployment["taskDefinition"], "launchType": "FARGATE",
                    "connectivity": "CONNECTED", "createdAt": self.double.now(),
                    "startedAt": self.double.now(), "containers": [{
                        "containerArn": self.arn("container", cluster, name, str(uuid.uuid4())),
                        "taskArn": arn, "name": service, "lastStatus": last,
                        "healthStatus": health}], **members}
            self.clusters[cluster]["tasks"][arn] = task
            self.count(cluster, service)
            return task

    def stop_task(self, arn, reason="Essential container in task exited"):
        with self.double.lock:
            for name, cluster in self.clusters.items():
                if arn in cluster["tasks"]:
                    task = cluster["tasks"][arn]
                    task.update(lastStatus="STOPPED", desiredStatus="STOPPED", stoppedReason=reason,
                                stopCode="EssentialContainerExited", stoppedAt=self.double.now(),
                                version=task["version"] + 1)
                    self.count(name, task["group"].partition(":")[2])

    def count(self, cluster, name):
        """Brings the counts in line with the tasks."""
        service = self.clusters[cluster]["services"][name]
        tasks = [task for task in self.clusters[cluster]["tasks"].values()
                 if task["group"] == f"service:{name}"]
        for where, mine in [(service, tasks)] + [
                (deployment, [task for task in tasks if task["startedBy"] == deployment["id"]])
                for deployment in service["deployments"]]:
            where["runningCount"] = sum(task["lastStatus"] == "RUNNING" for task in mine)
            where["pendingCount"] = sum(task["lastStatus"] in ("PROVISIONING", "PENDING",
                                                               "ACTIVATING") for task in mine)

    def pause(self, cluster, service):
        """A deployment that waits at a hook: (its ARN, the hook's id)."""
        with self.double.lock:
            arn = self.arn("service-deployment", cluster, service, secrets.token_urlsafe(16))
            hook = "ecs-pause-" + secrets.token_urlsafe(32)
            self.paused[arn] = {hook: "AWAITING_ACTION"}
            return arn, hook

    # --- operations ---

    def cluster(self, given):
        name = given.get("cluster", "default")
        if name.startswith("arn:"):
            name = name.removeprefix(self.arn("cluster", ""))
        if name not in self.clusters:
            raise Refused("ClusterNotFoundException", "Cluster not found.")
        return self.clusters[name]

    @staticmethod
    def find_service(cluster, given):
        for service in cluster["services"].values():
            if given in (service["serviceArn"], service["serviceName"]):
                return service
        return None

    def DescribeServices(self, given):
        cluster = self.cluster(given)
        check_count("Services", given["services"], MOST_SERVICES)
        found = [(name, self.find_service(cluster, name)) for name in given["services"]]
        return {"services": [service for _, service in found if service],
                "failures": [{"arn": name if name.startswith("arn:") else self.arn("service", name),
                              "reason": "MISSING"} for name, service in found if not service]}

    def DescribeTasks(self, given):
        cluster = self.cluster(given)
        check_count("Tasks", given["tasks"], MOST_TASKS)
        tasks, failures = [], []
        for name in given["tasks"]:
            match = [task for arn, task in cluster["tasks"].items()
                     if name in (arn, arn.rpartition("/")[2])]
            if match:
                tasks += match
            else:
                failures.append({"arn": name, "reason": "MISSING"})
        return {"tasks": tasks, "failures": failures}

    def ListTasks(self, given):
        cluster = self.cluster(given)
        most = given.get("maxResults", PAGE)
        if not 1 <= most <= PAGE:
            raise Refused("InvalidParameterException", "maxResults has to be from 1 to 100",
                          malformed=True)
        tasks = sorted(cluster["tasks"].items())
        if "serviceName" in given:
            service = self.find_service(cluster, given["serviceName"])
            if service is None:
                raise Refused("ServiceNotFoundException", "Service not found.")
            tasks = [(arn, task) for arn, task in tasks
                     if task["group"] == f"service:{service['serviceName']}"]
        for key, member in (("startedBy", "startedBy"), ("launchType", "launchType")):
            if key in given:
                tasks = [(arn, task) for arn, task in tasks if task.get(member) == given[key]]
        wanted = given.get("desiredStatus", "RUNNING")
        arns = [arn for arn, task in tasks if task["desiredStatus"] == wanted]
        start = 0
        if "nextToken" in given:
            if not given["nextToken"].startswith("token-"):
                raise Refused("InvalidParameterException", "Invalid token", malformed=True)
            start = int(given["nextToken"].removeprefix("token-"))
        result = {"taskArns": arns[start:start + most]}
        if len(arns) > start + most:
            result["nextToken"] = f"token-{start + most}"
        return result

    def ContinueServiceDeployment(self, given):
        hooks = self.paused.get(given["serviceDeploymentArn"])
        if hooks is None:
            raise Refused("ServiceDeploymentNotFoundException", "Service deployment not found.")
        if hooks.get(given["hookId"]) != "AWAITING_ACTION":
            raise Refused("ClientException", "The hook is not waiting for an action.")
        hooks[given["hookId"]] = given.get("action", "CONTINUE")
        self.continued.append({"action": "CONTINUE", **given, "at": time.monotonic()})
        self.double.changed.notify_all()
        return {"serviceDeploymentArn": given["serviceDeploymentArn"]}


def check_count(what, given, most):
    if not given:
        raise Refused("InvalidParameterException", f"{what} cannot be empty.", malformed=True)
    if len(given) > most:
        raise Refused("InvalidParameterException", f"{what} cannot have more than {most} elements.",
                      malformed=True)
