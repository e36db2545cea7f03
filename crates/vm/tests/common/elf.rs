//! Writes ELF files, good and bad.
#![allow(dead_code, missing_docs, unreachable_pub)] // Each test file uses a part of it.

/// One program header and its content.
#[derive(Clone, Debug)]
pub struct Segment {
    pub address: u32,
    pub size: u32,
    pub flags: u32,
    pub content: Vec<u8>,
}

pub const READ: u32 = 4;
pub const WRITE: u32 = 2;
pub const EXECUTE: u32 = 1;

impl Segment {
    pub fn text(address: u32, words: &[u32]) -> Self {
        let content: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Self { address, size: content.len() as u32, flags: READ | EXECUTE, content }
    }

    pub fn data(address: u32, content: &[u8]) -> Self {
        Self { address, size: content.len() as u32, flags: READ | WRITE, content: content.to_vec() }
    }
}

/// An executable of these segments and functions (name, address, size). Segments are aligned in the file as in memory
/// to pages of 4 KiB, which a Linux loader wants.
pub fn executable(entry: u32, segments: &[Segment], functions: &[(&str, u32, u32)]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(*b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    halves(&mut file, &[2, 243]);
    words(&mut file, &[1, entry, 52, 0, 0]);
    halves(&mut file, &[52, 32, segments.len() as u16, 40, 0, 0]);
    let mut offset = 4096;
    let mut contents = Vec::new();
    for segment in segments {
        offset = offset.max(52 + 32 * segments.len() as u32);
        offset += segment.address.wrapping_sub(offset) % 4096;
        let Segment { address, size, flags, content } = segment;
        words(&mut file, &[1, offset, *address, *address, content.len() as u32, *size, *flags, 4096]);
        contents.push((offset as usize, content));
        offset += content.len() as u32;
    }
    for (offset, content) in contents {
        file.resize(file.len().max(offset), 0);
        file.extend(content);
    }
    if !functions.is_empty() {
        add_symbols(&mut file, functions);
    }
    file
}

/// Appends a symbol table, its strings and the section headers, and points the file header at them.
fn add_symbols(file: &mut Vec<u8>, functions: &[(&str, u32, u32)]) {
    let mut strings = vec![0_u8];
    let mut symbols = vec![0_u8; 16];
    for (name, address, size) in functions {
        words(&mut symbols, &[strings.len() as u32, *address, *size]);
        symbols.extend([0x12, 0]); // global function
        halves(&mut symbols, &[0xfff1]);
        strings.extend(name.bytes().chain([0]));
    }
    file.resize(file.len().next_multiple_of(4), 0);
    let symbols_at = file.len() as u32;
    file.extend(&symbols);
    let strings_at = file.len() as u32;
    file.extend(&strings);
    file.resize(file.len().next_multiple_of(4), 0);
    let headers_at = file.len() as u32;
    words(file, &[0; 10]);
    words(file, &[0, 2, 0, 0, symbols_at, symbols.len() as u32, 2, 1, 4, 16]);
    words(file, &[0, 3, 0, 0, strings_at, strings.len() as u32, 0, 0, 1, 0]);
    file[32..36].copy_from_slice(&headers_at.to_le_bytes());
    file[48..50].copy_from_slice(&3_u16.to_le_bytes());
    file[50..52].copy_from_slice(&2_u16.to_le_bytes());
}

fn words(file: &mut Vec<u8>, values: &[u32]) {
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn halves(file: &mut Vec<u8>, values: &[u16]) {
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}
