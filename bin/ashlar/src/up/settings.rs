//! The node's configuration file: written once, and read from then on. What is typed counts above it.

use super::{Arguments, chain::CHAIN_FILE, folder::Folder};
use alloy_primitives::Address;
use ashlar_node::Settings;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Its name in the folder.
pub(super) const FILE: &str = "node.toml";

/// Where JSON-RPC is served, and the longest time from a block to its batch, seconds, if nothing says another.
const RPC: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3_050);
const BATCH_AGE: u64 = 15;

/// What the folder's file says; `None` if there is none.
pub(super) fn read(folder: &Folder) -> eyre::Result<Option<Settings>> {
    let file = folder.file(FILE);
    Ok(file.exists().then(|| Settings::read(&file)).transpose()?)
}

/// Writes the file if there is none.
pub(super) fn write_once(
    folder: &Folder,
    arguments: &Arguments,
    l1: &str,
    is_own: bool,
    fee_recipient: Address,
) -> eyre::Result<()> {
    if !folder.file(FILE).exists() {
        folder.write(FILE, &text(arguments, l1, is_own, fee_recipient))?;
    }
    Ok(())
}

/// What is typed counts, for this start.
pub(super) fn apply(settings: &mut Settings, arguments: &Arguments, l1: &str) {
    l1.clone_into(&mut settings.l1.url);
    settings.rpc.listen = arguments.rpc.unwrap_or(settings.rpc.listen);
    settings.batch_age = arguments.batch_age.map_or(settings.batch_age, Duration::from_secs);
    settings.prove &= !arguments.no_prover;
}

fn text(arguments: &Arguments, l1: &str, is_own: bool, fee_recipient: Address) -> String {
    // On an anvil of one's own nobody takes blocks back.
    let (confirmations, poll_ms) = if is_own { (0, 500) } else { (12, 3_000) };
    let listen = arguments.rpc.unwrap_or(RPC);
    let batch_age = arguments.batch_age.unwrap_or(BATCH_AGE);
    format!(
        r#"# Settings of this chain's node. `ashlar up` reads them, and `ashlar node` does. Paths are relative to this folder.

data = "data"
chain = "{CHAIN_FILE}"

[l1]
rpc = "{l1}"
# Blocks that must follow one before its deposits count.
confirmations = {confirmations}
# The account that settles. It must be this node's alone.
key_file = "keys/operator.key"
# Most that is paid for a unit of gas, and of blob gas.
max_fee_gwei = 200
max_blob_fee_gwei = 200
poll_ms = {poll_ms}

[rpc]
listen = "{listen}"

[sequencer]
fee_recipient = "{fee_recipient}"
block_time_ms = 250

[batches]
# Longest time from a block to its batch.
max_age_seconds = {batch_age}
# How batches are published: "cheapest", or "blobs".
data = "cheapest"

[prover]
# Whether this process proves.
local = true
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};
    use std::path::Path;

    const L1: &str = "http://127.0.0.1:8545";

    fn typed(words: &[&str]) -> Arguments {
        let command = Arguments::augment_args(clap::Command::new("up"));
        Arguments::from_arg_matches(&command.get_matches_from([&["up"][..], words].concat())).unwrap()
    }

    fn parse(text: &str) -> Settings {
        Settings::parse(text, Path::new("/folder/node.toml")).unwrap()
    }

    #[test]
    fn the_first_start_writes_what_is_typed_or_the_defaults() {
        let settings = |words: &[&str]| parse(&text(&typed(words), L1, true, Address::repeat_byte(0xfe)));
        let plain = settings(&[]);
        assert_eq!((plain.rpc.listen, plain.batch_age), (RPC, Duration::from_secs(15)));
        assert_eq!((plain.l1.url.as_str(), plain.prove), (L1, true));
        let chosen = settings(&["--rpc", "127.0.0.1:9", "--batch-age", "70", "--no-prover"]);
        assert_eq!((chosen.rpc.listen.port(), chosen.batch_age.as_secs()), (9, 70));
        assert!(chosen.prove, "not to prove is of one start");
    }

    #[test]
    fn later_what_is_typed_counts_and_otherwise_the_file() {
        let written = text(&typed(&[]), L1, false, Address::repeat_byte(0xfe));
        let edited = written
            .replace("127.0.0.1:3050", "127.0.0.1:4000")
            .replace("max_age_seconds = 15", "max_age_seconds = 99")
            .replace("local = true", "local = false");
        let started = |words: &[&str]| {
            let mut settings = parse(&edited);
            apply(&mut settings, &typed(words), "http://there");
            settings
        };
        let plain = started(&[]);
        assert_eq!((plain.rpc.listen.port(), plain.batch_age.as_secs(), plain.prove), (4_000, 99, false));
        assert_eq!(plain.l1.url, "http://there");
        let typed = started(&["--rpc", "127.0.0.1:5000", "--batch-age", "3"]);
        assert_eq!((typed.rpc.listen.port(), typed.batch_age.as_secs(), typed.prove), (5_000, 3, false));
        let mut proving = parse(&written);
        apply(&mut proving, &self::typed(&["--no-prover"]), L1);
        assert!(!proving.prove);
    }
}
