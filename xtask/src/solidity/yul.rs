//! Changes to assembly blocks.

use super::mutants::{Kind, Source};
use super::tokens::TokenKind;

/// A block, from its bracket on; returns where it ends.
pub(super) fn block(source: &mut Source<'_>, open: usize) -> usize {
    let end = source.behind(open);
    let mut i = open + 1;
    while i < end - 1 {
        i = statement(source, i);
    }
    end
}

fn statement(source: &mut Source<'_>, i: usize) -> usize {
    match source.at(i) {
        "{" => block(source, i),
        "let" => {
            let mut i = i + 1;
            while source.at(i + 1) == "," {
                i += 2;
            }
            if source.at(i + 1) == ":=" { expression(source, i + 2) } else { i + 1 }
        }
        "if" => {
            let body = condition(source, i + 1);
            block(source, body)
        }
        "for" => {
            let start = block(source, i + 1);
            let step = if source.at(start + 1) == "(" { expression(source, start) } else { start + 1 };
            let body = block(source, step);
            block(source, body)
        }
        "switch" => switch(source, i),
        "function" => {
            let mut i = i + 1;
            while source.at(i) != "{" && i < source.tokens.len() {
                i += 1;
            }
            block(source, i)
        }
        "leave" | "break" | "continue" => i + 1,
        _ => simple(source, i),
    }
}

/// An assignment or a call.
fn simple(source: &mut Source<'_>, i: usize) -> usize {
    let mut value = i;
    while source.at(value + 1) == "," {
        value += 2;
    }
    let end =
        if source.at(value + 1) == ":=" { expression(source, value + 2) } else { expression(source, i) };
    let range = source.span(i, end);
    source.put(Kind::Statement, range, "");
    // Never stand still, whatever the source is.
    end.max(i + 1)
}

/// The condition of an `if`, which is also made true and false.
fn condition(source: &mut Source<'_>, i: usize) -> usize {
    let end = expression(source, i);
    let range = source.span(i, end);
    for constant in ["0", "1"] {
        source.put(Kind::Condition, range.clone(), constant);
    }
    end
}

fn switch(source: &mut Source<'_>, i: usize) -> usize {
    let mut i = condition(source, i + 1);
    while source.at(i) == "case" {
        i = block(source, i + 2);
    }
    if source.at(i) == "default" { block(source, i + 1) } else { i }
}

/// A word, a number or a call; returns where it ends.
fn expression(source: &mut Source<'_>, i: usize) -> usize {
    if source.is(i, TokenKind::Number) {
        source.change_number(i);
        return i + 1;
    }
    if source.at(i + 1) != "(" {
        return i + 1;
    }
    let end = source.behind(i + 1);
    change_call(source, i, end);
    let mut argument = i + 2;
    while argument < end - 1 {
        argument = expression(source, argument);
        if source.at(argument) == "," {
            argument += 1;
        }
    }
    end
}

fn change_call(source: &mut Source<'_>, i: usize, end: usize) {
    let name = source.span(i, i + 1);
    let (arguments, whole) = (source.span(i + 1, end), source.span(i, end));
    let text = source.text;
    let negated = |other: &str| format!("iszero({other}{})", &text[arguments.clone()]);
    match source.at(i) {
        comparison @ ("lt" | "gt") => {
            let other = if comparison == "lt" { "gt" } else { "lt" };
            source.put(Kind::Comparison, name, other);
            source.put(Kind::Comparison, whole, negated(other));
        }
        "eq" => source.put(Kind::Comparison, name, "sub"),
        "iszero" => source.put(Kind::Comparison, source.span(i, i + 2), "add(0, "),
        operation => {
            let other = match operation {
                "add" => "sub",
                "sub" | "mul" => "add",
                "div" => "mul",
                "mod" => "div",
                "mulmod" => "addmod",
                "shl" => "shr",
                "shr" => "shl",
                "and" => "or",
                "or" => "and",
                "mload" => "calldataload",
                "calldataload" => "mload",
                _ => return,
            };
            source.put(Kind::Operation, name, other);
        }
    }
}
