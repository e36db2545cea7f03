//! Upgrades of the protocol (`specs/016-priority-operations.md`).

use super::{
    UPGRADE_TYPE,
    operation::{OperationError, expect_length, split},
};
use crate::words::{WordReader, WordWriter};
use alloc::vec::Vec;
use alloy_primitives::{Address, Bytes, address};

/// Bytes of the words before the deployments.
const WORDS_BYTES: usize = 192;

/// Most gas of an upgrade.
const GAS_MAX: u64 = 1 << 26;

/// Most deployments of an upgrade.
const DEPLOYMENTS_MAX: u32 = 64;

/// Most bytes of a deployment's code (EIP-170).
const CODE_BYTES_MAX: usize = 24_576;

/// First byte of code that no transaction can deploy (EIP-3541).
const RESERVED_CODE_BYTE: u8 = 0xef;

/// Contract of the history of block hashes (EIP-2935).
const HISTORY: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");

/// A change of the chain's predeploys, and a call that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Upgrade {
    /// EIP-155 id of the chain that it is for.
    pub chain_id: u64,
    /// Version of the protocol that it leads to.
    pub protocol_version: u32,
    /// Who is called.
    pub to: Address,
    /// Gas limit of the call.
    pub gas_limit: u64,
    /// Code that is put into place before.
    pub deployments: Vec<Deployment>,
    /// Data of the call.
    pub data: Bytes,
}

/// Code for an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deployment {
    /// Where the code is put.
    pub address: Address,
    /// The code.
    pub code: Bytes,
}

impl Deployment {
    /// Refuses code that is not executed as it stands (EIP-3541), and other code for the history, on which depends what is
    /// published.
    fn check(&self) -> Result<(), OperationError> {
        if self.code.first() == Some(&RESERVED_CODE_BYTE) {
            return Err(OperationError::ReservedCode(self.address));
        }
        if self.address == HISTORY {
            return Err(OperationError::HistoryCode);
        }
        Ok(())
    }
}

impl Upgrade {
    /// The bytes that stand in a block. Fails where [`Upgrade::decode`] would.
    pub fn encode(&self) -> Result<Vec<u8>, OperationError> {
        let count = u64::try_from(self.deployments.len()).unwrap_or(u64::MAX);
        let long = |deployment: &Deployment| deployment.code.len() > CODE_BYTES_MAX;
        if count > DEPLOYMENTS_MAX.into() || self.deployments.iter().any(long) {
            return Err(OperationError::Deployments);
        }
        self.deployments.iter().try_for_each(Deployment::check)?;
        check_gas(self.gas_limit)?;
        let words = WordWriter::with_capacity(6)
            .u64(self.chain_id)
            .u64(self.protocol_version.into())
            .address(&self.to)
            .u64(self.gas_limit)
            .u64(count)
            .u64(self.data.len().try_into().unwrap_or(u64::MAX))
            .finish();
        let mut out = [&[UPGRADE_TYPE], words.as_slice()].concat();
        for Deployment { address, code } in &self.deployments {
            out.extend_from_slice(address.as_slice());
            out.extend_from_slice(&u32::try_from(code.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(code);
        }
        out.extend_from_slice(&self.data);
        Ok(out)
    }

    /// Reads the bytes of [`Upgrade::encode`], and no others.
    pub fn decode(bytes: &[u8]) -> Result<Self, OperationError> {
        let (words, mut rest) = split(bytes, UPGRADE_TYPE, WORDS_BYTES)?;
        let mut words = WordReader::new(words)?;
        let (chain_id, protocol_version) = (words.u64()?, words.u32()?);
        let (to, gas_limit) = (words.address()?, words.u64()?);
        let (count, length) = (words.u32()?, words.u32()?);
        check_gas(gas_limit)?;
        if count > DEPLOYMENTS_MAX {
            return Err(OperationError::Deployments);
        }
        let deployments = (0..count).map(|_| deployment(&mut rest)).collect::<Result<_, _>>()?;
        expect_length(rest.len(), length)?;
        let data = Bytes::copy_from_slice(rest);
        Ok(Self { chain_id, protocol_version, to, gas_limit, deployments, data })
    }
}

fn check_gas(limit: u64) -> Result<(), OperationError> {
    if limit > GAS_MAX { Err(OperationError::UpgradeGas(limit)) } else { Ok(()) }
}

fn deployment(rest: &mut &[u8]) -> Result<Deployment, OperationError> {
    let address = Address::from_slice(take(rest, 20)?);
    let length: [u8; 4] = take(rest, 4)?.try_into().map_err(|_| OperationError::Deployments)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > CODE_BYTES_MAX {
        return Err(OperationError::Deployments);
    }
    let deployment = Deployment { address, code: Bytes::copy_from_slice(take(rest, length)?) };
    deployment.check()?;
    Ok(deployment)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], OperationError> {
    let short = OperationError::Length { have: rest.len(), want: length };
    let (taken, after) = rest.split_at_checked(length).ok_or(short)?;
    *rest = after;
    Ok(taken)
}
