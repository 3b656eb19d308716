"""load_silver: one bronze object becomes rows; what does not fit is kept, named and pointed to."""


def test_what_strava_refused_is_listed_with_its_tries_and_a_pointer_to_the_answer(
    house: House,
) -> None:
    answer = Answer(403, as_bytes({"message": "Forbidden"}), {}, "GET /")
    subject, cause = Subject(ATHLETE, ACTIVITY, NOW), Cause("trace", "webhook", NOW)
    refused = Failure("StravaRefused: no", attempts=3)
    name = house.lake.keep(answer, "activity", subject, cause, "failure", refused)
    tray, _ = load(house, *house.landed())

    (failure,) = tray.tables[FAILED_EVENTS]
    assert (failure["stage"], failure["error_type"]) == ("fetch_activity", "StravaRefused")
    assert (failure["attempts"], failure["payload_uri"]) == (3, name)
