//! The whole way of assets over a running node.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::{
    Chain, Claim, DepositRequest, ETHER, Finality, MessagePlace, Patience, RecoverError, Recovery, Stage,
};
use alloy_primitives::{Address, U256};
use ashlar_ethereum::{Account, Client, Wallet};
use std::time::Duration;

/// Wei per gas that the wallets offer at the most.
const MAX_FEE: u128 = 200_000_000_000;

/// Amounts that go over the bridge: wei of ether, smallest units of a token.
const AMOUNT: u64 = 1_000_000;

/// Deposits ether, and a token if one is named; moves, withdraws and claims a part; has a deposit of the token fail, and recovers
/// it. The account pays on both chains, and has some ether and the token on Ethereum. Panics where something is not as it should
/// be. `patience` is for each wait: until a batch is proven and executed.
pub fn assets_go_and_come_back(
    l2_url: &str,
    l1_url: &str,
    account: &Account,
    token: Option<Address>,
    patience: Duration,
) {
    let user = User::new(l2_url, l1_url, account, patience);
    let wei = U256::from(10).pow(U256::from(16));
    user.deposit(ETHER, wei, None);
    let mut places = vec![user.withdraw(ETHER)];
    let mut failed = None;
    if let Some(token) = token {
        user.deposit(token, U256::from(2 * AMOUNT), None);
        places.push(user.withdraw(token));
        failed = Some(user.failing_deposit(token));
    }
    for place in places {
        user.claim(place);
    }
    if let Some(transaction) = failed {
        user.recover(transaction);
    }
}

struct User {
    chain: Chain,
    l1: Wallet,
    l2: Wallet,
    patience: Patience,
}

impl User {
    fn new(l2_url: &str, l1_url: &str, account: &Account, timeout: Duration) -> Self {
        let chain = Chain::connect(l2_url, l1_url).unwrap();
        let wallet = |url| Wallet::with_key(Client::new(url), account.clone(), MAX_FEE).unwrap();
        let patience = Patience { interval: Duration::from_millis(500), timeout };
        Self { chain, l1: wallet(l1_url), l2: wallet(l2_url), patience }
    }

    /// Deposits to oneself; Ethereum's transaction, and whether it arrived.
    fn deposit(
        &self,
        token: Address,
        amount: U256,
        gas_limit: Option<u64>,
    ) -> (alloy_primitives::B256, bool) {
        let receiver = self.l1.address();
        let request = DepositRequest { token, amount, receiver, refund_recipient: None, gas_limit };
        let plan = self.chain.plan_deposit(receiver, &request).unwrap();
        let deposited = self.chain.deposit(&self.l1, &plan).unwrap();
        let result = self.chain.wait_for_deposit(&deposited, self.patience, |_| {}).unwrap();
        assert_eq!(result.failure.is_none(), gas_limit.is_none(), "{result:?}");
        (deposited.transaction, result.failure.is_none())
    }

    /// A deposit with too little gas to arrive.
    fn failing_deposit(&self, token: Address) -> alloy_primitives::B256 {
        let (transaction, arrived) = self.deposit(token, U256::from(AMOUNT), Some(60_000));
        assert!(!arrived);
        transaction
    }

    fn withdraw(&self, token: Address) -> MessagePlace {
        let to = self.l2.address();
        let withdrawn = self.chain.withdraw(&self.l2, token, U256::from(AMOUNT), to).unwrap();
        let finality = self.chain.finality(withdrawn.place.transaction).unwrap();
        assert!(finality >= Finality::Included { block: withdrawn.block }, "{finality:?}");
        let listed = self.chain.withdrawals(to, None).unwrap();
        assert!(listed.iter().any(|status| status.place == withdrawn.place));
        withdrawn.place
    }

    fn claim(&self, place: MessagePlace) {
        let status = self.chain.wait_for_withdrawal(place, self.patience, |_| {}).unwrap();
        assert!(matches!(status.stage, Stage::Claimable { .. }), "{status:?}");
        let claimed = self.chain.claim(&self.l1, place).unwrap();
        assert!(matches!(claimed, Claim::Paid { .. }), "{claimed:?}");
        let again = self.chain.claim(&self.l1, place).unwrap();
        assert!(matches!(again, Claim::PaidBefore { .. }), "{again:?}");
    }

    fn recover(&self, transaction: alloy_primitives::B256) {
        let deposit = self.chain.token_deposit(transaction).unwrap();
        let recovered = self.patience.ask(|| match self.chain.recover(&self.l1, &deposit) {
            Err(RecoverError::NotYet) => Ok::<_, crate::ReadError>(None),
            result => Ok(Some(result.unwrap())),
        });
        assert!(matches!(recovered.unwrap(), Some(Recovery::Recovered { .. })));
        assert_eq!(self.chain.recover(&self.l1, &deposit).unwrap(), Recovery::RecoveredBefore);
    }
}
