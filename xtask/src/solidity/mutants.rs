//! The changes that are made to a source, one at a time.

use std::ops::Range;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::tokens::{Token, TokenKind, tokens};
use super::{statements, yul};

/// What a change is of. Most important first: this is the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// A check, or a part of one, is left out.
    Check,
    /// A condition is always or never true.
    Condition,
    /// A comparison or a negation is another one.
    Comparison,
    /// A statement is left out.
    Statement,
    /// A number is one more or one less.
    Constant,
    /// An operation is another one.
    Operation,
    /// A digit of a long constant is another one.
    Data,
}

/// A change.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    /// Below `contracts`.
    pub(super) file: String,
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    pub(super) replacement: String,
}

impl Mutant {
    /// The source with the change.
    pub(super) fn apply(&self, source: &str) -> String {
        let (before, after) = (&source[..self.range.start], &source[self.range.end..]);
        [before, self.replacement.as_str(), after].concat()
    }

    /// How people, and the list of equivalent ones, name it.
    pub(super) fn name(&self, source: &str) -> Name {
        let start = source[..self.range.start].rfind('\n').map_or(0, |place| place + 1);
        let end = source[self.range.start..].find('\n').map_or(source.len(), |at| self.range.start + at);
        let line = &source[start..end];
        let indent = line.len() - line.trim_start().len();
        Name {
            file: self.file.clone(),
            line: line.trim().to_owned(),
            before: source[..start].lines().filter(|other| other.trim() == line.trim()).count(),
            column: self.range.start.saturating_sub(start + indent),
            from: source[self.range.clone()].to_owned(),
            to: self.replacement.clone(),
        }
    }
}

/// A change as text, which stays the same where other lines change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Name {
    pub(super) file: String,
    /// The line without its indent, how many lines before it are the same, and where in it the change begins.
    pub(super) line: String,
    #[serde(default)]
    pub(super) before: usize,
    pub(super) column: usize,
    pub(super) from: String,
    pub(super) to: String,
}

/// A source that is looked through.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// What was found: kind, place, replacement.
    pub(super) found: Vec<(Kind, Range<usize>, String)>,
}

impl<'a> Source<'a> {
    /// The text of a token; nothing behind the last one.
    pub(super) fn at(&self, i: usize) -> &'a str {
        self.tokens.get(i).map_or("", |token| &self.text[token.range.clone()])
    }

    pub(super) fn is(&self, i: usize, kind: TokenKind) -> bool {
        self.tokens.get(i).is_some_and(|token| token.kind == kind)
    }

    /// The place of the tokens from one to before another.
    pub(super) fn span(&self, first: usize, end: usize) -> Range<usize> {
        let start = self.tokens.get(first).map_or(self.text.len(), |token| token.range.start);
        let end = self.tokens.get(end.saturating_sub(1)).map_or(start, |token| token.range.end);
        start..end.max(start)
    }

    pub(super) fn put(&mut self, kind: Kind, range: Range<usize>, replacement: impl Into<String>) {
        self.found.push((kind, range, replacement.into()));
    }

    /// Behind the bracket that closes the one at this token.
    pub(super) fn behind(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for i in open..self.tokens.len() {
            match self.at(i) {
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return i + 1;
            }
        }
        self.tokens.len()
    }

    /// One more and one less.
    pub(super) fn change_number(&mut self, i: usize) {
        let text = self.at(i).replace('_', "");
        let range = self.span(i, i + 1);
        for (up, replacement) in [(true, other_number(&text, true)), (false, other_number(&text, false))] {
            // 0 has no number before it in this language's types.
            if let Some(replacement) = replacement.filter(|_| up || text != "0") {
                self.put(Kind::Constant, range.clone(), replacement);
            }
        }
    }

    /// A digit in the middle of a hexadecimal string.
    pub(super) fn change_text(&mut self, i: usize) {
        let text = self.at(i);
        if !text.starts_with("hex") {
            return;
        }
        let range = self.span(i, i + 1);
        let place = range.start + text.len() / 2;
        let digit = self.text[place..].chars().next().and_then(|digit| digit.to_digit(16));
        let other = digit.and_then(|digit| char::from_digit(digit ^ 1, 16));
        if let Some(other) = other {
            self.put(Kind::Data, place..place + 1, other);
        }
    }
}

/// A number that is one more or less, in the same notation and length.
fn other_number(text: &str, up: bool) -> Option<String> {
    let Some(digits) = text.strip_prefix("0x") else {
        let number: u128 = text.parse().ok()?;
        return Some(if up { number + 1 } else { number.checked_sub(1)? }.to_string());
    };
    let mut digits: Vec<u32> = digits.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    for digit in digits.iter_mut().rev() {
        let (from, to) = if up { (15, 0) } else { (0, 15) };
        if *digit != from {
            *digit = if up { *digit + 1 } else { *digit - 1 };
            let digits = digits.iter().filter_map(|digit| char::from_digit(*digit, 16));
            return Some(format!("0x{}", digits.collect::<String>()));
        }
        *digit = to;
    }
    None
}

/// All changes to a source, most important first.
pub(super) fn mutants(file: &str, text: &str) -> Vec<Mutant> {
    let mut source = Source { text, tokens: tokens(text), found: Vec::new() };
    let mut i = 0;
    while i < source.tokens.len() {
        if source.at(i) == "assembly" {
            while i < source.tokens.len() && source.at(i) != "{" {
                i += 1;
            }
            i = yul::block(&mut source, i);
        } else {
            i = statements::step(&mut source, i);
        }
    }
    let mut list: Vec<_> = source
        .found
        .into_iter()
        .map(|(kind, range, replacement)| Mutant { file: file.to_owned(), kind, range, replacement })
        .collect();
    list.sort_by_key(|mutant| (mutant.kind, mutant.range.start));
    list
}
