//! The batch input (`specs/002-batch-input.md`).

use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes};
use thiserror::Error;

/// Version of the encoding, for blocks of Ethereum.
const VERSION: u32 = 1;

/// Version of the encoding, for blocks of a rollup.
const ROLLUP_VERSION: u32 = 2;

/// Bytes to which every byte string is aligned.
const ALIGNMENT: usize = 4;

/// What the guest reads, borrowed from the bytes it came in. Nothing in it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchInput<'a> {
    /// Encoding of the chain configuration.
    pub config: &'a [u8],
    /// RLP headers before the first block, newest first.
    pub ancestors: Vec<&'a [u8]>,
    /// Blocks in order.
    pub blocks: Vec<BlockInput<'a>>,
    /// RLP trie nodes.
    pub state: Vec<&'a [u8]>,
    /// Contract bytecode.
    pub codes: Vec<&'a [u8]>,
}

/// One block of a [`BatchInput`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockInput<'a> {
    /// RLP header.
    pub header: &'a [u8],
    /// EIP-2718 transactions.
    pub transactions: Vec<&'a [u8]>,
    /// RLP withdrawals.
    pub withdrawals: Vec<&'a [u8]>,
}

/// A [`BatchInput`] that owns its bytes, for the hosts that make one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchInputOwned {
    /// Encoding of the chain configuration.
    pub config: Bytes,
    /// RLP headers before the first block, newest first.
    pub ancestors: Vec<Bytes>,
    /// Blocks in order.
    pub blocks: Vec<BlockInputOwned>,
    /// RLP trie nodes.
    pub state: Vec<Bytes>,
    /// Contract bytecode.
    pub codes: Vec<Bytes>,
}

/// A [`BlockInput`] that owns its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockInputOwned {
    /// RLP header.
    pub header: Bytes,
    /// EIP-2718 transactions.
    pub transactions: Vec<Bytes>,
    /// RLP withdrawals.
    pub withdrawals: Vec<Bytes>,
}

/// Why bytes are not a batch input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// The bytes end inside a field.
    #[error("input ends inside a field at byte {0}")]
    Truncated(usize),
    /// Another version than what was asked for.
    #[error("input version {found} is not supported (this is version {wanted})")]
    Version {
        /// Version of the input.
        found: u32,
        /// Version that is read.
        wanted: u32,
    },
    /// A versioned hash does not have 32 bytes.
    #[error("versioned hash {0} does not have 32 bytes")]
    VersionedHash(usize),
    /// A count or length beyond the bytes that remain.
    #[error("length {length} at byte {at} exceeds the input")]
    Length {
        /// Position of the length field.
        at: usize,
        /// The claimed count or length.
        length: u32,
    },
    /// A padding byte is not zero.
    #[error("padding before byte {0} is not zero")]
    Padding(usize),
    /// Bytes follow the last field.
    #[error("{0} bytes follow the last field")]
    Trailing(usize),
}

impl<'a> BatchInput<'a> {
    /// Reads an input without copying byte strings.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, InputError> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let config = reader.bytes()?;
        let input = Self::read(config, &mut reader)?;
        reader.finish()?;
        Ok(input)
    }

    /// Reads what comes behind the configuration.
    fn read(config: &'a [u8], reader: &mut Reader<'a>) -> Result<Self, InputError> {
        Ok(Self {
            config,
            ancestors: reader.list(Reader::bytes)?,
            blocks: reader.list(Reader::block)?,
            state: reader.list(Reader::bytes)?,
            codes: reader.list(Reader::bytes)?,
        })
    }
}

/// What the guest reads of a rollup's batch (`specs/023-settlement.md`), borrowed from the bytes it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupInput<'a> {
    /// Versioned hashes of the blobs that have the pubdata; none: calldata.
    pub versioned_hashes: Vec<B256>,
    /// The rest.
    pub batch: BatchInput<'a>,
}

/// A [`RollupInput`] that owns its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollupInputOwned {
    /// Versioned hashes of the blobs that have the pubdata; none: calldata.
    pub versioned_hashes: Vec<B256>,
    /// The rest.
    pub batch: BatchInputOwned,
}

impl RollupInputOwned {
    /// The same input, borrowed.
    pub fn borrow(&self) -> RollupInput<'_> {
        RollupInput { versioned_hashes: self.versioned_hashes.clone(), batch: self.batch.borrow() }
    }
}

impl<'a> RollupInput<'a> {
    /// Reads an input without copying byte strings.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, InputError> {
        let mut reader = Reader::new(bytes, ROLLUP_VERSION)?;
        let config = reader.bytes()?;
        let hash = |(index, bytes): (usize, &[u8])| {
            B256::try_from(bytes).map_err(|_| InputError::VersionedHash(index))
        };
        let hashes = reader.list(Reader::bytes)?;
        let versioned_hashes = hashes.into_iter().enumerate().map(hash).collect::<Result<_, _>>()?;
        let batch = BatchInput::read(config, &mut reader)?;
        reader.finish()?;
        Ok(Self { versioned_hashes, batch })
    }

    /// The encoding of the input. Fails only where a list or string has 2^32 items or more.
    pub fn encode(&self) -> Result<Vec<u8>, InputError> {
        let mut writer = Writer(Vec::new());
        writer.u32(ROLLUP_VERSION);
        writer.bytes(self.batch.config)?;
        writer.list(&self.versioned_hashes, |writer, hash| writer.bytes(hash.as_slice()))?;
        self.batch.write(&mut writer)?;
        Ok(writer.0)
    }
}

