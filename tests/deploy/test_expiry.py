"""What Firestore takes away by itself is what the code says may go."""

import re

from paceline.adapters.limits import DELETE_AFTER
from tests.deploy import hcl
from tests.deploy.terraforming import ROOT

WRITES = re.compile(rf'"{DELETE_AFTER}":')


def test_every_collection_that_says_when_it_may_go_has_the_policy_and_no_other() -> None:
    modules = [
        file.read_text()
        for file in (ROOT / "shared/paceline").rglob("*.py")
        if WRITES.search(file.read_text())
    ]
    collections = {
        name
        for text in modules
        for name in re.findall(r'^COLLECTION\b.*= "(\w+)"', text, re.MULTILINE)
    }
    expiring = set(re.findall(r'"(\w+)"', hcl.local_values("state.tf")["expiring"]))

    assert collections == expiring != set()


def test_the_policy_is_over_the_field_that_the_adapter_writes_as_a_time() -> None:
    (policy,) = hcl.resources("google_firestore_field")

    assert policy.body["field"] == DELETE_AFTER
    assert policy.body["collection"] == "${each.key}"
    assert "ttl_config" in policy.body
    assert policy.body["index_config"], "one of times that only grow would be a hot spot"
