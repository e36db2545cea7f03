//! A node that proves is killed, and goes on with what was finished: a real proof, which Ethereum's contract verifies, of a
//! batch that is published in a blob.

#[path = "node_kill/process.rs"]
mod process;
#[path = "../../../crates/node/tests/support/mod.rs"]
mod support;

use process::Process;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};
use support::{Chain, account, ether, within};

/// Longest time for a part of the proof, and for what follows the last part.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Finished parts of the kind that names end with, and when they were written.
fn parts(folder: &Path, kind: &str) -> BTreeMap<String, SystemTime> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let parts = entries.map(|entry| entry.unwrap()).filter_map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        // A part may be removed meanwhile.
        name.ends_with(kind).then_some((name, entry.metadata().ok()?.modified().unwrap()))
    });
    parts.collect()
}

#[test]
#[ignore = "makes a real proof, which takes minutes, and takes anvil: contracts/scripts/install.sh"]
fn a_prover_that_is_killed_goes_on_with_finished_parts_and_believes_none_of_them() {
    let chain = Chain::new();
    let settings = chain.configure("127.0.0.1:0");
    let text = fs::read_to_string(&settings).unwrap();
    let text =
        text.replace("local = false", "local = true").replace("[batches]", "[batches]\ndata = \"blobs\"");
    fs::write(&settings, text).unwrap();
    let folder = chain.path("data/proofs/0000000001-1");

    let node = Process::start(&settings);
    node.wait_until_ready();
    chain.deposit(account("alice").address(), ether(1));
    within(PATIENCE, "a segment is proven", || !parts(&folder, ".segment").is_empty());
    node.kill();
    let segments = parts(&folder, ".segment");

    let node = Process::start(&settings);
    within(PATIENCE, "a recursion proof is made", || {
        // A segment goes when there is a recursion proof of it.
        let now = parts(&folder, ".segment");
        let is_kept = |(name, time)| now.get(name).is_none_or(|is| is == time);
        assert!(segments.iter().all(is_kept), "a segment is proven twice");
        !parts(&folder, ".recursion").is_empty()
    });
    node.kill();

    // The disk lies.
    let damaged = folder.join(parts(&folder, ".recursion").first_key_value().unwrap().0);
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();

    let node = Process::start(&settings);
    within(PATIENCE, "the batch is executed on Ethereum", || chain.progress().executed == 1);
    node.end();
    assert_eq!(chain.settlements(), [(0, true)]);
    assert_eq!(chain.blobs_of_settlements(), [1]);
}