impl BatchInputOwned {
    /// The same input, borrowed.
    pub fn borrow(&self) -> BatchInput<'_> {
        BatchInput {
            config: &self.config,
            ancestors: slices(&self.ancestors),
            blocks: self.blocks.iter().map(BlockInputOwned::borrow).collect(),
            state: slices(&self.state),
            codes: slices(&self.codes),
        }
    }
}

impl BlockInputOwned {
    /// The same block, borrowed.
    pub fn borrow(&self) -> BlockInput<'_> {
        BlockInput {
            header: &self.header,
            transactions: slices(&self.transactions),
            withdrawals: slices(&self.withdrawals),
        }
    }
}

fn slices(items: &[Bytes]) -> Vec<&[u8]> {
    items.iter().map(AsRef::as_ref).collect()
}

impl BatchInput<'_> {
    /// The encoding of the input. Fails only where a list or string has 2^32 items or more.
    pub fn encode(&self) -> Result<Vec<u8>, InputError> {
        let mut writer = Writer(Vec::new());
        writer.u32(VERSION);
        writer.bytes(self.config)?;
        self.write(&mut writer)?;
        Ok(writer.0)
    }

    /// Writes what comes behind the configuration.
    fn write(&self, writer: &mut Writer) -> Result<(), InputError> {
        writer.list(&self.ancestors, |writer, item| writer.bytes(item))?;
        writer.list(&self.blocks, |writer, block| {
            writer.bytes(block.header)?;
            writer.list(&block.transactions, |writer, item| writer.bytes(item))?;
            writer.list(&block.withdrawals, |writer, item| writer.bytes(item))
        })?;
        writer.list(&self.state, |writer, item| writer.bytes(item))?;
        writer.list(&self.codes, |writer, item| writer.bytes(item))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins to read an input of this version.
    fn new(bytes: &'a [u8], wanted: u32) -> Result<Self, InputError> {
        let mut reader = Self { bytes, at: 0 };
        match reader.u32()? {
            found if found == wanted => Ok(reader),
            found => Err(InputError::Version { found, wanted }),
        }
    }

    /// Ends reading: nothing may remain.
    fn finish(self) -> Result<(), InputError> {
        match self.bytes.len().saturating_sub(self.at) {
            0 => Ok(()),
            rest => Err(InputError::Trailing(rest)),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], InputError> {
        let end = self.at.saturating_add(length);
        let taken = self.bytes.get(self.at..end).ok_or(InputError::Truncated(self.at))?;
        self.at = end;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, InputError> {
        let at = self.at;
        let word = self.take(4)?;
        Ok(u32::from_le_bytes(word.try_into().map_err(|_| InputError::Truncated(at))?))
    }

    /// A length of which every unit takes at least `unit` of the bytes that remain.
    fn length(&mut self, unit: usize) -> Result<usize, InputError> {
        let at = self.at;
        let length = self.u32()?;
        let remaining = self.bytes.len().saturating_sub(self.at);
        match usize::try_from(length) {
            Ok(value) if value.checked_mul(unit).is_some_and(|bytes| bytes <= remaining) => Ok(value),
            _ => Err(InputError::Length { at, length }),
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8], InputError> {
        let length = self.length(1)?;
        let bytes = self.take(length)?;
        let padding = self.take(padding(length))?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(InputError::Padding(self.at));
        }
        Ok(bytes)
    }

    fn list<T>(&mut self, item: fn(&mut Self) -> Result<T, InputError>) -> Result<Vec<T>, InputError> {
        let count = self.length(ALIGNMENT)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn block(&mut self) -> Result<BlockInput<'a>, InputError> {
        Ok(BlockInput {
            header: self.bytes()?,
            transactions: self.list(Self::bytes)?,
            withdrawals: self.list(Self::bytes)?,
        })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn length(&mut self, length: usize) -> Result<(), InputError> {
        let at = self.0.len();
        let value = u32::try_from(length).map_err(|_| InputError::Length { at, length: u32::MAX })?;
        self.u32(value);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), InputError> {
        self.length(bytes.len())?;
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().saturating_add(padding(bytes.len())), 0);
        Ok(())
    }

    fn list<T>(
        &mut self,
        items: &[T],
        write: impl Fn(&mut Self, &T) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        self.length(items.len())?;
        items.iter().try_for_each(|item| write(self, item))
    }
}

/// Zero bytes that follow a string of this length.
const fn padding(length: usize) -> usize {
    length.wrapping_neg() % ALIGNMENT
}
