//! What the README shows is what the example answers: its commands are done again, in their order.

use crate::hardened_axum::Settings;
use crate::service::{KEY, Service};

const README: &str = include_str!("../../README.md");
/// Where the README's service listens.
const SHOWN: &str = "http://127.0.0.1:3000";

/// A command and the lines that it prints.
fn commands() -> Vec<(&'static str, Vec<&'static str>)> {
    let blocks = README.split("```console\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, Vec::new())),
            (None, Some((_, printed))) => printed.push(line),
            (None, None) => panic!("no command prints {line:?}"),
        }
    }
    commands
}

/// The words of a shell's command; what stands in single quotes is one.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// What `curl` prints, as far as it is used here.
async fn curl(service: &Service, words: &[String]) -> String {
    let (mut url, mut fields, mut body, mut with_head) = ("", String::new(), None, false);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-s" => {}
            "-si" => with_head = true,
            "-H" => fields += &format!("{}\r\n", words.next().unwrap()),
            "-d" => body = words.next(),
            "--json" => {
                fields += "Content-Type: application/json\r\n";
                body = words.next();
            }
            other => url = other.strip_prefix(SHOWN).unwrap(),
        }
    }
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.unwrap_or_default();
    if !fields.contains("Content-Length") {
        fields += &format!("Content-Length: {}\r\n", body.len());
    }
    if !fields.contains("Host") {
        fields += "Host: 127.0.0.1:3000\r\n";
    }
    let bytes = format!("{method} {url} HTTP/1.1\r\nConnection: close\r\n{fields}\r\n{body}");
    let answer = service.send(bytes).await;
    if !with_head {
        return answer.body;
    }
    // This connection is closed, and curl's is not.
    let fields = answer.fields.iter().filter(|(_, value)| value != "close");
    let fields: String = fields.map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("HTTP/1.1 {}\n{fields}\n{}", answer.status, answer.body)
}

/// What follows a `|`: `grep WORD` and `grep -v WORD`, with `$` at a word's end, and `sort`.
fn filtered(text: &str, words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let (without, word) = match words[..] {
        ["grep", word] => (false, word),
        ["grep", "-v", word] => (true, word),
        ["sort"] => {
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_unstable();
            return lines.join("\n");
        }
        _ => panic!("{words:?}"),
    };
    let found = |line: &&str| match word.strip_suffix('$') {
        Some(end) => line.ends_with(end),
        None => line.contains(word),
    };
    let lines: Vec<_> = text.lines().filter(|line| found(line) != without).collect();
    lines.join("\n")
}

/// The same line but for what differs from one time to the next.
fn same(printed: &str, shown: &str) -> bool {
    let name = |line: &'static str| move |text: &str| text.starts_with(line);
    let changing = [name("date: "), name("traceparent: ")];
    // curl prints the reason too.
    let status = shown.starts_with("HTTP/1.1 ") && shown.starts_with(printed);
    printed == shown || status || changing.iter().any(|of| of(printed) && of(shown))
}

#[tokio::test]
async fn the_example_answers_as_the_readme_shows() {
    let service = Service::start(&Settings::local(KEY)).await;
    let mut done = 0;
    for (command, shown) in commands() {
        let mut parts = command.split(" | ").map(words);
        let first = parts.next().unwrap();
        if first[0] != "curl" {
            assert_eq!(
                command,
                "cargo run -p seawall-guard --example hardened_axum -- 127.0.0.1:3000 some-key"
            );
            continue;
        }
        let printed = curl(&service, &first[1..]).await;
        let printed = parts.fold(printed, |text, filter| filtered(&text, &filter));
        let printed: Vec<_> = printed.lines().collect();
        assert_eq!(printed.len(), shown.len(), "{command}\n{printed:#?}");
        for (printed, shown) in printed.iter().zip(&shown) {
            assert!(same(printed, shown), "{command}\n{printed}\n{shown}");
        }
        done += 1;
    }
    assert!(done >= 10, "the README shows less: {done}");
}
