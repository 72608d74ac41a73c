"""The routes, one module for each kind of thing. Every module's `router` is served."""
