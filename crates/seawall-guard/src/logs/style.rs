/// How lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// An object on each line, for machines.
    Json,
    /// For people.
    Text,
}
