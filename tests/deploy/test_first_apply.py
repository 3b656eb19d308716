"""A first deployment finds nothing there: what must exist, or be known, before something else."""

import re
from typing import Any

from tests.deploy import hcl
from tests.deploy.hcl import TERRAFORM
from tests.deploy.terraforming import ROOT

AGENTS = hcl.local_values("agents.tf")
OPERATIONS = (ROOT / "docs/operations.md").read_text()


def code() -> str:
    return "\n".join(file.read_text() for file in hcl.files())


def waits() -> dict[str, Any]:
    return {each.name: each.body for each in hcl.resources("time_sleep")}


# Google's agents.


def test_each_agent_that_is_granted_something_is_asked_for_first() -> None:
    asked = set(re.findall(r'"(\w+)"', AGENTS["agents"]))
    named = {
        name: re.fullmatch(
            r'\$\{google_project_service_identity\.agent\["(\w+)"\]\.member\}', value
        )
        for name, value in AGENTS.items()
        if name.endswith("_agent")
    }

    assert {found[1] for found in named.values() if found} == asked
    assert all(named.values()), "an agent is who Google says that it made"
    for name in named:
        outside = "\n".join(f.read_text() for f in hcl.files() if f.name != "agents.tf")
        assert f"local.{name}" in outside, f"{name} is granted nothing"


def test_no_agent_is_named_by_guessing_its_address() -> None:
    assert "gcp-sa" not in code()


def test_an_agent_is_asked_for_once_its_service_is_on() -> None:
    (agent,) = hcl.resources("google_project_service_identity")

    assert agent.body["provider"] == "${google-beta}" or agent.body["provider"] == "google-beta"
    assert "google_project_service.api" in str(agent.body["depends_on"])
    apis = set(re.findall(r'"(\w+)"', hcl.local_values("apis.tf")["apis"]))
    assert set(re.findall(r'"(\w+)"', AGENTS["agents"])) <= apis


# What Google knows only a while after it was told.


def test_no_alert_is_made_before_its_metric_is_known() -> None:
    wait = waits()["metrics_are_known"]

    assert wait["create_duration"] == "600s"
    assert "google_logging_metric.outcome" in str(wait["triggers"]), "a new one is waited for too"
    for policy in hcl.resources("google_monitoring_alert_policy"):
        assert "time_sleep.metrics_are_known" in str(policy.body["depends_on"]), policy


def test_no_function_is_built_before_its_builders_rights_are_known() -> None:
    triggers = str(waits()["grants_are_known"]["triggers"])
    (modules,) = [body for each in hcl.read("functions.tf")["module"] for body in each.values()]

    assert "google_artifact_registry_repository_iam_member.build" in triggers
    assert "google_project_iam_member.build_source" in triggers
    assert "time_sleep.grants_are_known" in str(modules["depends_on"])


def test_the_table_of_events_is_written_to_once_pubsub_may() -> None:
    (audit,) = [
        each for each in hcl.resources("google_pubsub_subscription") if each.name == "audit"
    ]
    (query,) = hcl.resources("google_bigquery_data_transfer_config")
    triggers = str(waits()["grants_are_known"]["triggers"])

    assert "google_bigquery_table_iam_member.writes_audit" in triggers
    assert "google_service_account_iam_member.transfer_agent" in triggers
    for each in (audit, query):
        assert "time_sleep.grants_are_known" in str(each.body["depends_on"]), each


def test_what_the_bootstrap_reads_before_it_changes_anything_is_switched_on_before_it() -> None:
    """The number of the project is read at plan time, by an API that the plan has yet to enable."""
    first = OPERATIONS.index("gcloud services enable")
    enabled = OPERATIONS[first : OPERATIONS.index("\n\n", first)]

    assert (TERRAFORM / "bootstrap/deploy.tf").read_text().count('data "google_project"') == 1
    assert first < OPERATIONS.index("terraform -chdir=terraform/bootstrap apply")
    for api in ("cloudresourcemanager", "serviceusage"):
        assert f"{api}.googleapis.com" in enabled


# What every resource is known by.

LABELLED = {
    "google_artifact_registry_repository",
    "google_bigquery_dataset",
    "google_bigquery_table",
    "google_cloud_run_v2_service",
    "google_cloudfunctions2_function",
    "google_pubsub_subscription",
    "google_pubsub_topic",
    "google_secret_manager_secret",
    "google_storage_bucket",
}


def test_what_takes_labels_has_the_app_the_environment_and_its_component() -> None:
    for file in ("versions.tf", "bootstrap/main.tf"):
        given = next(each["google"] for each in hcl.read(file)["provider"] if "google" in each)
        assert given["default_labels"].keys() == {"app", "env"}
    for each in hcl.resources(*LABELLED):
        assert each.body.get("labels", {}).keys() == {"component"}, each
