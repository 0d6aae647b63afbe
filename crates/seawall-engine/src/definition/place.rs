//! Where in a definition something stands, written out as a JSON Pointer only when somebody has to be told.

/// A path from the root, linked backwards along the stack of the walk.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(super) const fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    pub(super) const fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// RFC 6901.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Field(parent, name) => {
                let mut pointer = parent.pointer();
                push_token(&mut pointer, name);
                pointer
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// Appends one reference token, escaped.
pub(super) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// The tokens of a pointer, unescaped.
pub(super) fn tokens(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_what_rfc_6901_escapes_and_reads_it_back() {
        let root = Place::Root;
        let with = root.field("a/b");
        let item = with.item(3);
        let leaf = item.field("m~n");
        assert_eq!(leaf.pointer(), "/a~1b/3/m~0n");
        assert_eq!(tokens("/a~1b/3/m~0n").collect::<Vec<_>>(), ["a/b", "3", "m~n"]);
        assert_eq!(tokens("").count(), 0);
    }
}
