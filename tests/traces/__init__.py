"""Our own SDP traces: written by hand for each quirk, and recorded from real peers."""
