"""The Binance Spot face of the simulated venue: WebSocket API, market streams and a little REST."""
