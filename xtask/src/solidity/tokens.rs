//! Solidity's tokens, as far as changing a source needs them.

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    /// A string, with its prefix.
    Text,
    Sign,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range<usize>,
}

/// Signs of more than one character, longest first.
const SIGNS: [&str; 20] = [
    ">>=", "<<=", ":=", "=>", "->", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "+=", "-=", "*=", "|=",
    "&=", "++", "--",
];

/// All tokens of a source; comments are none.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut list = Vec::new();
    let mut start = 0;
    while let Some(rest) = source.get(start..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = first_token(rest);
        if let Some(kind) = kind {
            list.push(Token { kind, range: start..start + length });
        }
        start += length;
    }
    list
}

/// The kind and length of what a text, which is not empty, starts with.
fn first_token(text: &str) -> (Option<TokenKind>, usize) {
    let until = |end: &str| text.find(end).map_or(text.len(), |place| place + end.len());
    let first = text.chars().next().unwrap_or(' ');
    if text.starts_with("//") {
        return (None, until("\n"));
    }
    if text.starts_with("/*") {
        return (None, until("*/"));
    }
    if let Some(string) = text.strip_prefix("hex").unwrap_or(text).strip_prefix('"') {
        let prefix = text.len() - string.len();
        let end = string.find('"').map_or(string.len(), |place| place + 1);
        return (Some(TokenKind::Text), prefix + end);
    }
    if first.is_ascii_digit() {
        return (Some(TokenKind::Number), length_of_word(text));
    }
    if first.is_alphabetic() || first == '_' {
        return (Some(TokenKind::Word), length_of_word(text));
    }
    if first.is_whitespace() {
        return (None, first.len_utf8());
    }
    let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
    (Some(TokenKind::Sign), sign.map_or(first.len_utf8(), |sign| sign.len()))
}

fn length_of_word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}
