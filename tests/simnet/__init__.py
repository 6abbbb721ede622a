"""The virtual network: hosts, links, NATs and servers in virtual time, decided by one seed."""
