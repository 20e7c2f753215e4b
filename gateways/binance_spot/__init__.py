"""Binance Spot over its WebSocket API."""
