//! Names of functions, for messages and profiles.

/// Characters of a name that are kept: a hostile mangled name can demangle to far more than its own length.
const NAME_CHARS_MAX: usize = 200;

/// A function of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    start: u32,
    end: u32,
    mangled: String,
}

impl Symbol {
    /// A function of this many bytes; 0 for "up to the next function".
    pub(crate) fn new(start: u32, size: u32, name: &[u8]) -> Self {
        let kept = &name[..name.len().min(4 * NAME_CHARS_MAX)];
        let mangled = String::from_utf8_lossy(kept).into_owned();
        Self { start, end: start.saturating_add(size), mangled }
    }

    /// Address of the first instruction.
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Address after the last instruction.
    pub const fn end(&self) -> u32 {
        self.end
    }

    /// The demangled name without its hash, at most 200 characters.
    pub fn name(&self) -> String {
        use std::fmt::Write as _;
        let mut name = Bounded::default();
        match write!(name, "{:#}", rustc_demangle::demangle(&self.mangled)) {
            // An error is the bound's doing: what was written so far stands.
            Ok(()) | Err(std::fmt::Error) => name.text,
        }
    }
}

/// The functions of a program, in ascending order, none empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols(Vec<Symbol>);

impl Symbols {
    /// Sorts the functions, and cuts those that reach into the next one.
    pub(crate) fn new(mut symbols: Vec<Symbol>) -> Self {
        // Of several names for one address the longest function wins, then the first name: a fixed choice.
        symbols.sort_by(|a, b| {
            (a.start, std::cmp::Reverse(a.end), &a.mangled).cmp(&(
                b.start,
                std::cmp::Reverse(b.end),
                &b.mangled,
            ))
        });
        symbols.dedup_by_key(|symbol| symbol.start);
        for i in 0..symbols.len() {
            let next = symbols.get(i + 1).map_or(u32::MAX, |next| next.start);
            let symbol = &mut symbols[i];
            symbol.end = if symbol.end == symbol.start { next } else { symbol.end.min(next) };
        }
        symbols.retain(|symbol| symbol.start < symbol.end);
        Self(symbols)
    }

    /// All functions.
    pub fn all(&self) -> &[Symbol] {
        &self.0
    }

    /// Position in [`Self::all`] of the function that covers this address.
    pub fn index_at(&self, address: u32) -> Option<usize> {
        let index = self.0.partition_point(|symbol| symbol.start <= address).checked_sub(1)?;
        (address < self.0[index].end).then_some(index)
    }

    /// Name of the function that covers this address.
    pub fn name_at(&self, address: u32) -> Option<String> {
        self.index_at(address).map(|index| self.0[index].name())
    }
}

/// Text that refuses to grow past [`NAME_CHARS_MAX`].
#[derive(Default)]
struct Bounded {
    text: String,
    chars: usize,
}

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for char in text.chars() {
            if self.chars == NAME_CHARS_MAX {
                return Err(std::fmt::Error);
            }
            self.text.push(char);
            self.chars += 1;
        }
        Ok(())
    }
}
