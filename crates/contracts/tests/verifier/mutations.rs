//! Changed proofs: whatever is changed, and however it is made up for, both verifiers give the same verdict.

use std::ops::Range;

use ashlar_machine::Val;
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{FinalKey, LastTable, RefusedFinal, Tree, Word, verify_final};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::evm::{ProofLength, ProofTwoRows, Verdict, revert, tree_number, verify};
use crate::honest::NO_GRINDING;
use crate::layout::{Kind, Region, grind_again, regions};
use crate::real;
use crate::table::{Fixture, SMALL, TestAir, words};
use alloy_sol_types::SolError;

/// Numbers that follow from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // No seed gives the state that xorshift never leaves.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    /// A number below this one, which is not zero.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// A variable of the environment as a number.
pub(crate) fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}

/// A proof with all that is needed to change it.
struct Subject<A> {
    key: FinalKey<A>,
    words: Vec<Word>,
    bytes: Vec<u8>,
    regions: Vec<Region>,
    /// Whether nonces are found quickly.
    grinds: bool,
}

impl<A: LastTable> Subject<A> {
    fn new(key: FinalKey<A>, words: Vec<Word>, bytes: Vec<u8>) -> Self {
        let regions = regions(&key, &words, &bytes);
        let grinds = key.shape.parameters.query_grinding <= 8;
        Self { key, words, bytes, regions, grinds }
    }

    /// One or more changes, made up for or not.
    fn mutate(&self, random: &mut Random) -> (Vec<u8>, Vec<Word>) {
        let mut bytes = self.bytes.clone();
        let mut words = self.words.clone();
        for _ in 0..1 + random.below(6) / 5 {
            self.change(random, &mut bytes, &mut words);
        }
        let has_header = bytes.len() >= self.bytes.len();
        if self.grinds && has_header && random.below(2) == 0 {
            grind_again(&self.key, &words, &mut bytes);
        }
        (bytes, words)
    }

    fn change(&self, random: &mut Random, bytes: &mut Vec<u8>, words: &mut [Word]) {
        let kind = random.below(12);
        // Other changes may have moved the end.
        let region = self.region(random).clone();
        if region.bytes.end > bytes.len() {
            return;
        }
        let place = region.bytes.start + random.below(region.bytes.len());
        match kind {
            0 => {
                let byte = random.below(bytes.len());
                bytes[byte] ^= 1 << random.below(8);
            }
            1 => bytes[place] ^= 1 << random.below(8),
            2 | 3 => self.change_element(random, &region, bytes),
            4 => exchange(random, &region, bytes),
            5 => self.copy(random, &region, bytes),
            6 => drop(bytes.drain(place..(place + 1 + random.below(64)).min(region.bytes.end))),
            7 => {
                let size = *random.pick(&[1, 4, 16, 26]);
                bytes.splice(place..place, vec![0; size]);
            }
            8 => bytes.truncate(place),
            9 => {
                // A part again, somewhere else.
                let part = bytes[region.bytes.clone()].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, part);
            }
            10 => {
                let word = random.below(words.len());
                words[word][random.below(4)] += Val::ONE;
            }
            _ => {
                let by = random.below(bytes.len());
                bytes.rotate_left(by);
            }
        }
    }

    /// Each kind of region as often as any other.
    fn region(&self, random: &mut Random) -> &Region {
        let mut kinds: Vec<Kind> = Vec::new();
        for region in &self.regions {
            if !kinds.contains(&region.kind) {
                kinds.push(region.kind);
            }
        }
        let kind = random.pick(&kinds);
        let same: Vec<_> = self.regions.iter().filter(|region| region.kind == *kind).collect();
        same[random.below(same.len())]
    }

    /// Another element, or another encoding of the same one.
    fn change_element(&self, random: &mut Random, region: &Region, bytes: &mut [u8]) {
        if !region.kind.is_elements() {
            return;
        }
        let place = region.bytes.start + 4 * random.below(region.bytes.len() / 4);
        let element: &mut [u8; 4] = bytes[place..].first_chunk_mut().expect("four bytes");
        let number = u32::from_be_bytes(*element);
        let p = Val::ORDER_U32;
        let other = match random.below(5) {
            0 => number.wrapping_add(p),
            1 => number.wrapping_add(1) % p,
            2 => p.wrapping_sub(number),
            3 => p - 1,
            _ => random.next() as u32 % p,
        };
        *element = other.to_be_bytes();
    }

    /// A region's bytes over those of another one of its kind.
    fn copy(&self, random: &mut Random, region: &Region, bytes: &mut [u8]) {
        let same = |other: &&Region| {
            std::mem::discriminant(&other.kind) == std::mem::discriminant(&region.kind)
                && other.bytes.len() == region.bytes.len()
                // An earlier change may have cut it off.
                && other.bytes.end <= bytes.len()
        };
        let others: Vec<_> = self.regions.iter().filter(same).collect();
        let from = random.pick(&others).bytes.clone();
        bytes.copy_within(from, region.bytes.start);
    }
}

