//! The whole way of assets over a running node and its Ethereum.

use std::{env, path::Path, time::Duration};

use ashlar_ethereum::Account;
use ashlar_sdk::test_utils::assets_go_and_come_back;

/// Asked for by name: `ASHLAR_L1=URL ASHLAR_L2=URL ASHLAR_KEY_FILE=FILE [ASHLAR_TOKEN=ADDRESS] cargo test --package ashlar-sdk
/// --test end_to_end -- --ignored`. Takes as long as two batches need to be proven.
#[test]
#[ignore = "needs a running node: ASHLAR_L1, ASHLAR_L2, ASHLAR_KEY_FILE"]
fn assets_go_to_a_running_chain_and_come_back() {
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let account = Account::from_file(Path::new(&variable("ASHLAR_KEY_FILE"))).unwrap();
    let token = env::var("ASHLAR_TOKEN").ok().map(|token| token.parse().unwrap());
    let (l2, l1) = (variable("ASHLAR_L2"), variable("ASHLAR_L1"));
    assets_go_and_come_back(&l2, &l1, &account, token, Duration::from_secs(3_600));
}
