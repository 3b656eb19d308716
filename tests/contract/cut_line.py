"""A line to a server that breaks at the worst moment: after the question, before the answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

DONE_WITHIN_S = 0.4  # the server acts within this time


class CutLine:
    """Forwards bytes both ways; while it is to be cut, questions pass and answers do not."""

    def __init__(self, port: int) -> None:
        self.server_port = port
        self.cuts = 0
        self._is_to_be_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """The next answer is lost, and its line with it; lines that are opened later are whole."""
        self._is_to_be_cut = True
        yield
        self._is_to_be_cut = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port))
            ask = threading.Thread(target=self._pump, args=(client, server), daemon=True)
            answer = threading.Thread(target=self._answer, args=(server, client), daemon=True)
            ask.start()
            answer.start()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        self._pump(server, client, self._cuts_now)

    def _cuts_now(self) -> bool:
        if not self._is_to_be_cut:
            return False
        self._is_to_be_cut = False
        self.cuts += 1
        time.sleep(DONE_WITHIN_S)
        return True

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        is_cut: Callable[[], bool] = lambda: False,
    ) -> None:
        with suppress(OSError):
            while (received := source.recv(65_536)) and not is_cut():
                sink.sendall(received)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
