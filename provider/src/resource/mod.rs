//! Resources, one folder each.
