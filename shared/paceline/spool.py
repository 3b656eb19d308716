"""Where an event waits when the bus does not take it: an object a message, sent again later."""

import hashlib
import json
from dataclasses import dataclass

from paceline.ports import Blobs, Publisher

PREFIX = "spool/"


@dataclass(frozen=True)
class Spool:
    blobs: Blobs
    publisher: Publisher

    def keep(self, topic: str, data: bytes, attributes: dict[str, str]) -> None:
        """Durable when it returns. The same message twice is kept once."""
        name = f"{PREFIX}{topic}/{hashlib.sha256(data).hexdigest()}"
        self.blobs.put(name, data, {"attributes": json.dumps(attributes)})

    def replay(self) -> int:
        """Send everything that waits; each is forgotten only after the bus has it."""
        sent = 0
        for name in list(self.blobs.names(PREFIX)):
            blob = self.blobs.get(name)
            if blob is None:
                continue  # another process was faster
            attributes = json.loads(blob.metadata["attributes"])
            self.publisher.publish(name.split("/")[1], blob.data, attributes)
            self.blobs.delete(name)
            sent += 1
        return sent
