"""The rings, the segments, the schema, the client library over both transports."""
