"""The asyncio shell: sockets, timers, names, interfaces; no protocol."""
