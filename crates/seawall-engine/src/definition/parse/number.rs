//! Numbers that are exactly what was written, or an error.

use serde_json::Number;

/// The number of this JSON text. Integers past 64 bits and numbers past a double are refused, never rounded silently.
pub(super) fn json_number(text: &str) -> Option<Result<Number, &'static str>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || (whole > 1 && digits.starts_with('0')) {
        return None;
    }
    if whole == digits.len() {
        let number = text.parse::<i64>().map(Number::from);
        let number = number.or_else(|_| text.parse::<u64>().map(Number::from));
        return Some(number.map_err(|_| "the number has more than 64 bits; write it in quotes"));
    }
    let mut rest = &digits[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || !exponent.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        rest = "";
    }
    if !rest.is_empty() {
        return None;
    }
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    Some(number.ok_or("the number is larger than a double can hold; write it in quotes"))
}
