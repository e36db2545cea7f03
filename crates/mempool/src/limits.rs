//! Limits of a pool.

/// What a pool takes, and how much of it. Each has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most transactions: 65,536.
    pub transactions: usize,
    /// Most bytes of all transactions' encodings: 128 MiB. Memory is some three times that.
    pub bytes: usize,
    /// Most bytes of a transaction's encoding: 128 KiB, as in other pools of Ethereum.
    pub transaction_bytes: usize,
    /// How many nonces from its account's on a sender may use, which is how many transactions it can have: 256.
    pub per_sender: u64,
    /// Percent by which both fees of a replacement must be above those of the transaction that it replaces: 10.
    pub bump_percent: u64,
    /// Least tip, wei per gas: 0, since the base fee goes to the block's maker too.
    pub tip_min: u128,
    /// Most authorizations (EIP-7702) in a transaction: 64. Each costs a signature's recovery before anybody has paid.
    pub authorizations: usize,
    /// Whether transactions without a chain id (before EIP-155) are taken: no, since they can be replayed from other
    /// chains. Deterministic deployers want them.
    pub unprotected: bool,
    /// Most reasons that are kept of transactions that were accepted and dropped, and as many again of those that were
    /// refused at once: 16,384.
    pub reasons: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 1 << 16,
            bytes: 1 << 27,
            transaction_bytes: 1 << 17,
            per_sender: 256,
            bump_percent: 10,
            tip_min: 0,
            authorizations: 64,
            unprotected: false,
            reasons: 1 << 14,
        }
    }
}
