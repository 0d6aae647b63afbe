use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// How many there may be.
const MOST: usize = 100;

/// Why directives cannot be read. Each names the part that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DirectiveError {
    #[error("there is no level: write one of off, error, warn, info, debug, trace")]
    Empty,
    #[error("`{0}` is no level and no target=level: a level is one of off, error, warn, info, debug, trace")]
    Unknown(String),
    #[error("`{level}` in `{directive}` is no level: write one of off, error, warn, info, debug, trace")]
    Level { directive: String, level: String },
    #[error("`{0}` names no target: it is a path like hyper or my_crate::module")]
    Target(String),
    #[error("`{0}` is said twice")]
    Twice(String),
    #[error("there are more than {MOST} directives")]
    TooMany,
}

/// Reads which levels are wanted: `info,hyper=warn` is `info` for all and `warn` for `hyper` and what is below it. The most exact
/// target wins. Without a level for all, all others are off.
///
/// Stricter than `EnvFilter`, which takes a level that is misspelt for the name of a target and shows everything of it.
///
/// ```
/// use seawall_guard::logs::directives;
///
/// assert!(directives("info,hyper=warn").is_ok());
/// let error = directives("inof").unwrap_err().to_string();
/// assert!(error.starts_with("`inof` is no level and no target=level"));
/// ```
pub fn directives(text: &str) -> Result<Targets, DirectiveError> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut said: Vec<&str> = Vec::new();
    let mut targets = Targets::new();
    for part in parts {
        let (target, level) = match part.split_once('=') {
            Some((target, level)) => (Some(target.trim()), level_of(part, level.trim())?),
            None => (
                None,
                level_of(part, part).map_err(|_| DirectiveError::Unknown(shown(part)))?,
            ),
        };
        if said.contains(&target.unwrap_or("")) {
            return Err(DirectiveError::Twice(shown(target.unwrap_or(part))));
        }
        if said.len() == MOST {
            return Err(DirectiveError::TooMany);
        }
        targets = match target {
            None => targets.with_default(level),
            Some(target) if is_target(target) => targets.with_target(target, level),
            Some(_) => return Err(DirectiveError::Target(shown(part))),
        };
        said.push(target.unwrap_or(""));
    }
    if said.is_empty() {
        return Err(DirectiveError::Empty);
    }
    Ok(targets)
}

fn level_of(directive: &str, level: &str) -> Result<LevelFilter, DirectiveError> {
    let levels = [
        ("off", LevelFilter::OFF),
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("info", LevelFilter::INFO),
        ("debug", LevelFilter::DEBUG),
        ("trace", LevelFilter::TRACE),
    ];
    let known = levels.iter().find(|(name, _)| name.eq_ignore_ascii_case(level));
    known.map(|(_, filter)| *filter).ok_or_else(|| DirectiveError::Level {
        directive: shown(directive),
        level: shown(level),
    })
}

fn is_target(target: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.');
    !target.is_empty() && target.bytes().all(allowed)
}

/// As much of a part as fits into a message.
fn shown(part: &str) -> String {
    part.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn the_most_exact_target_wins() {
        let targets = directives(" info , hyper=warn,hyper::proto = TRACE,silent=off,").unwrap();
        for (target, level, wanted) in [
            ("seawall", Level::INFO, true),
            ("seawall", Level::DEBUG, false),
            ("hyper::client", Level::INFO, false),
            ("hyper::client", Level::WARN, true),
            ("hyper::proto::h1", Level::TRACE, true),
            ("silent", Level::ERROR, false),
        ] {
            assert_eq!(targets.would_enable(target, &level), wanted, "{target} {level}");
        }
        let targets = directives("hyper=warn").unwrap();
        assert!(!targets.would_enable("seawall", &Level::ERROR));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, part) in [
            ("", "there is no level"),
            (" , ", "there is no level"),
            ("inof", "`inof` is no level and no target=level"),
            ("info,hyper", "`hyper` is no level and no target=level"),
            ("info,hyper=wran", "`wran` in `hyper=wran` is no level"),
            ("hyper=", "`` in `hyper=` is no level"),
            ("=info", "`=info` names no target"),
            ("my crate=info", "`my crate=info` names no target"),
            ("a[b]=info", "`a[b]=info` names no target"),
            ("info,debug", "`debug` is said twice"),
            ("a=info,a=warn", "`a` is said twice"),
        ] {
            let error = directives(text).unwrap_err().to_string();
            assert!(error.starts_with(part), "{text}: {error}");
        }
        let many: Vec<_> = (0..101).map(|n| format!("t{n}=info")).collect();
        assert_eq!(directives(&many.join(",")).unwrap_err(), DirectiveError::TooMany);
        assert!(directives(&many[1..].join(",")).is_ok());
    }
}
