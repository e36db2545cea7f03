//! The stream of specification 019: pubdata as the coefficients of polynomials, one for each blob.

use alloc::vec::Vec;
use thiserror::Error;

/// Most blobs of a batch (EIP-7594: of a transaction).
pub const BLOBS_MAX: usize = 6;

/// Pieces of the stream in a blob: coefficients of its polynomial.
pub const PIECES: usize = 4_096;

/// Bytes of a piece: the most that are below the scalar field's order whatever they are.
pub const PIECE_BYTES: usize = 31;

/// Bytes of the stream in a blob.
pub const STREAM_BYTES_PER_BLOB: usize = PIECES * PIECE_BYTES;

/// Bytes of the length at the start of the stream.
pub(crate) const LENGTH_BYTES: usize = 4;

/// Pubdata as a stream: the length, the pubdata, zeros to whole blobs. Nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'a> {
    pubdata: &'a [u8],
    length: [u8; LENGTH_BYTES],
    /// Pieces that hold length and pubdata; those behind are zero.
    pieces: usize,
}

/// Why bytes are no stream, or pubdata have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StreamError {
    /// More than six blobs hold.
    #[error("{0} bytes of pubdata exceed what six blobs hold")]
    TooLong(usize),
    /// The bytes of the stream are not those of whole blobs, 1 to 6.
    #[error("a stream of {0} bytes does not fill blobs")]
    Length(usize),
    /// The stream has another number of blobs than its pubdata need.
    #[error("{blobs} blobs where {bytes} bytes of pubdata need another number")]
    Blobs {
        /// Blobs of the stream.
        blobs: usize,
        /// Bytes of pubdata that it names.
        bytes: u32,
    },
    /// A byte behind the pubdata is not zero.
    #[error("the stream's padding is not zero")]
    Padding,
}

impl<'a> Stream<'a> {
    /// The stream of pubdata.
    pub fn new(pubdata: &'a [u8]) -> Result<Self, StreamError> {
        let too_long = StreamError::TooLong(pubdata.len());
        let bytes = pubdata.len().checked_add(LENGTH_BYTES).ok_or(too_long)?;
        let pieces = bytes.div_ceil(PIECE_BYTES);
        if pieces > BLOBS_MAX.saturating_mul(PIECES) {
            return Err(too_long);
        }
        let length = u32::try_from(pubdata.len()).map_err(|_| too_long)?.to_be_bytes();
        Ok(Self { pubdata, length, pieces })
    }

    /// How many blobs the stream fills, 1 to 6.
    pub const fn blobs(&self) -> usize {
        self.pieces.div_ceil(PIECES)
    }

    /// The pieces of a blob that hold length and pubdata, from coefficient 0 up; those behind are zero.
    pub fn pieces(&self, blob: usize) -> impl DoubleEndedIterator<Item = [u8; PIECE_BYTES]> + '_ {
        let start = blob.saturating_mul(PIECES).min(self.pieces);
        let end = start.saturating_add(PIECES).min(self.pieces);
        (start..end).map(|index| self.piece(index))
    }

    fn piece(&self, index: usize) -> [u8; PIECE_BYTES] {
        // Of the first piece, a part is the length.
        let Some(offset) = index.saturating_mul(PIECE_BYTES).checked_sub(LENGTH_BYTES) else {
            return joined(&self.length, self.pubdata);
        };
        let (_, rest) = self.pubdata.split_at_checked(offset).unwrap_or((&[], &[]));
        rest.first_chunk().copied().unwrap_or_else(|| joined(&[], rest))
    }

    /// The pubdata of a stream of whole blobs.
    pub fn decode(stream: &'a [u8]) -> Result<&'a [u8], StreamError> {
        let blobs = stream.len().checked_div(STREAM_BYTES_PER_BLOB).unwrap_or(0);
        let (length, rest) = stream.split_first_chunk().ok_or(StreamError::Length(stream.len()))?;
        if blobs > BLOBS_MAX || blobs.saturating_mul(STREAM_BYTES_PER_BLOB) != stream.len() {
            return Err(StreamError::Length(stream.len()));
        }
        let bytes = u32::from_be_bytes(*length);
        let (pubdata, padding) = usize::try_from(bytes)
            .ok()
            .and_then(|length| rest.split_at_checked(length))
            .filter(|(pubdata, _)| Stream::new(pubdata).is_ok_and(|stream| stream.blobs() == blobs))
            .ok_or(StreamError::Blobs { blobs, bytes })?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(StreamError::Padding);
        }
        Ok(pubdata)
    }

    /// All bytes of the stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = self.blobs().saturating_mul(STREAM_BYTES_PER_BLOB);
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&self.length);
        bytes.extend_from_slice(self.pubdata);
        bytes.resize(length, 0);
        bytes
    }
}

/// The first bytes of both together, and zeros where they end.
fn joined(first: &[u8], second: &[u8]) -> [u8; PIECE_BYTES] {
    let mut piece = [0; PIECE_BYTES];
    for (to, from) in piece.iter_mut().zip(first.iter().chain(second)) {
        *to = *from;
    }
    piece
}
