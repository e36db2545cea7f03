//! Creations: by transaction, by CREATE2, of proxies.

use super::people;
use crate::inputs::{
    accounts::Account,
    contracts::{Contracts, Workshop},
    scene::{CHAIN_ID, FEE_MAX, Scene, ether},
};
use alloy_consensus::TxLegacy;
use alloy_primitives::{TxKind, U256, keccak256};
use ashlar_witness::MadeBlock;

/// Gas limit of a creation by the workshop.
const WORKSHOP_GAS: u64 = 2_000_000;

/// A token by transaction, WETH9 by a transaction of the oldest type, a token by CREATE2, and a proxy of it.
pub(super) fn create(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(3)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let workshop = scene.create(&owner, contracts.workshop.clone())?;
    scene.seal()?;
    let holder = people[0].address;
    let token = scene.create(&people[0], contracts.new_token("First", "ONE", ether(100), holder))?;
    let legacy = TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce: scene.take_nonce(people[1].address),
        gas_price: FEE_MAX,
        gas_limit: WORKSHOP_GAS,
        to: TxKind::Create,
        input: contracts.weth.clone(),
        ..TxLegacy::default()
    };
    scene.push(&people[1], legacy)?;
    let code = contracts.new_token("Second", "TWO", ether(100), holder);
    let deploy = Workshop::deployCall { salt: keccak256("second"), code };
    scene.pay_at_most(&people[2], workshop, U256::ZERO, &deploy, WORKSHOP_GAS)?;
    let clone = Workshop::cloneCall { implementation: token, salt: keccak256("proxy") };
    scene.call(&people[2], workshop, &clone)?;
    scene.seal()
}
