"""The only way to ask Strava anything: reserved in the budget, with a token that works."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from paceline.budget import Budget
from paceline.errors import ApplicationRefused, StravaRefused, StravaUnavailable, WaitUntil
from paceline.model.priority import Priority
from paceline.ports import Answer, StravaApi
from paceline.vault import Vault

OK, NOT_AVAILABLE, NOT_FOUND = 200, 402, 404
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 401, 403, 429, 500


@dataclass(frozen=True)
class Reading:
    strava: StravaApi
    budget: Budget
    vault: Vault

    def get(
        self, athlete_id: int, path: str, params: Mapping[str, str], priority: Priority
    ) -> Answer:
        """An answer of 200, 402 or 404; everything else is raised as what it means for the work."""
        token = self._token(athlete_id)  # an unknown athlete costs no read
        answer, asked_at = self._read(path, params, token, priority)
        if answer.status == _UNAUTHORIZED:
            self._check_scope(athlete_id, token, answer)  # a new token would lack it too
            token = self._token(athlete_id, refused=token)
            answer, asked_at = self._read(path, params, token, priority)
        if answer.status == _UNAUTHORIZED:
            self._check_scope(athlete_id, token, answer)
            why = "Strava takes neither this athlete's token nor a fresh one."
            raise self.vault.refused(athlete_id, token, why, for_good=False)
        return self._judged(answer, asked_at)

    def _token(self, athlete_id: int, refused: str | None = None) -> str:
        try:
            return self.vault.access_token(athlete_id, refused=refused)
        except ApplicationRefused as error:  # nobody's work can go on
            raise self.budget.halt(str(error)) from error

    def _check_scope(self, athlete_id: int, token: str, answer: Answer) -> None:
        """What was not granted stays so until the athlete consents once more."""
        if b"_permission" not in answer.body or b"missing" not in answer.body:
            return
        if b"activity:read_permission" in answer.body:
            why = "Activities may not be read: activity:read was not granted."
            raise self.vault.refused(athlete_id, token, why, for_good=True)
        raise _refused(answer, "it needs a scope that was not granted")

    def _read(
        self, path: str, params: Mapping[str, str], token: str, priority: Priority
    ) -> tuple[Answer, datetime]:
        asked_at = self.budget.reserve(1, priority)
        answer = self.strava.get(path, params, token)
        self.budget.observe(answer.headers, asked_at)
        return answer, asked_at

    def _judged(self, answer: Answer, asked_at: datetime) -> Answer:
        if answer.status in {OK, NOT_FOUND, NOT_AVAILABLE}:
            self.budget.resume(asked_at)
            return answer
        if answer.status == _TOO_MANY:
            raise WaitUntil(self.budget.exhausted(answer.headers), "Strava answered 429")
        if answer.status == _FORBIDDEN and b"Inactive" in answer.body:
            why = "Strava says that this application is inactive: its owner must renew it"
            raise self.budget.halt(why)
        if answer.status >= _SERVER_ERROR:
            raise StravaUnavailable(f"Strava answered {answer.status}; it is asked again later.")
        raise _refused(answer)


def _refused(answer: Answer, why: str = "") -> StravaRefused:
    because = f": {why}" if why else ""
    refused = StravaRefused(f"Strava refused {answer.request} with {answer.status}{because}.")
    refused.answer = answer
    return refused
