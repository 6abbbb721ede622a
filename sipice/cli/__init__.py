"""The command ``sipice``: one module per subcommand, and what they share."""
