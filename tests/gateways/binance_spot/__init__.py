"""Tests of the Binance Spot gateway."""
