//! Tests of the facet on a real file system.
