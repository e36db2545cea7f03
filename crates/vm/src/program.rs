//! A program ready to run.

use ashlar_abi::memory::{DATA_START, MEMORY_BYTES, PAGE_BYTES, PAGE_WORDS};
use thiserror::Error;

use crate::{Instruction, Symbols};

/// Most bytes of initial memory that are not zero by definition.
pub const IMAGE_BYTES_MAX: u64 = 64 << 20;

/// Most segments of a program.
pub const SEGMENTS_MAX: usize = 64;

/// Whole pages of initial memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageChunk {
    /// Byte address, a multiple of the page size.
    pub address: u32,
    /// Content; a multiple of a page's words.
    pub words: Vec<u32>,
}

/// Bytes that the program wants at an address.
#[derive(Clone, Copy, Debug)]
pub struct LoadSegment<'a> {
    /// Byte address.
    pub address: u32,
    /// Bytes in memory; those above `bytes` are 0.
    pub size: u32,
    /// The first bytes; not more than `size`.
    pub bytes: &'a [u8],
    /// Whether it holds code.
    pub executable: bool,
}

/// Segments that do not make a program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// More than [`SEGMENTS_MAX`].
    #[error("{count} segments, more than {SEGMENTS_MAX}")]
    TooManySegments {
        /// How many.
        count: usize,
    },
    /// More than [`IMAGE_BYTES_MAX`] bytes to load.
    #[error("{bytes} bytes of initial memory, more than {IMAGE_BYTES_MAX}")]
    ImageTooLarge {
        /// How many.
        bytes: u64,
    },
    /// More bytes to load than the segment has room for.
    #[error("segment at {address:#010x} has {bytes} bytes for {size}")]
    ContentTooLong {
        /// Its address.
        address: u32,
        /// Bytes to load.
        bytes: u64,
        /// Bytes in memory.
        size: u32,
    },
    /// Part of a segment lies above the memory.
    #[error("segment of {size} bytes at {address:#010x} reaches outside of memory")]
    SegmentOutside {
        /// Its address.
        address: u32,
        /// Bytes in memory.
        size: u32,
    },
    /// Two segments share a byte.
    #[error("segments at {first:#010x} and {second:#010x} overlap")]
    SegmentsOverlap {
        /// The lower one's address.
        first: u32,
        /// The upper one's address.
        second: u32,
    },
    /// Code that the guest could write to.
    #[error("executable segment of {size} bytes at {address:#010x} is not inside of the image")]
    TextNotInImage {
        /// Its address.
        address: u32,
        /// Bytes in memory.
        size: u32,
    },
    /// Code in the last word of the image: the address after it, which a jump links, would not have 24 bits.
    #[error("executable segment of {size} bytes at {address:#010x} covers the image's last word")]
    TextAtImageEnd {
        /// Its address.
        address: u32,
        /// Bytes in memory.
        size: u32,
    },
    /// Code at an address that is not a multiple of 4, or whose size is not.
    #[error("executable segment of {size} bytes at {address:#010x} is not made of whole words")]
    TextMisaligned {
        /// Its address.
        address: u32,
        /// Bytes in memory.
        size: u32,
    },
    /// No segment holds code.
    #[error("no executable segment")]
    NoText,
    /// Execution would start where there is no code.
    #[error("entry point {entry:#010x} is not in the text")]
    EntryOutsideText {
        /// The entry point.
        entry: u32,
    },
}

/// A program ready to run: its decoded text, its initial memory, its entry point.
#[derive(Clone, Debug)]
pub struct Program {
    entry: u32,
    text: Text,
    image: Vec<ImageChunk>,
    symbols: Symbols,
}

impl Program {
    /// Lays out segments, in any order, and decodes the executable ones.
    pub fn from_segments(
        segments: &[LoadSegment<'_>],
        entry: u32,
        symbols: Symbols,
    ) -> Result<Self, LayoutError> {
        let mut segments: Vec<_> = segments.iter().copied().filter(|segment| segment.size > 0).collect();
        segments.sort_by_key(|segment| segment.address);
        check(&segments)?;
        let image = build_image(&segments);
        let text = Text::new(&segments)?;
        match text.index(entry) {
            Some(index) if text.instructions[index] != Instruction::OUTSIDE => {
                Ok(Self { entry, text, image, symbols })
            }
            _ => Err(LayoutError::EntryOutsideText { entry }),
        }
    }

    /// A program of these instruction words at this address, which is also its entry point.
    pub fn from_words(address: u32, words: &[u32]) -> Result<Self, LayoutError> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let size = u32::try_from(bytes.len())
            .map_err(|_| LayoutError::ImageTooLarge { bytes: bytes.len() as u64 })?;
        let segment = LoadSegment { address, size, bytes: &bytes, executable: true };
        Self::from_segments(&[segment], address, Symbols::default())
    }

    /// Address of the first instruction.
    pub const fn entry(&self) -> u32 {
        self.entry
    }

