//! Libraries that wallets and sites are made with. They come from npm: `npm ci` in `tests/compat`, then
//! `cargo test -p ashlar-rpc -- --ignored with_viem_and_ethers`.

use crate::world::*;
use std::{path::Path, process::Command, thread, time::Duration};

#[test]
#[ignore = "needs node and `npm ci` in crates/rpc/tests/compat"]
fn with_viem_and_ethers() {
    let world = World::new();
    // A block with operations, which the libraries do not know.
    world.make(&[operation(0).encode().into(), call(1, 0, LOGGER, words(&[7])), delegating(2, 0, 3, LOGGER)]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat");
    let key = alloy_primitives::hex::encode_prefixed(key(0).to_bytes());
    let mut script = Command::new("node");
    script.arg("check.mjs").current_dir(folder).args([world.server.address().to_string(), key]);
    script.args([LOGGER, REVERTER].map(|address| address.to_string()));
    let mut child = script.spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let waiting = world.pool.take();
        if !waiting.is_empty() {
            world.make(&waiting);
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success());
}
