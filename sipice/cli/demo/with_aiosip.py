"""The demonstration's user agent on aiosip; ICE is in the ``Application`` that it uses."""

from __future__ import annotations

import asyncio
from typing import Any

from sipice.cli.demo.agent import HOST, Phone, free_port
from sipice.plugins.aiosip import Application, Udp
from sipice.plugins.aiosip_dialog import Dialog
from sipice.plugins.aiosip_wire import Headers
from sipice.plugins.plugin import PluginConfig

PATIENCE = 10.0
"""Seconds for each step of a call."""


class AiosipAgent:
    """See UserAgent."""

    def __init__(self, phone: Phone, config: PluginConfig) -> None:
        self.phone = phone
        self.address = (HOST, free_port())
        self._app = Application(config=config)
        self.plugin = self._app.plugin
        self._app.router.add_route("INVITE", self._invited)
        self._dialog: Dialog | None = None

    async def start(self) -> None:
        """See UserAgent."""
        await self.phone.open()
        await self._app.create_connection(Udp, self.address)

    async def call(self, peer: tuple[str, int]) -> None:
        """See UserAgent."""
        own = f"sip:{self.phone.name}@{self.address[0]}:{self.address[1]}"
        self._dialog = await self._app.start_dialog(
            from_uri=own,
            to_uri=f"sip:peer@{peer[0]}:{peer[1]}",
            contact_uri=own,
            local_addr=self.address,
            remote_addr=peer,
        )
        await self._exchange(self._dialog)

    async def reoffer(self) -> None:
        """See UserAgent."""
        if self._dialog is None:
            raise RuntimeError("there is no call")
        await self._exchange(self._dialog)

    async def hang_up(self) -> None:
        """See UserAgent."""
        if self._dialog is not None:
            self.phone.voice.talk(None)
            async with asyncio.timeout(PATIENCE):
                await self._dialog.send_message("BYE")

    async def stop(self) -> None:
        """See UserAgent."""
        self.phone.voice.close()
        await self._app.finish()

    async def _exchange(self, dialog: Dialog) -> None:
        async with asyncio.timeout(PATIENCE):
            answer = await dialog.send_message("INVITE", payload=self.phone.offer())
        if answer.status_code != 200:
            raise RuntimeError(f"refused: {answer.status_code} {answer.status_message}")
        self.phone.agreed(answer.payload)

    def _invited(self, dialog: Dialog, request: Any) -> None:
        dialog.on_request = self._asked
        dialog.register_callback("BYE", self._ended)
        dialog.send_reply(180, "Ringing")
        dialog.send_reply(200, "OK", payload=self.phone.answer(request.payload))
        self.phone.agreed(request.payload)

    def _asked(self, dialog: Dialog, request: Any) -> bool:
        if request.method not in ("INVITE", "UPDATE") or not request.payload:
            return False
        headers = Headers({"CSeq": request.headers["CSeq"]})
        answer = self.phone.answer(request.payload)
        dialog.send_reply(200, "OK", headers=headers, payload=answer)
        self.phone.agreed(request.payload)
        return True

    def _ended(self, dialog: Dialog, request: Any) -> None:
        self.phone.voice.talk(None)
