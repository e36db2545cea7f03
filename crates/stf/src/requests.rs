//! EIP-7685 requests: deposits (EIP-6110), withdrawals (EIP-7002), consolidations (EIP-7251).

use crate::error::BlockError;
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Log, U256, b256};
use revm::precompile::crypto;

/// First topic of `DepositEvent(bytes,bytes,bytes,bytes,bytes)`.
const DEPOSIT_TOPIC: B256 = b256!("649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");

/// Type bytes, in the order in which they are hashed.
const DEPOSIT_TYPE: u8 = 0;
pub(crate) const WITHDRAWAL_TYPE: u8 = 1;
pub(crate) const CONSOLIDATION_TYPE: u8 = 2;

/// Bytes of a deposit log's data.
const DEPOSIT_LOG_BYTES: usize = 576;

/// Fields of a deposit log: where the ABI puts them, and their sizes.
const DEPOSIT_FIELDS: [(usize, usize); 5] = [(160, 48), (256, 32), (320, 8), (384, 96), (512, 8)];

/// The requests of a block, by ascending type, each a type byte and then data.
#[derive(Default)]
pub(crate) struct Requests(Vec<Vec<u8>>);

impl Requests {
    /// Appends the requests of one type; a type without data is not hashed.
    pub(crate) fn push(&mut self, kind: u8, data: &[u8]) {
        if !data.is_empty() {
            let mut request = Vec::with_capacity(data.len().saturating_add(1));
            request.push(kind);
            request.extend_from_slice(data);
            self.0.push(request);
        }
    }

    /// Appends the deposits that the contract logged.
    pub(crate) fn push_deposits<'a>(
        &mut self,
        contract: Address,
        logs: impl Iterator<Item = &'a Log>,
    ) -> Result<(), BlockError> {
        let mut data = Vec::new();
        for log in logs {
            if log.address == contract && log.topics().first() == Some(&DEPOSIT_TOPIC) {
                deposit(&log.data.data, &mut data).ok_or(BlockError::DepositLayout)?;
            }
        }
        self.push(DEPOSIT_TYPE, &data);
        Ok(())
    }

    /// SHA-256 of the concatenated SHA-256 hashes.
    pub(crate) fn hash(&self) -> B256 {
        let mut hashes = Vec::with_capacity(self.0.len().saturating_mul(32));
        for request in &self.0 {
            hashes.extend_from_slice(&crypto().sha256(request));
        }
        crypto().sha256(&hashes).into()
    }
}

/// Appends the five fields of a deposit log; `None` where its layout is not the contract's.
fn deposit(data: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if data.len() != DEPOSIT_LOG_BYTES {
        return None;
    }
    let word = |at: usize| {
        let bytes = data.get(at..at.checked_add(32)?)?;
        usize::try_from(U256::from_be_slice(bytes)).ok()
    };
    for (index, (offset, size)) in DEPOSIT_FIELDS.into_iter().enumerate() {
        if word(index.checked_mul(32)?)? != offset || word(offset)? != size {
            return None;
        }
        let start = offset.checked_add(32)?;
        out.extend_from_slice(data.get(start..start.checked_add(size)?)?);
    }
    Some(())
}
