//! wfm-storage-sqlite
