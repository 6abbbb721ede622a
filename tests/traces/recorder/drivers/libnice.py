"""Writes the SDP that libnice makes itself, after gathering on the interfaces it finds."""

import sys

import gi

gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice

loop = GLib.MainLoop()
agent = Nice.Agent.new(loop.get_context(), Nice.Compatibility.RFC5245)
agent.set_property("upnp", False)
agent.set_property("ice-trickle", "trickle" in sys.argv)
waiting = set()
for name, components in (("audio", 2), ("video", 1)):
    stream = agent.add_stream(components)
    agent.set_stream_name(stream, name)
    waiting.add(stream)


def on_gathered(_agent: object, stream: int) -> None:
    waiting.discard(stream)
    if not waiting:
        loop.quit()


agent.connect("candidate-gathering-done", on_gathered)
for stream in sorted(waiting):
    agent.gather_candidates(stream)
if waiting:
    loop.run()
sys.stdout.write(agent.generate_local_sdp())
