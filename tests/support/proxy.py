"""A TCP proxy before a database, for faults of the way to it that can be switched while connections stand."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"


class Proxy:
    """Pass a port on to a server: `ok`, `refuse` (nobody listens, what stands is cut), `hang` (nothing comes through any
    more), `delay` (every piece comes late), or a reset of each connection after so many bytes of the server."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._seconds = 0.0
        self._bytes: int | None = None
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = int(free.getsockname()[1])
        self._thread.start()
        self._run(self._listen())

    def ok(self) -> None:
        """Let everything through again; connections that hung go on."""
        self._seconds, self._bytes = 0.0, None
        self._run(self._listen())

    def refuse(self) -> None:
        """Cut every connection and listen no more."""
        self._run(self._silence())

    def hang(self) -> None:
        """Take connections and pass nothing on, as a server that is stopped or a network that drops packets."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def delay(self, seconds: float) -> None:
        """Pass every piece on late."""
        self._seconds = seconds

    def reset_after(self, count: int) -> None:
        """Cut each connection once so many bytes of the server have passed in it."""
        self._bytes = count

    def close(self) -> None:
        """End the proxy with everything that stands, and what was accepted while it ended."""
        self._run(self._silence())
        self._run(self._silence())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        self._open.set()
        await self._silence_listener()
        self._server = await asyncio.start_server(self._accept, HOST, self.port, reuse_address=True)

    async def _silence(self) -> None:
        await self._silence_listener()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _silence_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        with suppress(OSError, asyncio.CancelledError):
            try:
                await self._connected(reader, writer)
            finally:
                writer.transport.abort()
                self._connections.discard(task)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        there, back = await asyncio.open_connection(HOST, self._target)
        ways = [
            asyncio.create_task(self._pass(reader, back, None)),
            asyncio.create_task(self._pass(there, writer, self._bytes)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            back.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int | None) -> None:
        passed = 0
        while data := await reader.read(65536):
            await asyncio.sleep(self._seconds)
            await self._open.wait()
            left = len(data) if count is None else count - passed
            writer.write(data[:left])
            await writer.drain()
            passed += len(data)
            if left < len(data):
                return
