//! The newest reasons why transactions do not wait.

use crate::record::Dropped;
use alloy_primitives::B256;
use std::collections::{BTreeMap, HashMap};

/// Reasons by transaction, the newest up to a bound.
#[derive(Debug)]
pub(crate) struct Reasons {
    most: usize,
    by_hash: HashMap<B256, Dropped>,
    by_number: BTreeMap<u64, B256>,
}

impl Reasons {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, by_hash: HashMap::new(), by_number: BTreeMap::new() }
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<&Dropped> {
        self.by_hash.get(hash)
    }

    /// Keeps a reason, in the place of an earlier one of the same transaction. Returns the transaction whose reason had
    /// to go for it.
    pub(crate) fn push(&mut self, hash: B256, reason: Dropped) -> Option<B256> {
        self.remove(&hash);
        self.by_number.insert(reason.number, hash);
        self.by_hash.insert(hash, reason);
        if self.by_number.len() <= self.most {
            return None;
        }
        let (_, oldest) = self.by_number.pop_first()?;
        self.by_hash.remove(&oldest);
        Some(oldest)
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, hash: &B256) -> bool {
        let removed = self.by_hash.remove(hash);
        removed.is_some_and(|reason| self.by_number.remove(&reason.number).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    fn reason(number: u64) -> Dropped {
        Dropped { number, at: 0, reason: number.to_string() }
    }

    #[test]
    fn the_oldest_goes_and_the_newest_of_a_transaction_counts() {
        let mut reasons = Reasons::new(2);
        assert_eq!(reasons.push(hash(1), reason(1)), None);
        assert_eq!(reasons.push(hash(2), reason(2)), None);
        assert_eq!(reasons.push(hash(1), reason(3)), None, "it takes the place of its own");
        assert_eq!(reasons.push(hash(3), reason(4)), Some(hash(2)));
        assert_eq!(reasons.get(&hash(1)), Some(&reason(3)));
        assert_eq!(reasons.get(&hash(2)), None);
        assert!(reasons.remove(&hash(1)) && !reasons.remove(&hash(1)));
        assert_eq!(reasons.push(hash(4), reason(5)), None);
        assert_eq!((reasons.by_hash.len(), reasons.by_number.len()), (2, 2));
        assert_eq!(Reasons::new(0).push(hash(1), reason(1)), Some(hash(1)), "none is kept");
    }
}
