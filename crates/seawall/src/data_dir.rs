//! The folder of everything that this process keeps.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

/// Makes the folder, if there is none, for this user alone: inputs and outputs of runs lie in it. A folder that exists keeps
/// the rights that somebody gave it.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_data_folder_is_closed_to_other_users() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("a/data");
        super::make(&folder).unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        super::make(&folder).unwrap();
    }
}
