//! Follows finalized blocks and projects their events to a SQL read model with an HTTP API.
