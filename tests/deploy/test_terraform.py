"""What the Terraform code must never say, and what it must always say."""

import re
from dataclasses import fields
from typing import Any

import pytest

from paceline.cli.bundles import deployed_steps, reach_of
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime.settings import Settings
from tests.deploy import hcl, terraforming
from tests.deploy.terraforming import ROOT

FUNCTIONS: dict[str, Any] = hcl.local_values("functions.tf")["functions"]
PUBLIC = {"receive_webhook", "connect_athlete"}
ALERTS = hcl.local_values("alerts.tf")
CHANGES_OR_READS = r"(?i)admin|editor|owner|user$|accessor|\.(data|object)viewer"
EVERY_ALERT = {*ALERTS["alerts_above"], *ALERTS["alerts_absent"], "budget"}

# A word of `may`, and the port that an identity needs it for.
PORTS = {
    "state": "state",
    "write_bronze": "bronze",
    "read_bronze": "bronze",
    "erase_bronze": "bronze",
    "spool": "spool",
    "replay_spool": "spool",
    "publish_events": "publisher",
    "publish_landed": "publisher",
    "append_rows": "warehouse",
}


def code() -> str:
    return "\n".join(file.read_text() for file in hcl.files())


# Functions and identities.


def test_what_is_deployed_is_every_step_that_ships_a_bundle() -> None:
    assert FUNCTIONS.keys() == set(deployed_steps())


def test_each_function_runs_as_an_identity_of_its_own() -> None:
    (function,) = hcl.resources("google_cloudfunctions2_function")
    (identity,) = [
        each for each in hcl.resources("google_service_account") if "function" in each.file.parts
    ]

    assert identity.body["account_id"] == function.body["name"] == "${local.name}"
    (service,) = function.body["service_config"]
    assert service["service_account_email"] == "${google_service_account.identity.email}"


def test_nothing_is_built_or_run_as_the_projects_default_identity() -> None:
    (function,) = hcl.resources("google_cloudfunctions2_function")
    (build,) = function.body["build_config"]
    (dashboard,) = hcl.resources("google_cloud_run_v2_service")
    (template,) = dashboard.body["template"]

    assert build["service_account"] == "${var.build.service_account}"
    assert template["service_account"] == '${google_service_account.service["dashboard"].email}'
    assert "compute@developer" not in code()


def test_nobody_has_a_primitive_role_or_a_key() -> None:
    roles = set(re.findall(r'"(roles/[^"]+)"', code()))

    assert not roles & {"roles/owner", "roles/editor", "roles/viewer", "roles/browser"}
    assert not {role for role in roles if role.startswith("roles/iam.serviceAccountKey")}
    assert not hcl.resources("google_service_account_key")
    assert not [
        each for each in hcl.resources() if each.kind.endswith(("_iam_binding", "_iam_policy"))
    ], "these would undo what others granted"


@pytest.mark.parametrize("step", sorted(FUNCTIONS))
def test_a_function_may_do_what_its_code_can_reach_and_no_more(step: str) -> None:
    parts = reach_of(step).parts

    for word in FUNCTIONS[step]["may"]:
        assert PORTS[word] in parts, f"{step} has no use for {word}"
    assert ("state" in parts) == ("state" in FUNCTIONS[step]["may"])
    assert ("warehouse" in parts) == ("append_rows" in FUNCTIONS[step]["may"])


def test_every_word_of_may_is_a_grant() -> None:
    words = {word for each in FUNCTIONS.values() for word in each["may"]}
    granted = set(re.findall(r'local\.may\["(\w+)"\]', code()))

    assert words == granted == PORTS.keys()


def test_only_reconcile_takes_anything_out_of_bronze_and_only_what_strava_said() -> None:
    erasing = {step for step, each in FUNCTIONS.items() if "erase_bronze" in each["may"]}
    (grant,) = [
        each.body
        for each in hcl.resources("google_storage_bucket_iam_member")
        if 'local.may["erase_bronze"]' in each.body["for_each"] and "condition" in each.body
    ]

    assert erasing == {"reconcile"}
    (condition,) = grant["condition"]
    assert condition["expression"].endswith('/strava/")')


@pytest.mark.parametrize("step", sorted(FUNCTIONS))
def test_a_function_holds_the_secrets_that_its_code_can_reach_and_no_more(step: str) -> None:
    parts = reach_of(step).parts
    wanted = set()
    if "cipher" in parts:
        wanted |= {"keyring", "strava_client_secret"}
    if "receiving" in parts:
        wanted |= {"webhook_secret", "verify_token", "subscription_id"}

    assert set(FUNCTIONS[step]["secrets"]) == wanted


