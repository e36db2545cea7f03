//! What happens in each generated block. The blocks before it, which set the stage, are not written.

mod create;
mod delegate;
mod exchange;
mod mixed;
mod tokens;

use super::{
    accounts::Account,
    contracts::Contracts,
    scene::{Scene, bystander, ether},
};
use ashlar_witness::MadeBlock;

/// A block to generate.
pub(super) struct Scenario {
    /// Name of its folder.
    pub(super) name: &'static str,
    pub(super) make: fn(&Contracts) -> eyre::Result<MadeBlock>,
}

/// All of them.
pub(super) const SCENARIOS: [Scenario; 8] = [
    Scenario { name: "transfers", make: transfers },
    Scenario { name: "erc20", make: tokens::erc20 },
    Scenario { name: "erc721", make: tokens::erc721 },
    Scenario { name: "uniswap-v2", make: exchange::uniswap_v2 },
    Scenario { name: "create", make: create::create },
    Scenario { name: "eip7702", make: delegate::eip7702 },
    Scenario { name: "mixed", make: mixed::mixed },
    Scenario { name: "small", make: tokens::small },
];

/// Ten transfers of ether: half to accounts that exist, half to new ones.
fn transfers(_: &Contracts) -> eyre::Result<MadeBlock> {
    let people = people(10)?;
    let mut scene = Scene::new(&people)?;
    // Not the first block: by then the contracts that every block calls have storage.
    scene.seal()?;
    for (index, person) in people.iter().enumerate() {
        let to = match index % 2 {
            0 => bystander(index),
            _ => super::accounts::address(&format!("newcomer {index}")),
        };
        scene.transfer(person, to, ether(index as u64 + 1))?;
    }
    scene.seal()
}

/// So many accounts that sign.
fn people(count: usize) -> eyre::Result<Vec<Account>> {
    (0..count).map(|index| Account::named(&format!("person {index}"))).collect()
}
