"""What the clock calls."""

from tests.deploy import hcl

FUNCTIONS = hcl.local_values("functions.tf")["functions"]


def test_the_clock_calls_the_steps_that_no_message_and_no_browser_calls() -> None:
    called = {
        step: each["trigger"]["cron"]
        for step, each in FUNCTIONS.items()
        if each["trigger"]["kind"] == "schedule"
    }
    (job,) = hcl.resources("google_cloud_scheduler_job")

    assert called == {"release_work": "* * * * *", "reconcile": "17 * * * *"}
    assert job.body["schedule"] == "${each.value.cron}"
    assert job.body["time_zone"] == "Etc/UTC"
