//! The node is killed at random moments, under load, and nothing that it had said is lost.
//!
//! It takes anvil, so it is asked for by name: `contracts/scripts/install.sh`, then
//! `cargo test --package ashlar --test node_kill -- --ignored --nocapture`. ASHLAR_KILLS says how often (10), ASHLAR_KILLS_SEED from
//! which seed the moments follow, and ASHLAR_KILLS_TALLY names a file for what was counted. `cargo xtask soak node-kill` does more.

mod check;
mod load;
mod process;
mod random;
#[path = "../../../../crates/node/tests/support/mod.rs"]
mod support;

use ashlar_ethereum::Client;
use load::Load;
use process::Process;
use random::Random;
use serde_json::json;
use std::{
    env, fs,
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use support::{Chain, until};

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// A port of this machine that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Kills a node so many times; how many of them were before it answered.
fn kill(chain: &Chain, settings: &Path, kills: u64, random: &mut Random) -> u64 {
    let mut early = 0;
    for kill in 1..=kills {
        let node = Process::start(settings);
        // While it starts, or while it does everything else.
        if random.below(3) == 0 {
            thread::sleep(Duration::from_millis(random.below(400)));
        } else {
            node.wait_until_ready();
            thread::sleep(Duration::from_millis(random.below(3_000)));
        }
        let is_ready = node.is_ready();
        early += u64::from(!is_ready);
        node.kill();
        // What is sealed counts as proven mostly, so that there is something to settle.
        if random.below(4) != 0 {
            chain.put_all_proofs();
        }
        println!("kill {kill}: answering {is_ready}, batches settled {}", chain.progress().executed);
    }
    early
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn nothing_is_lost_when_the_node_is_killed_at_random_moments() {
    let (kills, seed) = (number("ASHLAR_KILLS", 10), number("ASHLAR_KILLS_SEED", 1));
    println!("ASHLAR_KILLS_SEED={seed} ASHLAR_KILLS={kills}");
    let begun = Instant::now();
    let mut random = Random::new(seed);
    let chain = Arc::new(Chain::new());
    chain.accept_everything();
    let settings = chain.configure(&format!("127.0.0.1:{}", free_port()));

    // Users get their money.
    let node = Process::start(&settings);
    let url = node.wait_until_ready();
    load::fund(&chain);
    let l2 = Client::new(&url);
    until("users have money", || {
        load::users().iter().all(|user| !l2.balance(user.address()).unwrap().is_zero())
    });
    node.end();

    let load = Load::start(&chain, &url, &mut random);
    let early = kill(&chain, &settings, kills, &mut random);

    // It comes up, and works off what there is.
    let node = Process::start(&settings);
    node.wait_until_ready();
    thread::sleep(Duration::from_secs(2));
    let seen = load.end();
    check::settle_down(&chain, &l2);
    check::receipts(&seen, &l2);
    let tokens = check::tokens(&l2);
    node.end();
    let last = chain.put_all_proofs();
    let node = Process::start(&settings);
    node.wait_until_ready();
    until("all batches are executed on Ethereum", || chain.progress().executed == last);
    node.end();
    let mut tally = check::store(&chain, &seen, tokens);
    check::ethereum(&chain, last);

    for (key, value) in [
        ("kills", kills),
        ("kills before it answered", early),
        ("batches settled", last),
        ("seconds", begun.elapsed().as_secs()),
    ] {
        tally[key] = json!(value);
    }
    println!("seed {seed}: {tally}");
    if let Some(file) = env::var_os("ASHLAR_KILLS_TALLY") {
        fs::write(file, tally.to_string()).unwrap();
    }
}
