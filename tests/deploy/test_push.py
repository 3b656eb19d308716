"""How a message reaches a function, and what happens when it does not."""

import re
from typing import Any

import pytest

from tests.deploy import hcl
from tests.deploy.hcl import Block
from tests.deploy.terraforming import ROOT

FUNCTIONS: dict[str, Any] = hcl.local_values("functions.tf")["functions"]
PUSHED = [step for step, each in FUNCTIONS.items() if each["trigger"]["kind"] == "push"]
LONGEST_DEADLINE_S = 600  # of a subscription of Pub/Sub


def block(kind: str, name: str) -> Block:
    (found,) = [each for each in hcl.resources(kind) if each.name == name]
    return found


def default_timeout_s() -> int:
    text = (hcl.TERRAFORM / "modules/function/variables.tf").read_text()
    (found,) = re.findall(r"timeout_s += optional\(number, (\d+)\)", text)
    return int(found)


def test_a_message_is_not_sent_again_while_a_function_may_still_be_at_it() -> None:
    push = block("google_pubsub_subscription", "push")
    (service,) = block("google_cloudfunctions2_function", "step").body["service_config"]

    assert push.body["ack_deadline_seconds"] == "${min(600, var.limits.timeout_s)}"
    assert service["timeout_seconds"] == "${var.limits.timeout_s}"
    for step in PUSHED:
        timeout_s = FUNCTIONS[step].get("limits", {}).get("timeout_s", default_timeout_s())
        assert timeout_s <= LONGEST_DEADLINE_S, step


def test_who_is_called_is_who_the_callers_token_is_for() -> None:
    (config,) = block("google_pubsub_subscription", "push").body["push_config"]
    (target,) = block("google_cloud_scheduler_job", "schedule").body["http_target"]

    for called, address in ((config, config["push_endpoint"]), (target, target["uri"])):
        (token,) = called["oidc_token"]
        assert token["audience"] == address
        assert address == "${google_cloudfunctions2_function.step.service_config[0].uri}"


def test_an_instance_has_a_thread_for_each_request_that_it_takes() -> None:
    (service,) = block("google_cloudfunctions2_function", "step").body["service_config"]

    assert service["max_instance_request_concurrency"] == "${var.limits.concurrency}"
    assert re.search(
        r"THREADS\W+tostring\(var\.limits\.concurrency\)", str(service["environment_variables"])
    )


@pytest.mark.parametrize("name", ["push", "audit"])
def test_a_message_is_tried_ten_times_each_later_than_the_one_before(name: str) -> None:
    subscription = block("google_pubsub_subscription", name)
    (retry,) = subscription.body["retry_policy"]
    (buried,) = subscription.body["dead_letter_policy"]

    assert (retry["minimum_backoff"], retry["maximum_backoff"]) == ("10s", "600s")
    assert buried["max_delivery_attempts"] == 10
    assert subscription.body["message_retention_duration"] == "604800s"
    waits_s = [min(600, 10 * 2**number) for number in range(9)]
    assert 35 * 60 < sum(waits_s) < 45 * 60, "docs say: about forty minutes"
    assert "tried ten times in about forty minutes" in (ROOT / "docs/operations.md").read_text()


def agent_of(each: Block) -> str:
    """The member that a grant names, through the variable of a module."""
    member = str(each.body["member"])
    if member == "${var.callers.pubsub_agent}":
        text = (hcl.TERRAFORM / "functions.tf").read_text()
        (member,) = re.findall(r"pubsub_agent += (local\.\w+)", text)
    return member.strip("${}")


@pytest.mark.parametrize("name", ["push", "audit"])
def test_pubsub_may_take_a_dead_letter_from_the_one_and_give_it_to_the_other(name: str) -> None:
    subscription = block("google_pubsub_subscription", name)
    (policy,) = subscription.body["dead_letter_policy"]
    of = f"${{google_pubsub_subscription.{name}"
    (gives_up,) = [
        each
        for each in hcl.resources("google_pubsub_subscription_iam_member")
        if each.body["subscription"].startswith(of)
    ]
    (buries,) = [
        each
        for each in hcl.resources("google_pubsub_topic_iam_member")
        if each.body["topic"] == policy["dead_letter_topic"]
    ]

    assert gives_up.body["role"] == "roles/pubsub.subscriber"
    assert buries.body["role"] == "roles/pubsub.publisher"
    assert agent_of(gives_up) == agent_of(buries) == "local.pubsub_agent"


@pytest.mark.parametrize(
    ("name", "identity", "role"),
    [
        ("push_agent", "push", "roles/iam.serviceAccountOpenIdTokenCreator"),
        ("transfer_agent", "marts", "roles/iam.serviceAccountTokenCreator"),
    ],
)
def test_googles_agent_may_act_as_the_identity_that_it_calls_with(
    name: str, identity: str, role: str
) -> None:
    grant = block("google_service_account_iam_member", name)

    assert grant.body["role"] == role
    assert identity in grant.body["service_account_id"]
    agent = {"push": "pubsub_agent", "marts": "transfer_agent"}[identity]
    assert agent_of(grant) == f"local.{agent}"
