//! Where a batch's pubdata go: into calldata or into blobs.

use std::fmt::{self, Display, Formatter};

/// Bytes of a transaction that Ethereum's pools take, its blobs not counted.
const TRANSACTION_BYTES_MAX: usize = 128 * 1024;

/// Most bytes of a final proof: `the_longest_proof_is_known` compares.
pub(crate) const PROOF_BYTES_MAX: usize = 106_000;

/// Bytes of the transaction that settles a batch, beside proof, pubdata and operations: the call's words, both lists of siblings
/// of a range, the transaction's own fields and signature.
pub(crate) const SETTLE_BYTES: usize = 4_096;

/// Bytes of that transaction for each operation that it shows: hash and deadline.
const OPERATION_BYTES: usize = 64;

/// Gas for a byte of calldata (EIP-2028), and for hashing it.
const BYTE_GAS: u128 = 17;
const ZERO_BYTE_GAS: u128 = 5;

/// Gas of a blob, and of what the contract does to check it: the point evaluation, its calldata, the calls.
const BLOB_GAS: u128 = 131_072;
const BLOB_CHECK_GAS: u128 = 60_000;

/// What Ethereum asks for, wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// For gas.
    pub gas: u128,
    /// For blob gas.
    pub blob_gas: u128,
}

/// How the pubdata of a batch are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataWay {
    /// In the calldata of the transaction that settles it.
    Calldata,
    /// In blobs of that transaction.
    Blobs,
}

impl Display for DataWay {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Calldata => "calldata",
            Self::Blobs => "blobs",
        })
    }
}

/// How the way is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataPolicy {
    /// The cheaper way at the prices of the time. Calldata only where the transaction has room for them.
    #[default]
    Cheaper,
    /// Always blobs.
    Blobs,
}

impl DataPolicy {
    /// The way for these pubdata of a batch with this number of priority operations. Blobs have room for every batch.
    pub fn choose(self, pubdata: &[u8], operations: u64, prices: &Prices) -> DataWay {
        if self == Self::Blobs || pubdata.len() > calldata_room(operations) {
            return DataWay::Blobs;
        }
        // What fits into calldata fits into one blob.
        let calldata = calldata_gas(pubdata).saturating_mul(prices.gas);
        let check = BLOB_CHECK_GAS.saturating_mul(prices.gas);
        let blob = BLOB_GAS.saturating_mul(prices.blob_gas).saturating_add(check);
        if calldata <= blob { DataWay::Calldata } else { DataWay::Blobs }
    }
}

/// Bytes of pubdata for which the transaction has room that settles a batch with this number of operations.
pub fn calldata_room(operations: u64) -> usize {
    // One operation more may be shown, the next in the queue.
    let shown = usize::try_from(operations).unwrap_or(usize::MAX).saturating_add(1);
    TRANSACTION_BYTES_MAX
        .saturating_sub(PROOF_BYTES_MAX + SETTLE_BYTES)
        .saturating_sub(shown.saturating_mul(OPERATION_BYTES))
}

fn calldata_gas(bytes: &[u8]) -> u128 {
    let gas = |byte: &u8| if *byte == 0 { ZERO_BYTE_GAS } else { BYTE_GAS };
    bytes.iter().map(gas).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_contracts::{ContractShape, DeploymentKey};

    const GWEI: u128 = 1_000_000_000;

    #[test]
    fn the_longest_proof_is_known() {
        let key = DeploymentKey::current().unwrap().final_key().unwrap();
        let shape = ContractShape::new(&key).unwrap();
        let longest = shape.proof_bytes(shape.path_nodes_max());
        assert!(longest <= PROOF_BYTES_MAX, "{longest}");
    }

    #[test]
    fn a_transaction_with_blobs_is_one_that_pools_take() {
        let sidecar = ashlar_pubdata::BLOBS_MAX * (131_072 + 48 + 128 * 48);
        let shown = usize::try_from(crate::OPERATIONS_MAX + 1).unwrap() * OPERATION_BYTES;
        assert!(sidecar + PROOF_BYTES_MAX + SETTLE_BYTES + shown <= 1 << 20);
    }

    #[test]
    fn the_cheaper_way_is_chosen() {
        let choose = |bytes: usize, gas, blob_gas| {
            DataPolicy::Cheaper.choose(&vec![1; bytes], 0, &Prices { gas, blob_gas })
        };
        assert_eq!(choose(1_000, GWEI, 1), DataWay::Calldata);
        assert_eq!(choose(10_000, GWEI, 1), DataWay::Blobs);
        assert_eq!(choose(10_000, GWEI, GWEI), DataWay::Calldata);
        assert_eq!(DataPolicy::Blobs.choose(&[1], 0, &Prices { gas: GWEI, blob_gas: GWEI }), DataWay::Blobs);
        // Zeros cost less.
        let zeros = DataPolicy::Cheaper.choose(&[0; 10_000], 0, &Prices { gas: GWEI, blob_gas: 1 });
        assert_eq!(zeros, DataWay::Calldata);
    }

    #[test]
    fn what_a_transaction_has_no_room_for_goes_into_blobs() {
        let dear = Prices { gas: 1, blob_gas: u128::MAX };
        for operations in [0, 1, 100, crate::OPERATIONS_MAX] {
            let room = calldata_room(operations);
            assert_eq!(DataPolicy::Cheaper.choose(&vec![1; room], operations, &dear), DataWay::Calldata);
            assert_eq!(DataPolicy::Cheaper.choose(&vec![1; room + 1], operations, &dear), DataWay::Blobs);
        }
        assert!(calldata_room(0) > 16_384);
        // "About 300" of specification 023.
        assert!(calldata_room(300) > 512 && calldata_room(330) == 0);
        assert_eq!(calldata_room(crate::OPERATIONS_MAX), 0);
    }
}
