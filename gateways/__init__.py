"""The edge to the exchanges: venue codecs, WebSocket sessions and the simulated venue."""
