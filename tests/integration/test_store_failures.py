# SPDX-License-Identifier: BSD-2-Clause
"""What happens when the state file cannot be written: commands say so and change nothing, a
fall-back happens all the same and is written later, and nothing of it is lost."""
import resource

import harness
from harness import task_event

GREEN = "ecs-svc/2000000000000000002"


def fill_disk(daemon):
    """From here on no file of the daemon grows, as on a full disk. The log has room: it is far
    shorter than what the state file has written ahead."""
    other = [task_event("nobodys", "ecs-svc/9", task=1000 + one) for one in range(300)]
    assert daemon.push(*other)[0] in ("other service", "other cluster")
    size = daemon.state_path.with_name("ballast.db-wal").stat().st_size
    assert size > 50_000 > len(daemon.log())
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def free_disk(daemon):
    no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, no_limit)


def store_says(daemon):
    return daemon.call("status")["store"]


def written_late(daemon):
    return harness.wait_for(lambda: store_says(daemon) == "ok", "the state file is written again")


def test_commands_say_that_nothing_changed(make_lab):
    lab = make_lab(roll=True)
    daemon = lab.daemon
    fill_disk(daemon)
    history = len(daemon.json("history")["history"])
    for command in (["weight", "set", "www.catsndogs.lol", "A", "green=7"],
                    ["health", "force", "www.catsndogs.lol/A/green", "down"],
                    ["rollout", "start", "cats"]):
        done = daemon.ctl(*command, status=1)
        assert "state file" in done.stderr and "nothing was changed" in done.stderr, done
    assert daemon.weights() == {"blue": 100, "green": 0}
    assert daemon.rollout() is None
    assert "state file" in store_says(daemon)
    free_disk(daemon)
    daemon.set_weights("www.catsndogs.lol", "A", "green=7")
    assert store_says(daemon) == "ok"
    assert len(daemon.json("history")["history"]) == history + 1


def test_a_command_is_told_its_own_fault_not_its_neighbour_s(make_daemon):
    """Commands that come together share a transaction; a refusal is each one's own."""
    daemon = make_daemon({"record_sets": [harness.record_set(harness.two_members())]})
    fill_disk(daemon)
    clients = [daemon.client() for _ in range(8)]
    for client in clients:
        client.call("status")
    for number, client in enumerate(clients):
        client.send("weight set", "www.catsndogs.lol", "A", f"blue={number + 252}")
    for number, client in enumerate(clients):
        answer = client.receive()
        fault = "state file" if number + 252 < 256 else f"weight {number + 252}:"
        assert not answer["ok"] and fault in answer["error"], (number, answer)
        client.close()
    assert daemon.weights() == {"blue": 100, "green": 0}


def test_events_that_are_not_taken_in_are_named_and_may_come_again(make_lab):
    daemon = make_lab(hold="60s").daemon
    fill_disk(daemon)
    assert "event 1 and those after it were not taken in" in daemon.ctl(
        "event", "push", "-", stdin=harness.json.dumps(task_event(deployment=GREEN)),
        status=1).stderr
    free_disk(daemon)
    assert daemon.push(task_event(deployment=GREEN)) == ["started"]


def test_a_fall_back_does_not_wait_for_the_disk_and_is_written_later(make_lab):
    lab = make_lab(hold="60s")
    daemon = lab.daemon
    daemon.push(task_event(deployment=GREEN))
    fill_disk(daemon)
    lab.green.healthy = False
    lab.wait_state("failed")
    assert daemon.weights() == {"blue": 100, "green": 0} and lab.page() == "cats v2"
    free_disk(daemon)
    written_late(daemon)
    daemon.kill()
    daemon.start()
    assert daemon.weights() == {"blue": 100, "green": 0}
    assert daemon.rollout()["state"] == "failed"
    history = daemon.json("rollout", "history", "cats")["history"]
    assert history[-1]["kind"] == "failed"
    assert "New ECS service is not healthy!" in history[-1]["text"]
    assert history[-1]["weights"] == [{"record_set": "www.catsndogs.lol/A",
                                       "before": {"blue": 90, "green": 10},
                                       "after": {"blue": 100, "green": 0}}]
    shares, = history[-1]["shares"]  # those of before the fall-back
    assert [one["share_configured"] for one in shares["members"]] == [0.9, 0.1]


def test_what_follows_an_unwritten_fall_back_is_written_with_it(make_lab):
    """Each command writes what changed; what the store does not have yet has changed too."""
    lab = make_lab(hold="60s")
    daemon = lab.daemon
    daemon.push(task_event(deployment=GREEN))
    fill_disk(daemon)
    lab.green.healthy = False
    lab.wait_state("failed")
    free_disk(daemon)
    daemon.set_weights("www.catsndogs.lol", "A", "blue=90")
    daemon.kill()
    daemon.start()
    assert daemon.weights() == {"blue": 90, "green": 0}
    assert daemon.rollout()["state"] == "failed"


def test_a_rollout_waits_in_its_step_while_the_disk_is_full(make_lab):
    lab = make_lab(hold="500ms")
    daemon = lab.daemon
    daemon.push(task_event(deployment=GREEN))
    fill_disk(daemon)
    harness.wait_for(lambda: "state file" in store_says(daemon), "a step could not be written")
    step = daemon.rollout()["step"]
    assert daemon.rollout()["state"] == "holding"
    assert lab.daemon.weights()["green"] == [10, 50, 100][step - 1]
    free_disk(daemon)
    lab.wait_state("succeeded")
    assert store_says(daemon) == "ok"


def test_a_zone_that_cannot_be_written_down_is_not_added(make_lab):
    lab = make_lab(roll=True)
    daemon = lab.daemon
    (daemon.folder / "two.zone").write_text("$ORIGIN two.test.\n$TTL 60\n@ SOA ns h 1 1 1 1 1\n"
                                            "@ NS ns\nns A 127.0.0.1\n")
    fill_disk(daemon)
    done = daemon.ctl("zone", "add", "two.test", daemon.folder / "two.zone", status=1)
    assert "state file" in done.stderr and "nothing was changed" in done.stderr, done
    assert [zone["name"] for zone in daemon.call("zone list")["zones"]] == ["catsndogs.lol"]
    daemon.ctl("zone", "reload")  # needs nothing of the state file
    free_disk(daemon)
    daemon.ctl("zone", "add", "two.test", daemon.folder / "two.zone")
    fill_disk(daemon)
    done = daemon.ctl("zone", "remove", "two.test", status=1)
    assert "nothing was changed" in done.stderr, done
    assert daemon.addresses("ns.two.test") == ["127.0.0.1"]
    free_disk(daemon)
    daemon.ctl("zone", "remove", "two.test")
