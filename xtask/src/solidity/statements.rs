//! Changes to Solidity outside of assembly.

use super::mutants::{Kind, Source};
use super::tokens::TokenKind;

/// Words that begin something in which nothing can be changed, up to its semicolon.
const FIXED: [&str; 7] = ["pragma", "import", "using", "error", "event", "type", "return"];

/// Looks at a token; returns the next one to look at.
pub(super) fn step(source: &mut Source<'_>, i: usize) -> usize {
    match source.at(i) {
        word if FIXED[..6].contains(&word) && starts(source, i) => return semicolon(source, i) + 1,
        "struct" => return behind_block(source, i),
        "function" => return signature(source, i),
        "if" => condition(source, i),
        "while" | "for" => {}
        _ => {
            if starts(source, i) {
                leave_out(source, i);
            }
            if source.is(i, TokenKind::Number) {
                // Not the length of an array's type.
                if !(source.at(i.saturating_sub(1)) == "[" && source.at(i + 1) == "]" && is_type(source, i)) {
                    source.change_number(i);
                }
            } else if source.is(i, TokenKind::Text) {
                source.change_text(i);
            } else {
                operator(source, i);
            }
        }
    }
    i + 1
}

/// Whether a statement or declaration starts here.
fn starts(source: &Source<'_>, i: usize) -> bool {
    i == 0 || [";", "{", "}"].contains(&source.at(i - 1))
}

fn semicolon(source: &Source<'_>, i: usize) -> usize {
    (i..source.tokens.len()).find(|i| source.at(*i) == ";").unwrap_or(source.tokens.len())
}

fn behind_block(source: &Source<'_>, i: usize) -> usize {
    let open = (i..source.tokens.len()).find(|i| source.at(*i) == "{");
    open.map_or(source.tokens.len(), |open| source.behind(open))
}

/// Behind the bracket that a function's body starts with, or behind its declaration.
fn signature(source: &Source<'_>, i: usize) -> usize {
    let end = (i..source.tokens.len()).find(|i| ["{", ";"].contains(&source.at(*i)));
    end.map_or(source.tokens.len(), |end| end + 1)
}

/// Whether the bracket before a number belongs to a type: `uint256[4]` and such.
fn is_type(source: &Source<'_>, number: usize) -> bool {
    let word = source.at(number.saturating_sub(2));
    word.starts_with("uint") || word.starts_with("bytes") || word.starts_with(char::is_uppercase)
}

/// An `if`: a check whose consequence is to revert is left out, as a whole and by parts; any other condition is made
/// true and false.
fn condition(source: &mut Source<'_>, i: usize) {
    let end = source.behind(i + 1);
    let inner = source.span(i + 2, end - 1);
    // In braces or without.
    let first = if source.at(end) == "{" { end + 1 } else { end };
    if source.at(first) == "revert" {
        // The condition stays: it may do something else.
        let semicolon = semicolon(source, first);
        let revert = source.span(first, semicolon + 1);
        source.put(Kind::Check, revert, "{}");
        parts(source, i + 2, end - 1, "||", "false");
    } else {
        for constant in ["true", "false"] {
            source.put(Kind::Condition, inner.clone(), constant);
        }
        parts(source, i + 2, end - 1, "||", "false");
        parts(source, i + 2, end - 1, "&&", "true");
    }
}

/// Makes each operand of a chain of `||` or `&&` the one that says nothing.
fn parts(source: &mut Source<'_>, first: usize, end: usize, operator: &str, neutral: &str) {
    let mut starts = vec![first];
    let mut i = first;
    while i < end {
        match source.at(i) {
            "(" | "[" => i = source.behind(i),
            sign => {
                if sign == operator {
                    starts.push(i + 1);
                }
                i += 1;
            }
        }
    }
    if starts.len() < 2 {
        return;
    }
    let ends: Vec<_> = starts.iter().skip(1).map(|start| start - 1).chain([end]).collect();
    for (start, end) in starts.into_iter().zip(ends) {
        let range = source.span(start, end);
        source.put(Kind::Check, range, neutral);
    }
}

/// Leaves out the statement that starts here, if it declares nothing and decides nothing.
fn leave_out(source: &mut Source<'_>, i: usize) {
    let end = semicolon(source, i);
    let declares = (i..end).any(|i| {
        let follows = source.is(i + 1, TokenKind::Word) && i + 1 < end;
        (source.is(i, TokenKind::Word) || source.at(i) == "]") && follows && source.at(i) != "emit"
    });
    let has_block = (i..end).any(|i| ["{", "}"].contains(&source.at(i)));
    if !source.is(i, TokenKind::Word) && source.at(i) != "(" && source.at(i) != "++" && source.at(i) != "--" {
        return;
    }
    let keyword = ["if", "else", "unchecked", "revert", "contract", "library", "interface", "constructor"];
    if declares || has_block || keyword.contains(&source.at(i)) || FIXED.contains(&source.at(i)) {
        return;
    }
    let range = source.span(i, end + 1);
    source.put(Kind::Statement, range, "");
}

fn operator(source: &mut Source<'_>, i: usize) {
    let range = source.span(i, i + 1);
    let (kind, other) = match source.at(i) {
        "==" => (Kind::Comparison, "!="),
        "!=" => (Kind::Comparison, "=="),
        "<" => (Kind::Comparison, "<="),
        "<=" => (Kind::Comparison, "<"),
        ">" => (Kind::Comparison, ">="),
        ">=" => (Kind::Comparison, ">"),
        "&&" => (Kind::Comparison, "||"),
        "||" => (Kind::Comparison, "&&"),
        "!" => (Kind::Comparison, ""),
        "+" => (Kind::Operation, "-"),
        "-" | "*" => (Kind::Operation, "+"),
        "/" | "%" => (Kind::Operation, "*"),
        "&" => (Kind::Operation, "|"),
        "|" => (Kind::Operation, "&"),
        "<<" => (Kind::Operation, ">>"),
        ">>" => (Kind::Operation, "<<"),
        "~" => (Kind::Operation, ""),
        "+=" => (Kind::Operation, "-="),
        "-=" => (Kind::Operation, "+="),
        "++" => (Kind::Operation, "--"),
        "--" => (Kind::Operation, "++"),
        _ => return,
    };
    source.put(kind, range, other);
}
