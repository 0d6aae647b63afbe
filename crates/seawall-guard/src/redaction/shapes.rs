//! What secrets look like. Each shape looks at the text from one place on and says how far it reaches.

/// How keys begin, and how many characters follow at least.
const PREFIXES: [(&str, usize); 22] = [
    ("sw_", 20),
    ("swr_", 20),
    ("swt_", 20),
    ("sk-", 16),
    ("sk_", 16),
    ("pk_", 16),
    ("rk_", 16),
    ("whsec_", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("hf_", 20),
    ("tvly-", 16),
    ("npm_", 20),
];

/// A key with a known beginning, or a JSON Web Token: the length of the word, which has letters of tokens only.
pub(super) fn key(word: &str) -> Option<usize> {
    let first = word.bytes().next()?;
    let begins = |prefix: &str| prefix.as_bytes()[0] == first && word.starts_with(prefix);
    let known = || {
        PREFIXES
            .iter()
            .any(|(prefix, least)| begins(prefix) && word.len() >= prefix.len() + least)
    };
    (is_jwt(word) || known()).then_some(word.len())
}

/// Header, payload and signature, each in base64url; the header begins with `{"`.
fn is_jwt(word: &str) -> bool {
    if !word.starts_with("eyJ") {
        return false;
    }
    let mut parts = word.split('.');
    let (Some(header), Some(payload), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    header.len() >= 10 && payload.len() >= 4
}

/// `Bearer` or `Basic` and what follows it: where that begins and ends.
pub(super) fn after_scheme(text: &str) -> Option<(usize, usize)> {
    let is = |scheme: &&str| {
        text.get(..scheme.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["bearer", "basic"].iter().find(|scheme| is(scheme))?;
    let gap = run(&text[scheme.len()..], |byte| byte == b' ');
    let begin = scheme.len() + gap;
    let length = run(&text[begin..], |byte| {
        is_token(byte) || matches!(byte, b'+' | b'/' | b'=' | b'~')
    });
    (gap > 0 && length > 0).then_some((begin, begin + length))
}

/// The same, where it looks like credentials: "basic training" is none.
pub(super) fn credentials(text: &str) -> Option<(usize, usize)> {
    let (begin, end) = after_scheme(text)?;
    let plain = text[begin..end].bytes().all(|byte| byte.is_ascii_lowercase());
    (end - begin >= if plain { 16 } else { 8 }).then_some((begin, end))
}

/// `://user:password@`: where the user information begins and ends.
pub(super) fn user_info(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix("://")?;
    let authority = run(rest, |byte| {
        byte > b' ' && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>')
    });
    let at = rest[..authority].rfind('@')?;
    Some((3, 3 + at))
}

/// `-----BEGIN … PRIVATE KEY-----` to its end, or to the end of the text.
pub(super) fn private_key(text: &str) -> Option<usize> {
    const END: &str = "PRIVATE KEY-----";
    let first = text.strip_prefix("-----BEGIN ")?;
    let label = first.get(..first.len().min(48)).unwrap_or(first);
    let begin = "-----BEGIN ".len() + label.find(END)? + END.len();
    let end = text[begin..].find(END).map(|at| begin + at + END.len());
    Some(end.unwrap_or(text.len()))
}

/// An e-mail address that begins here: its length.
pub(super) fn email(text: &str) -> Option<usize> {
    // Longer ones are none.
    let local = text.bytes().take(65).take_while(|byte| is_local(*byte)).count();
    if local == 0 || local > 64 || !text[local..].starts_with('@') {
        return None;
    }
    let domain = &text[local + 1..];
    let length = run(domain, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
    });
    // A sentence may end behind it.
    let name = domain[..length].trim_end_matches(['.', '-']);
    let (_, top) = name.rsplit_once('.')?;
    (top.len() >= 2).then(|| local + 1 + name.len())
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'.' | b'!'
                | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
                | b'-'
        )
}

/// A card's number that begins here, in groups or not: its length.
pub(super) fn card(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|first| (b'2'..=b'6').contains(first)) {
        return None;
    }
    let (mut digits, mut count, mut last, mut card) = ([0u8; 19], 0, 0, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' if count == digits.len() => break,
            b'0'..=b'9' => {
                digits[count] = byte - b'0';
                count += 1;
                last = at + 1;
            }
            // One separator between groups.
            b' ' | b'-' if last == at => {}
            _ => break,
        }
        // What a word goes on with is no number.
        let goes_on = bytes
            .get(last)
            .is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_');
        if count >= 14 && !goes_on && passes_luhn(&digits[..count]) {
            card = Some(last);
        }
    }
    card
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit @ 0..5) => 2 * digit,
            (_, digit) => 2 * digit - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// `=value`, `: value` or `": "value"` behind a name: where the value begins and ends.
pub(super) fn value(text: &str) -> Option<(usize, usize)> {
    let quoted_name = run(text, |byte| byte == b'"' || byte == b'\'' || byte == b'\\');
    let mut at = quoted_name + run(&text[quoted_name..], |byte| byte == b' ');
    let sign = text.as_bytes().get(at).copied()?;
    if quoted_name > 2 || !matches!(sign, b'=' | b':') {
        return None;
    }
    at += 1;
    at += run(&text[at..], |byte| byte == b' ');
    // Its quote, escaped where the text itself was quoted.
    let escaped = text[at..].starts_with('\\');
    let open = at + usize::from(escaped);
    let begin = match text.as_bytes().get(open) {
        Some(quote @ (b'"' | b'\'')) => {
            let begin = open + 1;
            let end = quoted_end(&text[begin..], *quote, escaped);
            return (end > 0).then_some((begin, begin + end));
        }
        _ => at,
    };
    let length = run(&text[begin..], |byte| byte > b' ' && !b",;&\"')}]>".contains(&byte));
    let end = begin + length;
    // `Some("a b")`, `["a", "b"]`: all of it.
    let end = match text[begin..end].find(['(', '[', '{']) {
        Some(open) => begin + open + bracketed_end(&text[begin + open..]),
        None => end,
    };
    (length > 0).then_some((begin, end))
}

/// Where a text that begins with a bracket ends: behind the one that closes it, or with the text.
fn bracketed_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 1 => return at + 1,
            b')' | b']' | b'}' => depth -= 1,
            // Brackets within quotes close nothing.
            quote @ b'"' => at += 1 + quoted_end(&text[at + 1..], quote, false),
            b'\\' if bytes.get(at + 1) == Some(&b'"') => at += 3 + quoted_end(&text[at + 2..], b'"', true),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Where a quoted text ends: at its quote, or with the text.
fn quoted_end(text: &str, quote: u8, escaped: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escaped && bytes.get(at + 1) == Some(&quote) => return at,
            b'\\' => at += 2,
            byte if byte == quote => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A letter of keys, tokens and names.
pub(super) const fn is_token(byte: u8) -> bool {
    // Looked up, because every byte of a log passes here.
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            let it = byte as u8;
            table[byte] = it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-' | b'.');
            byte += 1;
        }
        table
    };
    TOKEN[byte as usize]
}

/// How many bytes from the beginning on are of a kind. All kinds are ASCII, or whole characters beyond it.
pub(super) fn run(text: &str, of: impl Fn(u8) -> bool) -> usize {
    let length = text.bytes().position(|byte| !of(byte)).unwrap_or(text.len());
    text.floor_char_boundary(length)
}
