# SPDX-License-Identifier: BSD-2-Clause
"""A rollout among three members: the stable side keeps its proportions, in answers too."""
import harness
from harness import task_event

NORTH = "ecs-svc/3000000000000000003"
SERVED = {"127.0.0.2": "west", "127.0.0.3": "east", "127.0.0.4": "north"}


def lab_of_three(make_lab, **more):
    return make_lab(members=[
        harness.member("west", 75, "127.0.0.2", health_check="cats", ecs_service="west"),
        harness.member("east", 25, "127.0.0.3", health_check="cats", ecs_service="east"),
        harness.member("north", 0, "127.0.0.4", ecs_service="north"),
    ], **more)


def counts(lab, queries):
    found = {"west": 0, "east": 0, "north": 0}
    for _ in range(queries):
        found[SERVED[lab.daemon.addresses()[0]]] += 1
    return found


def test_the_stable_side_keeps_its_proportions(make_lab):
    lab = lab_of_three(make_lab, steps=(20, 100), hold="60s")
    lab.daemon.push(task_event(service="north", deployment=NORTH))
    assert lab.daemon.weights() == {"west": 60, "east": 20, "north": 20}
    found = counts(lab, 500)
    # `exact` holds each share to a few answers for each worker.
    assert abs(found["west"] - 300) <= 20 and abs(found["east"] - 100) <= 20
    assert abs(found["north"] - 100) <= 20
    lab.daemon.kill()
    lab.daemon.start()
    lab.daemon.ctl("rollout", "abort", "cats")
    assert lab.daemon.weights() == {"west": 75, "east": 25, "north": 0}


def test_a_fall_back_after_a_kill_gives_each_what_it_had(make_lab):
    lab = lab_of_three(make_lab, steps=(20, 100), hold="60s")
    lab.daemon.push(task_event(service="north", deployment=NORTH))
    lab.daemon.kill()
    lab.daemon.start()
    lab.daemon.call("health force", "www.catsndogs.lol/A/north", "down")
    lab.wait_state("failed")
    assert lab.daemon.weights() == {"west": 75, "east": 25, "north": 0}


def test_success_leaves_all_to_the_candidate(make_lab):
    lab = lab_of_three(make_lab, steps=(50, 100), hold="200ms")
    lab.daemon.push(task_event(service="north", deployment=NORTH))
    lab.wait_state("succeeded")
    assert lab.daemon.weights() == {"west": 0, "east": 0, "north": 100}
