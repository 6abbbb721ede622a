"""The shell over real sockets on the loopback interface."""
