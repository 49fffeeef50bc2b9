//! Service packages: schema, validation and content address.