    /// Initial memory: chunks in ascending order that neither overlap nor touch; all else is 0.
    pub fn image(&self) -> &[ImageChunk] {
        &self.image
    }

    /// The decoded text.
    pub const fn text(&self) -> &Text {
        &self.text
    }

    /// The functions, for messages and profiles.
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }
}

/// The decoded text: one instruction for each word from the lowest to the highest executable address.
#[derive(Clone, Debug)]
pub struct Text {
    base: u32,
    /// Ends with [`Instruction::OUTSIDE`], so that falling off the end traps.
    instructions: Vec<Instruction>,
}

impl Text {
    fn new(segments: &[LoadSegment<'_>]) -> Result<Self, LayoutError> {
        let code = || segments.iter().filter(|segment| segment.executable);
        let (Some(first), Some(last)) = (code().next(), code().next_back()) else {
            return Err(LayoutError::NoText);
        };
        let base = first.address;
        let words = (last.address + last.size - base) as usize / 4;
        let mut instructions = vec![Instruction::OUTSIDE; words + 1];
        for segment in code() {
            let start = (segment.address - base) as usize / 4;
            let slots = &mut instructions[start..][..segment.size as usize / 4];
            for (i, slot) in slots.iter_mut().enumerate() {
                let word = word_at(segment.bytes, 4 * i);
                *slot = Instruction::decode(word, segment.address + 4 * i as u32);
            }
        }
        Ok(Self { base, instructions })
    }

    /// Address of the first instruction.
    #[inline(always)]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// The instructions from [`Self::base`] on, then one [`Op::Outside`](crate::Op::Outside). The same stands for
    /// words in gaps between executable segments.
    #[inline(always)]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Position of the instruction at this address; none if it is misaligned or outside.
    #[inline(always)]
    pub fn index(&self, address: u32) -> Option<usize> {
        // Rotating puts the two low bits on top, so that one comparison decides alignment and range.
        let index = address.wrapping_sub(self.base).rotate_right(2) as usize;
        if index < self.instructions.len() - 1 { Some(index) } else { None }
    }
}

/// Checks sizes and places of segments in ascending order.
fn check(segments: &[LoadSegment<'_>]) -> Result<(), LayoutError> {
    if segments.len() > SEGMENTS_MAX {
        return Err(LayoutError::TooManySegments { count: segments.len() });
    }
    let bytes = segments.iter().map(|segment| segment.bytes.len() as u64).sum();
    if bytes > IMAGE_BYTES_MAX {
        return Err(LayoutError::ImageTooLarge { bytes });
    }
    for &LoadSegment { address, size, bytes, executable } in segments {
        let end = u64::from(address) + u64::from(size);
        let bytes = bytes.len() as u64;
        if bytes > u64::from(size) {
            return Err(LayoutError::ContentTooLong { address, bytes, size });
        }
        if end > u64::from(MEMORY_BYTES) {
            return Err(LayoutError::SegmentOutside { address, size });
        }
        if executable && end > u64::from(DATA_START) {
            return Err(LayoutError::TextNotInImage { address, size });
        }
        if executable && end > u64::from(DATA_START - 4) {
            return Err(LayoutError::TextAtImageEnd { address, size });
        }
        if executable && !(address.is_multiple_of(4) && size.is_multiple_of(4)) {
            return Err(LayoutError::TextMisaligned { address, size });
        }
    }
    match segments.windows(2).find(|pair| pair[0].address + pair[0].size > pair[1].address) {
        Some(pair) => Err(LayoutError::SegmentsOverlap { first: pair[0].address, second: pair[1].address }),
        None => Ok(()),
    }
}

/// Initial memory of checked segments in ascending order, by whole pages.
fn build_image(segments: &[LoadSegment<'_>]) -> Vec<ImageChunk> {
    let mut image: Vec<ImageChunk> = Vec::new();
    for segment in segments.iter().filter(|segment| !segment.bytes.is_empty()) {
        let first_page = segment.address / PAGE_BYTES;
        let end_page = (segment.address + segment.bytes.len() as u32).div_ceil(PAGE_BYTES);
        let chunk = match image.last_mut() {
            // Two segments may share a page.
            Some(last) if last.address / PAGE_BYTES + last.words.len() as u32 / 16 >= first_page => last,
            _ => image.push_mut(ImageChunk { address: first_page * PAGE_BYTES, words: Vec::new() }),
        };
        chunk.words.resize((end_page - chunk.address / PAGE_BYTES) as usize * PAGE_WORDS, 0);
        for (i, byte) in segment.bytes.iter().enumerate() {
            let at = (segment.address - chunk.address) as usize + i;
            chunk.words[at / 4] |= u32::from(*byte) << (8 * (at % 4));
        }
    }
    image
}

/// The little-endian word at an offset; bytes past the end are 0.
fn word_at(bytes: &[u8], offset: usize) -> u32 {
    let tail = bytes.get(offset..).unwrap_or(&[]);
    tail.iter().take(4).enumerate().fold(0, |word, (i, byte)| word | u32::from(*byte) << (8 * i))
}
