"""The bus that tests and rehearsals make in the emulator is the one that Terraform makes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from google.pubsub_v1 import Subscription

from paceline.adapters.gcp.pubsub import Names
from paceline.adapters.gcp.pubsub_dead_letters import subscriber_client
from paceline.adapters.gcp.pubsub_topology import EMULATED_RETENTION_S, create_bus
from paceline.cli.emulators import google
from tests.deploy import hcl
from tests.deploy.hcl import TERRAFORM
from tests.emulators import started, use

FUNCTIONS: Mapping[str, Any] = hcl.local_values("functions.tf")["functions"]
PUSHED = sorted(step for step, each in FUNCTIONS.items() if each["trigger"]["kind"] == "push")
NAMES = Names("test-project", "paceline-test")
PUSH_TF = {
    each.name: each.body
    for each in hcl.resources("google_pubsub_subscription")
    if each.file.name == "push.tf"
}


@pytest.fixture(scope="module")
def made() -> Iterator[Mapping[str, Subscription]]:
    """The subscriptions by their names, as the emulator has them."""
    with started(google.pubsub) as pubsub, pytest.MonkeyPatch.context() as patch:
        use(pubsub, patch)
        create_bus(NAMES.project, NAMES.prefix, {})
        with subscriber_client() as client:
            found = client.list_subscriptions(project=f"projects/{NAMES.project}")
            yield {each.name: each for each in found}


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def timeout_s(step: str) -> int:
    variables = (TERRAFORM / "modules/function/variables.tf").read_text()
    (by_default,) = re.findall(r"timeout_s += optional\(number, (\d+)\)", variables)
    return int(FUNCTIONS[step].get("limits", {}).get("timeout_s", by_default))


@pytest.mark.parametrize("step", PUSHED)
def test_a_subscription_delivers_as_terraforms_does(
    step: str, made: Mapping[str, Subscription]
) -> None:
    here, there = made[NAMES.subscription(step)], PUSH_TF["push"]
    ((retries,), (dead,)) = there["retry_policy"], there["dead_letter_policy"]

    assert there["ack_deadline_seconds"] == "${min(600, var.limits.timeout_s)}"
    assert here.ack_deadline_seconds == min(600, timeout_s(step))
    retention: Any = here.message_retention_duration
    assert retention.total_seconds() == seconds(there["message_retention_duration"])
    least, most = here.retry_policy.minimum_backoff, here.retry_policy.maximum_backoff
    assert [least.total_seconds(), most.total_seconds()] == [
        seconds(retries["minimum_backoff"]),
        seconds(retries["maximum_backoff"]),
    ]
    assert here.dead_letter_policy.max_delivery_attempts == dead["max_delivery_attempts"]
    assert here.dead_letter_policy.dead_letter_topic == NAMES.dead_topic(step)


@pytest.mark.parametrize("step", PUSHED)
def test_dead_letters_are_leased_and_kept_as_terraform_says(
    step: str, made: Mapping[str, Subscription]
) -> None:
    here, there = made[NAMES.dead_subscription(step)], PUSH_TF["dead_letters"]

    assert here.ack_deadline_seconds == there["ack_deadline_seconds"] == 600
    retention: Any = here.message_retention_duration
    kept_s = seconds(there["message_retention_duration"])
    assert retention.total_seconds() == min(kept_s, EMULATED_RETENTION_S)