def test_a_changed_zip_is_a_changed_function() -> None:
    (bundle,) = hcl.resources("google_storage_bucket_object")
    source = re.search(r"object = (google_storage_bucket_object\.bundle\S+)", code())

    assert bundle.body["name"] == "${each.key}-${each.value.output_sha256}.zip"
    assert source
    assert source.group(1) == "google_storage_bucket_object.bundle[each.key].name"


def test_every_name_begins_with_the_environments_prefix() -> None:
    names = {
        str(each): each.body[key]
        for each in hcl.resources()
        for key in ("name", "account_id", "secret_id", "repository_id", "workload_identity_pool_id")
        if key in each.body and not each.body[key].startswith(("${google_", "${each.value"))
    }
    ours = re.compile(r"\$\{local\.(prefix|name)\}|\$\{var\.project\}-\$\{local\.prefix\}-")

    assert {where for where, name in names.items() if not ours.match(name)} == {
        "bundle.tf: google_storage_bucket_object.bundle",  # in a bucket that has the prefix
        "state.tf: google_firestore_database.state",  # (default), the one that is free
        "bootstrap/main.tf: google_storage_bucket.state",  # of the project, a folder each
    }


# What the internet reaches.


def test_two_functions_are_public_and_no_other() -> None:
    public = {step for step, each in FUNCTIONS.items() if each["trigger"]["kind"] == "http_public"}

    assert public == PUBLIC


def test_the_internet_is_let_in_by_the_public_trigger_alone() -> None:
    invokers = hcl.local_values("modules/function/invoker.tf")["_invokers"]
    (function,) = hcl.resources("google_cloudfunctions2_function")
    (service,) = function.body["service_config"]

    assert [kind for kind, who in invokers.items() if who == "allUsers"] == ["http_public"]
    assert len(re.findall(r"allUsers|allAuthenticatedUsers", code())) == 1
    assert re.search(
        r'"http_public"\)? \? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"', service["ingress_settings"]
    )


def test_the_dashboard_is_behind_identity_aware_proxy() -> None:
    (dashboard,) = hcl.resources("google_cloud_run_v2_service")
    (opener,) = [
        each
        for each in hcl.resources("google_cloud_run_v2_service_iam_member")
        if each.file.name == "dashboard.tf"
    ]

    assert dashboard.body["iap_enabled"] is True
    assert opener.body["member"] == "${local.proxy_agent}"


def test_no_bucket_can_be_made_public() -> None:
    buckets = hcl.resources("google_storage_bucket")

    assert {each.name for each in buckets} == {"bronze", "source", "state"}
    for bucket in buckets:
        assert bucket.body["public_access_prevention"] == "enforced", bucket
        assert bucket.body["uniform_bucket_level_access"] is True, bucket


def test_readers_are_let_into_marts_alone() -> None:
    readers = [
        each
        for each in hcl.resources("google_bigquery_dataset_access")
        if each.name in {"dashboard", "bi_readers"}
    ]

    assert len(readers) == 2
    for reader in readers:
        assert reader.body["dataset_id"] == '${google_bigquery_dataset.layer["marts"].dataset_id}'
        assert reader.body["role"] == "roles/bigquery.dataViewer"


# The bus.


def test_a_subscription_takes_what_the_routes_say() -> None:
    told = {
        step: (each["trigger"]["topic"], each["trigger"].get("only", {}))
        for step, each in FUNCTIONS.items()
        if each["trigger"]["kind"] == "push"
    }

    assert told == {each.name: (each.topic, each.only) for each in SUBSCRIPTIONS}


def test_every_subscription_has_a_dead_letter_that_somebody_reads() -> None:
    subscriptions = hcl.resources("google_pubsub_subscription")
    readers = {each.body["topic"] for each in subscriptions if "dead_letters" in each.name}
    others = [each for each in subscriptions if "dead_letters" not in each.name]

    assert {each.name for each in others} == {"push", "audit"}
    for each in others:
        (policy,) = each.body["dead_letter_policy"]
        assert policy["dead_letter_topic"] in readers, each


def test_no_subscription_expires_and_dead_letters_are_kept_for_a_month() -> None:
    for each in hcl.resources("google_pubsub_subscription"):
        assert each.body["expiration_policy"][0]["ttl"] == "", each
        if "dead_letters" in each.name:
            assert each.body["message_retention_duration"] == "2678400s", each


def test_an_alert_hears_of_every_dead_letter() -> None:
    names = [
        each.body["name"] for each in hcl.resources("google_pubsub_topic") if "dead" in each.name
    ]
    heard = ALERTS["alerts_above"]["dead-letters"]["filter"]

    assert names
    assert all(name.endswith("-dead-letters") for name in names)
    assert "-.*-dead-letters" in heard
    assert "num_undelivered_messages" in heard


def test_an_alert_hears_of_every_message_that_waits() -> None:
    assert "-(${local._waited_for})" in ALERTS["alerts_above"]["oldest-unacked"]["filter"]
    assert 'concat(["audit"], [for step, each in local.functions' in ALERTS["_waited_for"]
    assert 'each.trigger.kind == "push"' in ALERTS["_waited_for"]


