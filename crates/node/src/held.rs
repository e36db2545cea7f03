//! What keeps a proven batch from being settled.

use alloy_primitives::utils::format_ether;
use ashlar_ethereum::{Held, Outcome, Progress, Trouble};
use std::{
    fmt::{self, Display, Formatter},
    mem::discriminant,
};

/// What keeps a proven batch from being settled, until it passes by or somebody does something about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The contract is paused until then, Ethereum's time, seconds since the Unix epoch.
    Paused(u64),
    /// The contract would refuse it now, for this reason.
    Refused(String),
    /// Nothing is sent.
    Held(Held),
    /// What was sent does not come into a block.
    Trouble(Trouble),
}

impl Obstacle {
    /// What the sender says of one.
    pub(crate) fn of(progress: &Progress) -> Option<Self> {
        match progress {
            Progress::Held(held) => Some(Self::Held(held.clone())),
            Progress::InFlight { trouble: Some(trouble), .. } => Some(Self::Trouble(trouble.clone())),
            Progress::Done(Outcome::Refused { reason, .. }) => Some(Self::Refused(reason.clone())),
            _ => None,
        }
    }

    /// Whether it is the same one, perhaps with other prices or balances: that is not worth telling again.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Held(one), Self::Held(other)) => discriminant(one) == discriminant(other),
            (Self::Trouble(one), Self::Trouble(other)) => discriminant(one) == discriminant(other),
            (one, other) => one == other,
        }
    }
}

impl Display for Obstacle {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(until) => {
                write!(out, "the chain's contract is paused until {until}, in seconds of Ethereum's time")
            }
            Self::Refused(reason) => write!(out, "the contract refuses it now: {reason}"),
            Self::Held(Held::Fees(error)) | Self::Trouble(Trouble::Fees(error)) => {
                write!(out, "Ethereum costs too much: {error}")
            }
            Self::Held(Held::Funds { account, needs, has }) => {
                let (needs, has) = (format_ether(*needs), format_ether(*has));
                write!(out, "the account {account} has {has} ether, and the transaction can cost {needs}")
            }
            Self::Held(Held::Behind { is, expected }) => write!(
                out,
                "Ethereum's node is behind: it has the settling account's transactions up to nonce {is}, and {expected} was done"
            ),
            Self::Trouble(Trouble::Refused(reason)) => {
                write!(out, "Ethereum's node does not take the transaction: {reason}")
            }
            Self::Trouble(Trouble::NonceTaken) => out.write_str(
                "another program used the settling account's nonce; the account must be this node's alone",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, B256, U256};
    use ashlar_ethereum::FeeError;

    fn fees(base_fee: u128) -> Held {
        Held::Fees(FeeError::Gas { base_fee, tip: 0, limit: 1_000_000_000 })
    }

    fn funds(has: u64) -> Held {
        Held::Funds { account: Address::repeat_byte(1), needs: U256::from(7), has: U256::from(has) }
    }

    #[test]
    fn each_says_what_is_in_the_way() {
        let refused = Progress::Done(Outcome::Refused { key: vec![], reason: "BatchTime(3)".into() });
        let in_flight =
            |trouble| Progress::InFlight { key: vec![], nonce: 1, hash: B256::ZERO, variants: 1, trouble };
        for (progress, text) in [
            (refused, "BatchTime(3)"),
            (Progress::Held(fees(2_000_000_000)), "the most that may be paid is 1"),
            (Progress::Held(funds(3)), "0.000000000000000003 ether"),
            (Progress::Held(Held::Behind { is: 4, expected: 6 }), "behind"),
            (in_flight(Some(Trouble::Refused("full".into()))), "does not take the transaction: full"),
            (in_flight(Some(Trouble::NonceTaken)), "another program"),
        ] {
            let said = Obstacle::of(&progress).unwrap().to_string();
            assert!(said.contains(text), "{said}");
        }
        assert_eq!((Obstacle::of(&Progress::Idle), Obstacle::of(&in_flight(None))), (None, None));
        assert!(Obstacle::Paused(17).to_string().contains("until 17"));
    }

    #[test]
    fn other_numbers_are_no_other_obstacle() {
        let is_like = |one: Held, other: Held| Obstacle::Held(one).is_like(&Obstacle::Held(other));
        assert!(is_like(fees(2), fees(3)) && is_like(funds(1), funds(2)));
        assert!(!is_like(fees(2), funds(2)));
        let refused = |reason: &str| Obstacle::Refused(reason.into());
        assert!(refused("a").is_like(&refused("a")) && !refused("a").is_like(&refused("b")));
        assert!(!Obstacle::Trouble(Trouble::NonceTaken).is_like(&refused("a")));
    }
}