/// Two parts of a region: siblings, nodes, elements.
fn exchange(random: &mut Random, region: &Region, bytes: &mut [u8]) {
    let unit = region.kind.unit();
    let count = region.bytes.len() / unit;
    let [a, b] = [random.below(count), random.below(count)].map(|i| region.bytes.start + unit * i);
    for i in 0..unit {
        bytes.swap(a + i, b + i);
    }
}

/// Counts by verdict.
#[derive(Debug, Default)]
struct Tally(std::collections::BTreeMap<String, u32>);

impl Tally {
    fn add(&mut self, native: &RefusedFinal) {
        let name = format!("{native:?}");
        let name = name.split(['(', ' ']).next().unwrap_or_default().to_owned();
        *self.0.entry(name).or_default() += 1;
    }

    /// For the person at the terminal, and for `cargo xtask soak contracts`.
    fn write(&self, name: &str) {
        println!("{name}: {:?}", self.0);
        if let Ok(folder) = std::env::var("ASHLAR_FINAL_MUTATIONS_TALLY") {
            let text = serde_json::to_string(&self.0).expect("text");
            std::fs::write(format!("{folder}/{name}.json"), text).expect("a file");
        }
    }
}

/// Both verifiers' verdict on one proof: the same, with the same reason.
fn compare(native: &Result<(), RefusedFinal>, contract: &Verdict) -> Result<(), String> {
    let Err(native) = native else {
        let accepted = matches!(contract, Verdict::Accepted { .. });
        return if accepted { Ok(()) } else { Err(format!("only the contract refuses: {contract:?}")) };
    };
    let Some(data) = contract.reverted() else {
        return Err(format!("{native}, but the contract: {contract:?}"));
    };
    let expected = revert(native, tree_number);
    if data[..] == expected[..] || may_come_first(native, data) {
        return Ok(());
    }
    Err(format!("{native}, but the contract 0x{}", hex::encode(data)))
}

/// Proofs with two faults, of which each verifier names the one that it sees first: the contract compares rows of equal
/// indices before it folds and before it reads on, and sees that bytes are missing before it looks at those that are there.
fn may_come_first(native: &RefusedFinal, data: &[u8]) -> bool {
    match native {
        RefusedFinal::FinalPolynomial | RefusedFinal::Root(_) | RefusedFinal::Truncated => {
            data.starts_with(&ProofTwoRows::SELECTOR)
        }
        RefusedFinal::NotCanonical => {
            data.starts_with(&ProofTwoRows::SELECTOR) || data.starts_with(&ProofLength::SELECTOR)
        }
        _ => false,
    }
}

/// How many proofs are changed in all, of which three in ten are real ones, and the seed of the changes.
fn counts() -> (Range<u64>, Range<u64>, u64) {
    let count = variable("ASHLAR_FINAL_MUTATIONS", 500);
    let small = count - count * 3 / 10;
    (0..small, small..count, variable("ASHLAR_FINAL_MUTATIONS_SEED", 1))
}

fn random(seed: u64, case: u64) -> Random {
    Random::new(seed.wrapping_mul(1_000_003).wrapping_add(case))
}

#[test]
fn both_verifiers_give_one_verdict_on_changed_proofs_of_small_tables() {
    let (cases, _, seed) = counts();
    let narrow = crate::narrow::small();
    let narrow = Subject::new(narrow.key, narrow.words, narrow.bytes);
    let tables = [SMALL, NO_GRINDING].map(|parameters| {
        let Fixture { key, words, bytes, .. } = Fixture::new(&parameters, 2, 5);
        Subject::new(key, words, bytes)
    });
    let mut tally = Tally::default();
    for case in cases {
        let mut random = random(seed, case);
        match random.below(3) {
            0 => judge_small(&narrow, &mut random, case, &mut tally),
            1 => judge_small(&tables[0], &mut random, case, &mut tally),
            _ => judge_small(&tables[1], &mut random, case, &mut tally),
        }
    }
    tally.write("small");
}

#[test]
fn both_verifiers_give_one_verdict_on_changed_real_proofs() {
    let (_, cases, seed) = counts();
    let mut tally = Tally::default();
    for case in cases {
        let mut random = random(seed, case);
        let honest = &real::proofs()[random.below(real::proofs().len())];
        let subject = Subject::new(honest.key.clone(), honest.words.clone(), honest.bytes.clone());
        judge(&subject, &mut random, case, &mut tally, &mut |bytes, words| {
            // The contract makes its words itself: others are given to the same code with the same shape.
            if words == honest.words { honest.verify(bytes) } else { verify(&honest.key, words, bytes) }
        });
    }
    tally.write("real");
}

