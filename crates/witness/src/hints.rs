//! How a batch input reaches the guest (`specs/002-batch-input.md`).

/// The hint stream of an input: its length in bytes as one word, then its words, the last one padded with zeros.
///
/// # Panics
///
/// If the input has 2^32 bytes or more, which no encoding has.
pub fn hints(input: &[u8]) -> Vec<u32> {
    let length = u32::try_from(input.len()).expect("an encoding is below 2^32 bytes");
    let words = input.chunks(4).map(|chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(word)
    });
    std::iter::once(length).chain(words).collect()
}
