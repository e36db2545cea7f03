//! All cases, without proofs.

use std::collections::BTreeSet;

use ashlar_abi::{Accelerators, Reference};
use ashlar_stf::rollup::execute_rollup_input;

use super::bench::{Bench, Figures, guest};
use super::cases::{all, transfers};
use super::process::{peak_memory, processor_seconds};
use super::{Proven, SLACK, broken, kept};

/// The least that a configuration may have.
const LIMIT: u64 = 1 << 23;

#[test]
fn every_transaction_uses_its_limit_up_and_is_not_refused() {
    let cases = all().unwrap();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    for case in cases {
        let batch = case.batch(LIMIT).unwrap();
        let executed = execute_rollup_input(&batch.input.borrow(), Reference::modmul256_assign).unwrap();
        let share = batch.transactions_cost as f64 / LIMIT as f64;
        println!("{}: {:.4} of the limit, the batch costs {}", case.name, share, executed.cost);
        assert!((0.8..=1.0).contains(&share), "{}: {share}", case.name);
        assert!(executed.cost > batch.transactions_cost, "{}", case.name);
        let transactions: usize = batch.input.blocks.iter().map(|block| block.transactions.len()).sum();
        assert_eq!(transactions, 1, "{}", case.name);
    }
}

#[test]
fn the_reference_costs_as_much_as_a_case() {
    let batch = transfers(LIMIT).unwrap();
    let executed = execute_rollup_input(&batch.input.borrow(), Reference::modmul256_assign).unwrap();
    assert!((0.9..=1.0).contains(&(batch.transactions_cost as f64 / LIMIT as f64)));
    assert!(executed.cost > batch.transactions_cost);
}

/// What `cargo xtask cost-table` compares with is what a batch of transfers takes.
#[test]
fn the_reference_takes_the_cells_that_mixes_are_compared_with() {
    let guest = guest().unwrap();
    let planned = Bench::new(&guest).unwrap().plan(&transfers(LIMIT).unwrap()).unwrap();
    let cells = planned.cells as f64 / planned.equivalents;
    assert!((cells / crate::mixes::CELLS - 1.0).abs() < 0.05, "{cells} cells for each equivalent");
}

fn figures(cost: u64, equivalents: f64, seconds: f64) -> Figures {
    Figures {
        transactions_cost: 0,
        cost,
        cycles: 0,
        equivalents,
        cells: 0,
        segments: 1,
        seconds,
        processor_seconds: 2.0 * seconds,
        peak_memory_bytes: None,
    }
}

fn proven(seconds: f64) -> Proven {
    // The reference's meter says more than it takes: what it takes decides.
    let reference = figures(400, 200.0, 2.0);
    let figures = figures(1_000, 900.0, seconds);
    Proven { about: String::new(), input: "0x".to_owned(), figures, reference }
}

#[test]
fn the_promise_is_the_metered_cost_at_the_speed_of_the_reference() {
    assert_eq!(proven(1.0).promised(|figures| figures.seconds), 10.0);
    assert_eq!((proven(5.0).share(), proven(5.0).share_by_clock()), (0.5, 0.5));
    assert_eq!(proven(15.0).share(), 1.5);
}

#[test]
fn what_takes_longer_than_promised_is_named() {
    let found = [("slow", proven(10.1 * SLACK)), ("just", proven(10.0 * SLACK)), ("fast", proven(1.0))];
    assert_eq!(broken(&found), [format!("slow ({:.2})", 1.01 * SLACK)]);
    assert!(broken(&found[1..]).is_empty());
}

#[test]
fn a_file_that_was_not_written_to_its_end_is_none() {
    let file = crate::repository::target_dir().join("tmp/worst-case-kept.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = serde_json::to_string(&proven(1.0)).unwrap();
    std::fs::write(&file, &text[..text.len() - 1]).unwrap();
    assert!(kept(&file).unwrap().is_none());
    std::fs::write(&file, &text).unwrap();
    assert_eq!(kept(&file).unwrap().unwrap().share(), 0.1);
    std::fs::remove_file(&file).unwrap();
    assert!(kept(&file).unwrap().is_none());
}

#[test]
fn a_process_knows_what_it_has_used() {
    let before = processor_seconds().unwrap();
    let start = std::time::Instant::now();
    let mut sum = 0_u64;
    while start.elapsed().as_millis() < 100 {
        sum = std::hint::black_box(sum.wrapping_add(1));
    }
    assert!(processor_seconds().unwrap() > before);
    assert!(peak_memory().unwrap() > 1 << 20);
}
