"""A laboratory of network namespaces: hosts behind NATs of every kind, a STUN and TURN server."""
