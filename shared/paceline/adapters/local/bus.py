"""The bus on a laptop: a durable queue in SQLite, one row a message and subscription."""

import json
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Any

from paceline.adapters.local.sqlite import Database, from_us, to_us
from paceline.errors import PublishUnavailable, StoreUnavailable
from paceline.model.routes import Subscription
from paceline.ports import Clock, DeadLetter, Delivery, Ids

# What can wait until everything else that is due was delivered; a message may have no reason.
_CAN_WAIT = "coalesce(json_extract(attributes, '$.reason'), '') IN ('backfill', 'reconcile')"

# due_us: when it may be delivered. For a leased message that is when its lease runs out.
_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY,
        subscription TEXT NOT NULL,
        message_id TEXT NOT NULL,
        data BLOB NOT NULL,
        attributes TEXT NOT NULL,
        published_us INTEGER NOT NULL,
        due_us INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        lease TEXT,
        UNIQUE (subscription, message_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS messages_by_due ON messages (subscription, due_us)",
    f"CREATE INDEX IF NOT EXISTS messages_in_turn ON messages (subscription, {_CAN_WAIT}, due_us)",
    """
    CREATE TABLE IF NOT EXISTS dead_letters (
        seq INTEGER PRIMARY KEY,
        subscription TEXT NOT NULL,
        message_id TEXT NOT NULL,
        data BLOB NOT NULL,
        attributes TEXT NOT NULL,
        published_us INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        reason TEXT NOT NULL,
        died_us INTEGER NOT NULL,
        UNIQUE (subscription, message_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS dead_letters_by_time ON dead_letters (subscription, died_us)",
)

_DUE = f"""
    SELECT seq, message_id, data, attributes, published_us, attempts FROM messages
    WHERE subscription = ? AND {_CAN_WAIT} = ? AND due_us <= ? ORDER BY due_us, seq LIMIT ?
"""  # noqa: S608 -- both parts are written here
_HELD = "FROM messages WHERE subscription = ? AND message_id = ? AND lease = ?"
_BURY = """
    INSERT INTO dead_letters
        (subscription, message_id, data, attributes, published_us, attempts, reason, died_us)
    SELECT subscription, message_id, data, attributes, published_us, attempts, ?, ?
    FROM messages WHERE seq = ?
"""
_REVIVE = """
    INSERT INTO messages (subscription, message_id, data, attributes, published_us, due_us)
    SELECT subscription, message_id, data, attributes, published_us, ?
    FROM dead_letters WHERE seq = ?
"""


@dataclass(frozen=True)
class _Row:
    seq: int
    message_id: str
    data: bytes
    attributes: str
    published_us: int
    attempts: int


class SqliteBus:
    """Keeps the promises of the port Bus over one SQLite file, for any number of processes.

    Besides, what a backfill or a comparison wants is delivered after everything else that is due.
    """

    def __init__(  # noqa: PLR0913 -- four ports, and settings that all have a default
        self,
        database: Database,
        subscriptions: Iterable[Subscription],
        clock: Clock,
        ids: Ids,
        *,
        lease_s: float = 60,
        max_attempts: int = 10,
        backoff_min_s: float = 10,
        backoff_max_s: float = 600,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._subscriptions = {each.name: each for each in subscriptions}
        self._clock = clock
        self._ids = ids
        self._lease = timedelta(seconds=lease_s)
        self._max_attempts = max_attempts
        self._backoff_min_s = backoff_min_s
        self._backoff_max_s = backoff_max_s
        self._jitter = jitter
        database.define(*_SCHEMA)

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        takers = [s.name for s in self._subscriptions.values() if s.takes(topic, attributes)]
        if not takers:
            raise ValueError(
                f"no subscription takes a message of topic {topic!r} with {dict(attributes)}: "
                "it would be lost"
            )
        message_id, now_us = self._ids.new(), to_us(self._clock.now())
        row = (message_id, data, json.dumps(dict(attributes)), now_us, now_us)
        try:
            with self._database.transaction() as connection:
                connection.executemany(
                    "INSERT INTO messages (subscription, message_id, data, attributes,"
                    " published_us, due_us) VALUES (?, ?, ?, ?, ?, ?)",
                    [(name, *row) for name in takers],
                )
        except StoreUnavailable as error:
            raise PublishUnavailable(f"No subscription has the message. {error}") from error
        return message_id

    def pull(self, subscription: str, limit: int) -> Sequence[Delivery]:
        self._known(subscription)
        now = self._clock.now()
        deliveries: list[Delivery] = []
        with self._database.transaction() as connection:
            while (wanted := limit - len(deliveries)) > 0:
                due = _due(connection, subscription, now, wanted)
                if not due:
                    break
                for row in (_Row(*values) for values in due):
                    if row.attempts < self._max_attempts:
                        deliveries.append(self._deliver(connection, subscription, row, now))
                    else:
                        self._bury(connection, row.seq, self._why_poison(row.attempts), now)
        return deliveries

    def ack(self, delivery: Delivery) -> bool:
        with self._database.transaction() as connection:
            return connection.execute(f"DELETE {_HELD}", _held(delivery)).rowcount == 1

    def nack(self, delivery: Delivery, reason: str) -> None:
        now = self._clock.now()
        with self._database.transaction() as connection:
            found = connection.execute(f"SELECT seq, attempts {_HELD}", _held(delivery)).fetchone()
            if found is None:
                return
            seq, attempts = found
            if attempts >= self._max_attempts:
                self._bury(connection, seq, reason, now)
                return
            due_us = to_us(now + self._backoff(attempts))
            connection.execute(
                "UPDATE messages SET lease = NULL, due_us = ? WHERE seq = ?", (due_us, seq)
            )

    def dead_letters(self, subscription: str) -> Sequence[DeadLetter]:
        self._known(subscription)
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT message_id, data, attributes, attempts, reason, died_us FROM dead_letters"
                " WHERE subscription = ? ORDER BY died_us, seq",
                (subscription,),
            ).fetchall()
        return [
            DeadLetter(
                subscription=subscription,
                message_id=message_id,
                data=data,
                attributes=json.loads(attributes),
                attempts=attempts,
                reason=reason,
                died_at=from_us(died_us),
            )
            for message_id, data, attributes, attempts, reason, died_us in rows
        ]

    def replay(self, subscription: str, message_ids: Collection[str] | None = None) -> int:
        """Put dead letters (all, or these) back, due now and with all attempts before them."""
        self._known(subscription)
        now_us = to_us(self._clock.now())
        with self._database.transaction() as connection:
            dead = connection.execute(
                "SELECT seq, message_id FROM dead_letters WHERE subscription = ?"
                " ORDER BY died_us, seq",
                (subscription,),
            ).fetchall()
            chosen = [seq for seq, name in dead if message_ids is None or name in message_ids]
            connection.executemany(_REVIVE, [(now_us, seq) for seq in chosen])
            connection.executemany(
                "DELETE FROM dead_letters WHERE seq = ?", [(seq,) for seq in chosen]
            )
        return len(chosen)

    def backlog(self, subscription: str) -> int:
        self._known(subscription)
        with self._database.reading() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM messages WHERE subscription = ?", (subscription,)
            ).fetchone()
        return int(count)

    def next_due(self, subscription: str) -> datetime | None:
        """When `pull` will next have something, unless a message is published before."""
        self._known(subscription)
        with self._database.reading() as connection:
            (due_us,) = connection.execute(
                "SELECT min(due_us) FROM messages WHERE subscription = ?", (subscription,)
            ).fetchone()
        return None if due_us is None else from_us(due_us)

    def _deliver(
        self, connection: Connection, subscription: str, row: _Row, now: datetime
    ) -> Delivery:
        lease = self._ids.new()
        connection.execute(
            "UPDATE messages SET lease = ?, attempts = attempts + 1, due_us = ? WHERE seq = ?",
            (lease, to_us(now + self._lease), row.seq),
        )
        return Delivery(
            subscription=subscription,
            message_id=row.message_id,
            data=row.data,
            attributes=json.loads(row.attributes),
            published_at=from_us(row.published_us),
            attempt=row.attempts + 1,
            lease=lease,
        )

    def _bury(self, connection: Connection, seq: int, reason: str, now: datetime) -> None:
        connection.execute(_BURY, (reason, to_us(now), seq))
        connection.execute("DELETE FROM messages WHERE seq = ?", (seq,))

    def _why_poison(self, attempts: int) -> str:
        return (
            f"delivery {attempts} of {self._max_attempts} was never answered: its worker died, or "
            f"took longer than its lease of {self._lease.total_seconds():g} s"
        )

    def _backoff(self, attempts: int) -> timedelta:
        """Doubles with each attempt; half of it is random, so that a crowd spreads out."""
        doubled_s = self._backoff_min_s * 2.0 ** min(attempts - 1, 60)
        longest_s = min(self._backoff_max_s, doubled_s)
        return timedelta(seconds=longest_s * (1 + self._jitter()) / 2)

    def _known(self, subscription: str) -> None:
        if subscription not in self._subscriptions:
            raise ValueError(f"{subscription!r} is none of {sorted(self._subscriptions)}")


def _due(
    connection: Connection, subscription: str, now: datetime, limit: int
) -> Sequence[tuple[Any, ...]]:
    """Of those that can wait only as many as the others leave room for."""
    found: list[tuple[Any, ...]] = []
    for can_wait in (0, 1):
        parameters = (subscription, can_wait, to_us(now), limit - len(found))
        found += connection.execute(_DUE, parameters).fetchall() if len(found) < limit else []
    return found


def _held(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.subscription, delivery.message_id, delivery.lease
