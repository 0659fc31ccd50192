"""What would happen, and what would have: simulator, backtest, replay."""
