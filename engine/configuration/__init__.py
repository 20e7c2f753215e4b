"""The configuration's parts; `engine.config` is what others import."""