fn judge_small<A: LastTable>(subject: &Subject<A>, random: &mut Random, case: u64, tally: &mut Tally) {
    judge(subject, random, case, tally, &mut |bytes, words| verify(&subject.key, words, bytes));
}

fn judge<A: LastTable>(
    subject: &Subject<A>,
    random: &mut Random,
    case: u64,
    tally: &mut Tally,
    contract: &mut dyn FnMut(&[u8], &[Word]) -> Verdict,
) {
    let (bytes, words) = subject.mutate(random);
    if bytes == subject.bytes && words == subject.words {
        return;
    }
    let native = verify_final(&bytes, &subject.key, &words);
    let verdict = contract(&bytes, &words);
    if let Err(error) = compare(&native, &verdict) {
        panic!("case {case}: {error}");
    }
    // Nothing that is changed is a proof: there is one encoding, and the nonces are the least ones.
    tally.add(&native.expect_err("a changed proof is refused"));
}

/// Traces that do not hold, proven by a prover that does not look: everything fits but the one thing that is false.
#[test]
fn forged_proofs_are_refused_for_the_one_thing_that_is_false() {
    let random = &mut Random::new(11);
    let (air, words) = (TestAir { words: 3, degree: 5 }, words(3));
    for parameters in [SMALL, NO_GRINDING] {
        for column in 0..8 {
            // Of the first four columns only rows that read a word are bound.
            let rows = if column < 4 { vec![0, 2] } else { vec![0, 3 + random.below(60), 63] };
            for row in rows {
                let mut trace = air.trace(&words);
                trace.values[8 * row + column] += Val::ONE;
                let forged = Fixture::of_trace(&parameters, &air, &words, &trace, None);
                let native = verify_final(&forged.bytes, &forged.key, &forged.words);
                let contract = verify(&forged.key, &forged.words, &forged.bytes);
                compare(&native, &contract).expect("one verdict");
                let expected = if column < 4 { RefusedFinal::Messages } else { RefusedFinal::Quotient };
                assert_eq!(native, Err(expected), "column {column}, row {row}");
            }
        }
        forged_statement(&parameters, &air, &words);
    }
}

/// The proof is of other words than those that its transcript starts with.
fn forged_statement(parameters: &Parameters, air: &TestAir, words: &[Word]) {
    let mut other = words.to_vec();
    other[2][3] += Val::ONE;
    let forged = Fixture::of_trace(parameters, air, &other, &air.trace(words), None);
    let native = verify_final(&forged.bytes, &forged.key, &other);
    assert_eq!(native, Err(RefusedFinal::Messages));
    let contract = verify(&forged.key, &other, &forged.bytes);
    compare(&native, &contract).expect("one verdict");
}

/// Rows and paths that belong to one proof, under the root of another.
#[test]
fn proofs_with_fixed_columns_of_another_table_are_refused() {
    let fixture = Fixture::new(&NO_GRINDING, 2, 5);
    let mut key = fixture.key.clone();
    key.fixed[0] ^= 1;
    let mut bytes = fixture.bytes.clone();
    grind_again(&key, &fixture.words, &mut bytes);
    let native = verify_final(&bytes, &key, &fixture.words);
    let contract = verify(&key, &fixture.words, &bytes);
    compare(&native, &contract).expect("one verdict");
    assert_ne!(native, Err(RefusedFinal::Root(Tree::Main)));
    native.expect_err("another root");
}

/// Equal indices have equal rows and siblings: of two that differ, only one can be in the tree, and the other would be
/// folded without having been committed to.
#[test]
fn a_second_row_for_one_index_is_named_before_anything_is_folded() {
    let parameters = Parameters { queries: 60, log_blowup: 1, log_final_polynomial: 1, ..NO_GRINDING };
    let Fixture { key, words, bytes, .. } = Fixture::new(&parameters, 2, 2);
    let regions = regions(&key, &words, &bytes);
    let mut seen = Vec::new();
    for pair in regions.windows(2) {
        let [first, second] = pair else { continue };
        let tree = match second.kind {
            Kind::Row(tree) => tree_number(tree),
            Kind::Siblings(round) => tree_number(Tree::Round(round)),
            _ => continue,
        };
        if first.kind != second.kind || bytes[first.bytes.clone()] != bytes[second.bytes.clone()] {
            continue;
        }
        let mut changed = bytes.clone();
        changed[second.bytes.end - 1] ^= 1;
        let data = verify(&key, &words, &changed).reverted().cloned().expect("a refusal");
        let expected = ProofTwoRows { tree: alloy_primitives::U256::from(tree) };
        assert_eq!(data, expected.abi_encode(), "{second:?}");
        if !seen.contains(&tree) {
            seen.push(tree);
        }
    }
    assert!(seen.len() > 4, "trees with equal rows: {seen:?}");
}
