//! Where the crash test makes this process end. Only in builds with the feature `failpoints`; nothing that ships has it.

mod config;

pub(crate) use config::from_environment;
