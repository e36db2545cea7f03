//! How fast the encoder, the decoder and Horner's rule are: `cargo test --release -p ashlar-pubdata --test bench --
//! --ignored --nocapture`.

mod common;

use alloy_primitives::{Address, B256, U256};
use ashlar_abi::{Accelerators, Reference};
use ashlar_pubdata::{AccountDiff, Change, Openings, Pubdata};
use std::time::{Duration, Instant};

/// The shortest of several runs.
fn fastest(mut run: impl FnMut()) -> Duration {
    (0..7)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn report(name: &str, bytes: usize, time: Duration) {
    println!("{name}: {bytes} bytes in {time:?}, {:.1} MB/s", bytes as f64 / time.as_secs_f64() / 1e6);
}

/// Transfers of a token: two slots each behind hashed keys, and an account that pays for it.
fn transfers(count: usize) -> Pubdata {
    let word = |seed: usize| alloy_primitives::keccak256(seed.to_be_bytes());
    let change = |seed: usize| {
        let before = U256::from_be_bytes(word(seed).0) >> 176;
        Change::between(&before, &before.wrapping_add(U256::from(seed) << 20_u32)).unwrap()
    };
    let mut slots: Vec<_> = (1..=2 * count).map(|i| (U256::from_be_bytes(word(i).0), change(i))).collect();
    slots.sort_unstable_by_key(|(key, _)| *key);
    let mut accounts: Vec<_> = (1..=count)
        .map(|i| AccountDiff {
            address: Address::from_word(word(i << 20)),
            nonce: Some(300),
            balance: Some(change(i)),
            code: None,
            slots: vec![],
        })
        .collect();
    let token = Address::repeat_byte(0x77);
    accounts.push(AccountDiff { address: token, nonce: None, balance: None, code: None, slots });
    accounts.sort_unstable_by_key(|account| account.address);
    let header = common::plain_header(1, B256::ZERO);
    Pubdata { header, hashes: vec![], logs: vec![], accounts }
}

#[test]
#[ignore = "measures"]
fn throughput() {
    for count in [625, 1_250, 2_500, 5_000] {
        let values = transfers(count);
        let bytes = values.encode().unwrap();
        report("encode", bytes.len(), fastest(|| drop(std::hint::black_box(values.encode()))));
        report("decode", bytes.len(), fastest(|| drop(std::hint::black_box(Pubdata::decode(&bytes)))));
        let blobs = (bytes.len() + 4).div_ceil(126_976);
        let open = || drop(Openings::new(&bytes, &vec![B256::ZERO; blobs], Reference::modmul256_assign));
        report("open", bytes.len(), fastest(open));
    }
}
