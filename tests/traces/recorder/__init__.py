"""Records what real peers write: namespaces, captures, peers and the lifting of SDP."""
