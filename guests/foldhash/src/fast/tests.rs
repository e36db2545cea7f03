use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

/// The key is one for the whole process.
static ONE_KEY_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Words that look random (a linear congruence; the upper half of each state).
fn words(seed: u64) -> impl Iterator<Item = u32> {
    let next = |state: &u64| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(seed), next).skip(3).map(|state| (state >> 32) as u32)
}

fn key_of(seed: u64) -> [u32; KEY_WORDS] {
    let mut words = words(seed);
    std::array::from_fn(|_| words.next().unwrap())
}

fn with_key(key: &[u32; KEY_WORDS]) -> MutexGuard<'static, ()> {
    let guard = ONE_KEY_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    set_key(key);
    guard
}

fn hash(row: &[u32]) -> u32 {
    let mut hasher = RandomState.build_hasher();
    row.iter().for_each(|word| hasher.write_u32(*word));
    hasher.finish() as u32
}

/// The formulas of the README, in 128 bits.
fn formula(key: &[u32; KEY_WORDS], row: &[u32]) -> u32 {
    let added =
        |index: usize| (u128::from(*row.get(index).unwrap_or(&0)) + u128::from(key[index])) % (1 << 32);
    let sum: u128 = (0..row.len().div_ceil(2)).map(|pair| added(2 * pair) * added(2 * pair + 1)).sum();
    let factor = u128::from(key[14] | 1) + (u128::from(key[15]) << 32);
    let upper = (((sum % (1 << 64)) * factor) % (1 << 64)) >> 32;
    (((upper << 16) | (upper >> 16)) % (1 << 32)) as u32
}

/// Most keys that share a place in a table twice as large as their number.
fn most_in_one_place(rows: impl Iterator<Item = [u32; 8]>) -> usize {
    let rows: BTreeSet<_> = rows.collect();
    let hashes: Vec<u32> = rows.iter().map(|row| hash(row)).collect();
    let places = (2 * hashes.len()).next_power_of_two() as u32;
    let mut counts = BTreeMap::new();
    hashes.iter().for_each(|hash| *counts.entry(hash % places).or_insert(0) += 1);
    counts.into_values().max().unwrap()
}

#[test]
fn a_hash_is_what_the_readme_says() {
    for seed in 0..50 {
        let key = key_of(seed);
        let _guard = with_key(&key);
        for length in 0..=ADDED_WORDS {
            let row: Vec<u32> = words(1_000 + seed).take(length).collect();
            assert_eq!(hash(&row), formula(&key, &row));
        }
    }
}

#[test]
fn the_same_bytes_have_one_hash_however_they_are_written() {
    let _guard = with_key(&key_of(7));
    let row: Vec<u32> = words(8).take(8).collect();
    let bytes: Vec<u8> = row.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut by_bytes = RandomState.build_hasher();
    by_bytes.write(&bytes);
    let mut by_doubles = RandomState.build_hasher();
    row.as_chunks::<2>()
        .0
        .iter()
        .for_each(|[low, high]| by_doubles.write_u64(u64::from(*low) | u64::from(*high) << 32));
    assert_eq!((by_bytes.finish(), by_doubles.finish()), (by_doubles.finish(), by_bytes.finish()));
    assert_eq!(by_bytes.finish() as u32, hash(&row));
}

#[test]
fn every_word_counts_in_long_rows_too() {
    let _guard = with_key(&key_of(9));
    let row: Vec<u32> = words(10).take(40).collect();
    for index in 0..row.len() {
        let mut other = row.clone();
        other[index] ^= 1;
        assert_ne!(hash(&row), hash(&other), "{index}");
    }
}

#[test]
fn chosen_rows_spread_under_a_key_that_is_not_known() {
    type Row = fn(u32) -> [u32; 8];
    let rows: [(&str, Row); 7] = [
        ("ascending", |n| [n, 0, 0, 0, 0, 0, 0, 0]),
        ("ascending in steps", |n| [0, 0, 0, 0, 0, 0, n << 12, 0]),
        ("the last word", |n| [0, 0, 0, 0, 0, 0, 0, n.swap_bytes()]),
        // A function that multiplies words of the row with each other has the product 0 for all of them.
        ("zero products", |n| [n, n.rotate_left(9), 0, 0, n, !n, 0, 0]),
        // Differences in the top bits alone are lost where products are cut to 32 bits.
        ("top bits", |n| std::array::from_fn(|word| (n >> (2 * word)) << 30)),
        ("products of two numbers", |n| [n % 128, n / 128, n / 128, n % 128, 0, 0, 0, 0]),
        ("two bits in each word", |n| std::array::from_fn(|word| (n >> (2 * word)) & 3)),
    ];
    for seed in 0..8 {
        let _guard = with_key(&key_of(20 + seed));
        for (name, row) in rows {
            let most = most_in_one_place((0..16_384).map(row));
            assert!(most <= 16, "{name}: {most} keys in one place");
        }
    }
}

#[test]
fn rows_that_collide_under_one_key_spread_under_another() {
    let key = key_of(40);
    // Who knows the key makes the first factor 0, and the second may be anything.
    let colliding = |n: u32| [key[0].wrapping_neg(), n, 0, 0, 0, 0, 0, 0];
    {
        let _guard = with_key(&key);
        assert_eq!(most_in_one_place((0..4_096).map(colliding)), 4_096);
    }
    let _guard = with_key(&key_of(41));
    assert!(most_in_one_place((0..4_096).map(colliding)) <= 16);
}
