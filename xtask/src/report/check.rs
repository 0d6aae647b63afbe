//! Holds a written report against the counts it should have.

use std::fmt;

use anyhow::{Context, ensure};

use super::tree::{LEFT_OUT, Planted};

/// What the report has to say.
pub(super) struct Wanted<'a> {
    files: &'a [Planted],
    lines: usize,
    todos: usize,
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files, {} lines, {} TODOs",
            self.files.len(),
            self.lines,
            self.todos
        )
    }
}

impl<'a> Wanted<'a> {
    pub(super) fn of(files: &'a [Planted]) -> Self {
        let lines = files.iter().map(|file| file.lines).sum();
        let todos = files.iter().map(|file| file.todos).sum();
        Self { files, lines, todos }
    }

    pub(super) fn check(&self, report: &str) -> Vec<String> {
        let mut found: Vec<_> = self.files.iter().filter_map(|file| wrong_row(report, *file)).collect();
        for path in LEFT_OUT {
            let name = path.rsplit('/').next().unwrap_or(path);
            if report.contains(name) {
                found.push(format!("the report knows {path}, which is to be left out"));
            }
        }
        let rest = report
            .lines()
            .filter(|line| self.files.iter().all(|file| numbers_beside(line, file.path).is_none()));
        let beside_rows: Vec<_> = rest.flat_map(numbers).collect();
        for (what, total) in [("lines", self.lines), ("TODOs", self.todos)] {
            if !beside_rows.contains(&total) {
                found.push(format!("the report lacks the total of {total} {what}"));
            }
        }
        found
    }
}

/// The file has one row, with both its counts, in whatever columns.
fn wrong_row(report: &str, file: Planted) -> Option<String> {
    let rows: Vec<_> = report
        .lines()
        .filter_map(|line| numbers_beside(line, file.path))
        .collect();
    let [numbers] = rows.as_slice() else {
        return Some(format!("{} has {} rows in the report", file.path, rows.len()));
    };
    let mut numbers = numbers.clone();
    for wanted in [file.lines, file.todos] {
        match numbers.iter().position(|&number| number == wanted) {
            Some(at) => numbers.swap_remove(at),
            None => {
                let (path, lines, todos) = (file.path, file.lines, file.todos);
                return Some(format!(
                    "{path} has {lines} lines and {todos} TODOs; its row lacks {wanted}"
                ));
            }
        };
    }
    None
}

/// The numbers in the other cells, when one cell of the line is that file.
fn numbers_beside(line: &str, path: &str) -> Option<Vec<usize>> {
    let is_file = |cell: &str| {
        let name = cell.trim_matches([' ', '`', '*', '"']);
        name == path || name.strip_suffix(path).is_some_and(|before| before.ends_with('/'))
    };
    let cells: Vec<_> = line.split('|').collect();
    let at = cells.iter().position(|cell| is_file(cell))?;
    Some(
        cells
            .iter()
            .enumerate()
            .filter(|&(index, _)| index != at)
            .flat_map(|(_, cell)| numbers(cell))
            .collect(),
    )
}

fn numbers(text: &str) -> Vec<usize> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// The output for machines is one JSON value, or one on each line.
pub(super) fn is_json(output: &[u8]) -> anyhow::Result<()> {
    let mut values = 0;
    for value in serde_json::Deserializer::from_slice(output).into_iter::<serde_json::Value>() {
        value.context("--json printed something else")?;
        values += 1;
    }
    ensure!(values > 0, "--json printed nothing");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tree::FILES;

    fn good() -> String {
        let rows: String = FILES
            .iter()
            .map(|file| format!("| `{}` | {} | {} |\n", file.path, file.lines, file.todos))
            .collect();
        format!("# Report\n\n8 files, 239 lines, 32 TODOs\n\n| File | Lines | TODOs |\n|---|---:|---:|\n{rows}")
    }

    fn found(report: &str) -> Vec<String> {
        Wanted::of(&FILES).check(report)
    }

    #[test]
    fn a_right_report_is_accepted_in_several_layouts() {
        assert_eq!(found(&good()), Vec::<String>::new());
        assert_eq!(
            found(&good().replace("| `", "| ./").replace("` |", " |")),
            Vec::<String>::new()
        );
        let totals_below = good().replace("8 files, 239 lines, 32 TODOs", "") + "| **Total** | **239** | **32** |\n";
        assert_eq!(found(&totals_below), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_count_is_found() {
        let report = good().replace("| 47 | 5 |", "| 47 | 6 |");
        assert_eq!(
            found(&report),
            ["src/main.rs has 47 lines and 5 TODOs; its row lacks 5"]
        );
        assert_eq!(found(&good().replace("| 4 | 4 |", "| 4 | 0 |")).len(), 1);
    }

    #[test]
    fn a_missing_and_a_doubled_row_are_found() {
        assert_eq!(
            found(&good().replace("| `empty.txt` | 0 | 0 |\n", "")),
            ["empty.txt has 0 rows in the report"]
        );
        assert_eq!(
            found(&(good() + "| `empty.txt` | 0 | 0 |\n")),
            ["empty.txt has 2 rows in the report"]
        );
    }

    #[test]
    fn a_file_that_should_be_left_out_is_found() {
        for path in LEFT_OUT {
            assert_eq!(found(&format!("{}| `{path}` | 1 | 1 |\n", good())).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_wrong_total_is_found() {
        assert_eq!(
            found(&good().replace("239", "238")),
            ["the report lacks the total of 239 lines"]
        );
        assert_eq!(
            found(&good().replace("32 TODOs", "33 TODOs")),
            ["the report lacks the total of 32 TODOs"]
        );
    }

    #[test]
    fn an_empty_report_is_found() {
        assert_eq!(found("").len(), FILES.len() + 2);
    }

    #[test]
    fn output_for_machines_is_json_values_and_nothing_else() {
        assert!(is_json(b"{\"status\": \"succeeded\"}\n").is_ok());
        assert!(is_json(b"{}\n{}\n").is_ok());
        assert!(is_json(b"").is_err());
        assert!(is_json(b"\n").is_err());
        assert!(is_json(b"{}\ndone\n").is_err());
    }
}
