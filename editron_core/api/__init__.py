"""The HTTP API: the lane, the store and people's decisions over one port.

A route module has a `router`; every one of its routes says who may call it, by `needs(role)` or `public`.
What is wrong with a request is said as a problem (RFC 9457) with the request's id.
"""
