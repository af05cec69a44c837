#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the task events of one ECS deployment, one JSON object a line, as EventBridge delivers
them: each task goes PROVISIONING, PENDING, RUNNING and, with --stop, STOPPED. With --said there are
also those of the deployment: IN_PROGRESS, and how it ends. The same arguments give the same octets.

    contrib/lab/ecs-events.py --service cats-green --tasks 3 | ballastctl event push -
"""
import argparse
import datetime
import hashlib
import json
import uuid

# last status, desired status, seconds after the task was created, version
LIFE = [
    ("PROVISIONING", "RUNNING", 0, 1),
    ("PENDING", "RUNNING", 9, 2),
    ("RUNNING", "RUNNING", 31, 4),
]
END = [("STOPPED", "STOPPED", 600, 7)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cluster", default="catsndogsECScluster")
    parser.add_argument("--service", default="cats-green")
    parser.add_argument("--container", help="default: the service's name")
    parser.add_argument("--deployment", default="ecs-svc/5211643699352071000",
                        help="startedBy, ecs-svc/NUMBER")
    parser.add_argument("--tasks", type=int, default=3)
    parser.add_argument("--account", default="111122223333")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--revision", type=int, default=3, help="of the task definition")
    parser.add_argument("--start", default="2026-11-23T15:49:48.214Z",
                        help="when the first task was created (UTC), or now")
    parser.add_argument("--stop", action="store_true", help="the tasks stop at the end")
    parser.add_argument("--said", choices=["COMPLETED", "FAILED"],
                        help="what ECS says of the deployment once its tasks run")
    parser.add_argument("--put-events", action="store_true",
                        help="print entries of PutEvents, of source custom.ecs")
    return parser.parse_args()


def octets(*seed):
    return hashlib.sha256("/".join(str(part) for part in seed).encode()).digest()


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)


def detail_of(args, number, state, created):
    last, desired, after_s, version = state
    seed = octets(args.cluster, args.deployment, number)
    prefix = "arn:aws:ecs:%s:%s:" % (args.region, args.account)
    task_arn = prefix + "task/%s/%s" % (args.cluster, seed[:16].hex())
    name = args.container or args.service
    address = "10.0.%d.%d" % (seed[16] % 4, 4 + seed[17] % 240)
    is_up = last in ("RUNNING", "STOPPED")
    container = {
        "containerArn": prefix + "container/%s" % uuid.UUID(bytes=seed[:16]),
        "image": "%s.dkr.ecr.%s.amazonaws.com/cats:v3" % (args.account, args.region),
        "lastStatus": {"PROVISIONING": "PENDING"}.get(last, last),
        "name": name,
        "networkInterfaces": [],
        "taskArn": task_arn,
        "cpu": "128",
        "memoryReservation": "128",
    }
    details = [{"name": "subnetId", "value": "subnet-0a1b2c3d4e5f60718"}]
    if is_up:
        container["imageDigest"] = "sha256:" + octets("image", args.revision).hex()
        container["runtimeId"] = octets("runtime", task_arn).hex()
        container["networkInterfaces"] = [
            {"attachmentId": str(uuid.UUID(bytes=seed[16:])), "privateIpv4Address": address}]
        details.append({"name": "privateIPv4Address", "value": address})
    if last == "STOPPED":
        container["exitCode"] = 0
    detail = {
        "attachments": [{"id": str(uuid.UUID(bytes=seed[16:])), "type": "eni",
                         "status": {"PROVISIONING": "PRECREATED", "STOPPED": "DELETED"}.get(
                             last, "ATTACHED"), "details": details}],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": args.region + "abc"[number % 3],
        "clusterArn": prefix + "cluster/" + args.cluster,
        "connectivity": "CONNECTED",
        "containers": [container],
        "cpu": "256",
        "createdAt": iso(created),
        "desiredStatus": desired,
        "enableExecuteCommand": False,
        "ephemeralStorage": {"sizeInGiB": 20},
        "group": "service:" + args.service,
        "lastStatus": last,
        "launchType": "FARGATE",
        "memory": "512",
        "overrides": {"containerOverrides": [{"name": name}]},
        "platformVersion": "1.4.0",
        "startedBy": args.deployment,
        "taskArn": task_arn,
        "taskDefinitionArn": prefix + "task-definition/%s:%d" % (args.service, args.revision),
        "updatedAt": iso(created + datetime.timedelta(seconds=after_s)),
        "version": version,
    }
    if is_up:
        detail["startedAt"] = iso(created + datetime.timedelta(seconds=LIFE[-1][2]))
    if last == "STOPPED":
        detail["stopCode"] = "ServiceSchedulerInitiated"
        detail["stoppedReason"] = "Scaling activity initiated by (deployment %s)" % args.deployment
    return detail


def said_of(args, state, at):
    return {
        "eventType": "ERROR" if state == "FAILED" else "INFO",
        "eventName": "SERVICE_DEPLOYMENT_" + state,
        "deploymentId": args.deployment,
        "updatedAt": iso(at),
        "reason": "ECS deployment circuit breaker: tasks failed to start." if state == "FAILED"
                  else "ECS deployment %s %s." % (args.deployment,
                                                  state.lower().replace("_", " ")),
    }


def envelope(args, detail):
    if "taskArn" in detail:
        kind, resource = "ECS Task State Change", detail["taskArn"]
        seed = octets("event", resource, detail["version"])
    else:
        kind, resource = "ECS Deployment State Change", "arn:aws:ecs:%s:%s:service/%s/%s" % (
            args.region, args.account, args.cluster, args.service)
        seed = octets("event", detail["deploymentId"], detail["eventName"])
    if args.put_events:
        return {"Source": "custom.ecs", "DetailType": kind, "Resources": [resource],
                "Detail": json.dumps(detail)}
    return {
        "version": "0",
        "id": str(uuid.UUID(bytes=seed[:16], version=4)),
        "detail-type": kind,
        "source": "aws.ecs",
        "account": args.account,
        "time": detail["updatedAt"][:19] + "Z",
        "region": args.region,
        "resources": [resource],
        "detail": detail,
    }


def main():
    args = arguments()
    if args.start == "now":
        start = datetime.datetime.now(datetime.timezone.utc)
    else:
        start = datetime.datetime.strptime(args.start, "%Y-%m-%dT%H:%M:%S.%fZ")
    events = []
    for number in range(args.tasks):
        created = start + datetime.timedelta(seconds=2 * number)
        for state in LIFE + (END if args.stop else []):
            events.append((created + datetime.timedelta(seconds=state[2]), number,
                           detail_of(args, number, state, created)))
    if args.said:
        done = start + datetime.timedelta(seconds=2 * args.tasks + 60)
        events += [(start, -1, said_of(args, "IN_PROGRESS", start)),
                   (done, -1, said_of(args, args.said, done))]
    for _, _, detail in sorted(events, key=lambda event: event[:2]):
        print(json.dumps(envelope(args, detail)))


if __name__ == "__main__":
    main()
