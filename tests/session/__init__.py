"""The controller: offers, answers and the agent behind them."""