# Secrets.


def test_no_value_of_a_secret_is_in_the_code_the_plan_or_the_state() -> None:
    assert not hcl.resources("google_secret_manager_secret_version")
    assert "secret_environment_variables" not in code()
    assert "random_" not in code()


def test_every_setting_of_a_function_is_one_that_the_code_reads() -> None:
    given = hcl.local_values("functions.tf")["settings"]
    known = {f"PACELINE_{each.name.upper()}" for each in fields(Settings)}

    assert given.keys() <= known
    assert given["PACELINE_RUNTIME"] == "gcp"


def test_settings_hold_no_secret_and_every_secret_is_mounted_from_the_list() -> None:
    secrets = set(re.findall(r'"(\w+)"', hcl.local_values("secrets.tf")["secrets"]))
    settings = hcl.local_values("functions.tf")["settings"]

    assert not {f"PACELINE_{name.upper()}" for name in secrets} & settings.keys()
    assert {name for each in FUNCTIONS.values() for name in each["secrets"]} == secrets


# Alerts.


def test_what_is_worth_an_alert_has_one() -> None:
    assert {
        "dead-letters",
        "oldest-unacked",
        "webhook-errors",
        "webhook-latency",
        "freshness",
        "strava-inactive",
        "spooled",
        "marts-failed",
        "budget",
    } <= EVERY_ALERT


def test_every_alert_links_to_what_to_do_about_it() -> None:
    for policy in hcl.resources("google_monitoring_alert_policy"):
        (told,) = policy.body["documentation"]
        assert [link["url"] for link in told["links"]] == ["${local._operations}#${each.key}"]
    (budget,) = hcl.resources("google_billing_budget")
    assert "docs/operations.md#budget" in budget.body["display_name"]
    assert ALERTS["_operations"].endswith("/docs/operations.md")


def test_what_an_alert_links_to_is_written() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }

    assert headings >= EVERY_ALERT


def test_every_alert_reaches_somebody() -> None:
    for policy in hcl.resources("google_monitoring_alert_policy"):
        assert (
            "google_monitoring_notification_channel.email" in policy.body["notification_channels"]
        )


# The warehouse.


@pytest.mark.parametrize("name", ["build_marts", "compare_marts"])
def test_a_scheduled_query_is_a_template_of_the_prefix_alone(name: str) -> None:
    if not terraforming.is_installed():
        pytest.skip(terraforming.ABSENT)
    script = ROOT / f"terraform/{name}.sql"

    rendered = terraforming.evaluate(f'templatefile("{script}", {{ prefix = "paceline_dev_" }})')

    assert rendered == script.read_text().replace("${prefix}", "paceline_dev_")


def test_a_layers_views_may_read_the_layers_that_they_name_and_no_other() -> None:
    script = (ROOT / "terraform/build_marts.sql").read_text()
    read: dict[str, set[str]] = {}
    for view in re.finditer(r"VIEW \$\{prefix\}(\w+)\.\w+ .*?;\n", script, re.DOTALL):
        layers = set(re.findall(r"\$\{prefix\}(\w+)\.", view.group())) - {view.group(1)}
        read[view.group(1)] = read.get(view.group(1), set()) | layers

    declared = hcl.local_values("warehouse.tf")["views_read"]
    assert {layer: set(others) for layer, others in declared.items()} == read


# Who deploys.


def test_only_one_repository_and_one_branch_may_deploy() -> None:
    (provider,) = hcl.resources("google_iam_workload_identity_pool_provider")
    condition = provider.body["attribute_condition"]
    identities = hcl.local_values("bootstrap/deploy.tf")["identities"]

    assert "assertion.repository_id == '${var.repository_id}'" in condition
    assert set(re.findall(r"assertion\.sub == '([^']+)'", condition)) == {
        "repo:${var.repository}:ref:refs/heads/main",
        "repo:${var.repository}:pull_request",
    }
    assert identities["deploy"]["who"].endswith(
        "/subject/repo:${var.repository}:ref:refs/heads/main"
    )
    assert identities["plan"]["who"].endswith("/subject/repo:${var.repository}:pull_request")


def test_who_plans_can_change_nothing_and_read_no_data() -> None:
    reads = re.findall(r'"(roles/[^"]+)"', hcl.local_values("bootstrap/deploy.tf")["_reads"])

    assert reads
    assert not [role for role in reads if re.search(CHANGES_OR_READS, role)]


def test_who_deploys_may_grant_only_what_the_functions_need() -> None:
    granted = {
        each.body["role"]
        for each in hcl.resources("google_project_iam_member")
        if "bootstrap" not in each.file.parts
    }

    assert set(hcl.local_values("bootstrap/deploy.tf")["grantable"]) == granted
