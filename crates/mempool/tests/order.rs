//! In which order transactions are taken, which replace others, and which go when the pool is full.

mod common;

use alloy_primitives::B256;
use ashlar_mempool::{AccountState, Changed, Code, Limits, Mempool, Status};
use common::*;
use std::{thread, time::Duration};

const NOW: Duration = Duration::ZERO;

fn limited(transactions: usize, ledger: &Ledger) -> Mempool {
    pool(Limits { transactions, ..Limits::default() }, ledger)
}

#[test]
fn senders_go_by_nonce_and_between_them_by_tip_and_arrival() {
    let ledger = Ledger::rich(4);
    let pool = pool(Limits::default(), &ledger);
    let a1 = add(&pool, &ledger, transfer(0, 1, 900));
    let a0 = add(&pool, &ledger, transfer(0, 0, 5));
    let b0 = add(&pool, &ledger, transfer(1, 0, 7));
    let c0 = add(&pool, &ledger, transfer(2, 0, 5));
    let b1 = add(&pool, &ledger, transfer(1, 1, 3));
    // Pays 6 above the base fee, whatever it offers.
    let d0 = add(&pool, &ledger, capped(3, 0, u128::from(BASE_FEE) + 6, 50));
    assert_eq!(best(&pool), [b0, d0, a0, a1, c0, b1]);
    // At another base fee it pays more.
    let lower: Vec<_> = pool.best(BASE_FEE - 20).map(|transaction| transaction.hash()).collect();
    assert_eq!(lower, [d0, b0, a0, a1, c0, b1]);
    assert_eq!(pool.len(), 6, "the cursor takes nothing away");
}

#[test]
fn what_is_behind_a_transaction_that_is_not_included_is_skipped() {
    let ledger = Ledger::rich(2);
    let pool = pool(Limits::default(), &ledger);
    let a0 = add(&pool, &ledger, transfer(0, 0, 9));
    add(&pool, &ledger, transfer(0, 1, 9));
    let b0 = add(&pool, &ledger, transfer(1, 0, 5));
    let mut best = pool.best(BASE_FEE);
    assert_eq!(best.next().unwrap().hash(), a0);
    best.skip_sender();
    assert_eq!(best.next().unwrap().hash(), b0);
    assert!(best.next().is_none());
    assert!(best.next().is_none());
}

#[test]
fn the_cursor_sees_what_comes_behind_a_sender_and_what_took_a_place() {
    let ledger = Ledger::rich(3);
    let pool = pool(Limits::default(), &ledger);
    let a0 = add(&pool, &ledger, transfer(0, 0, 9));
    add(&pool, &ledger, transfer(1, 0, 5));
    let c0 = add(&pool, &ledger, transfer(2, 0, 4));
    let mut best = pool.best(BASE_FEE);
    assert_eq!(best.next().unwrap().hash(), a0);
    let a1 = add(&pool, &ledger, transfer(0, 1, 6));
    let b0 = add(&pool, &ledger, transfer(1, 0, 2_000));
    pool.refuse(&c0, "not today".to_owned());
    assert_eq!(best.next().unwrap().hash(), a1);
    assert_eq!(best.next().unwrap().hash(), b0, "not the one that it replaced");
    assert!(best.next().is_none(), "not what was dropped");
}

#[test]
fn gaps_are_waited_for() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    assert_eq!(pool.pending_nonce(&address(0)), None);
    let third = add(&pool, &ledger, transfer(0, 2, 1));
    assert_eq!(pool.pending_nonce(&address(0)), Some(0));
    let first = add(&pool, &ledger, transfer(0, 0, 1));
    assert_eq!((pool.status(&first), pool.status(&third)), (Status::Pending, Status::Queued));
    assert_eq!((pool.counts(), pool.pending_nonce(&address(0))), ((1, 1), Some(1)));
    let second = add(&pool, &ledger, transfer(0, 1, 1));
    assert_eq!(best(&pool), [first, second, third]);
    assert_eq!((pool.counts(), pool.pending_nonce(&address(0))), ((3, 0), Some(3)));
    pool.refuse(&second, "over the limit".to_owned());
    assert_eq!(reason(&pool, &second), "over the limit");
    assert_eq!((pool.status(&first), pool.status(&third)), (Status::Pending, Status::Queued));
    pool.refuse(&second, "again".to_owned());
    assert_eq!(reason(&pool, &second), "over the limit", "it is not here any more");
}

#[test]
fn a_replacement_pays_a_tenth_more_of_both() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    let old = add(&pool, &ledger, capped(0, 0, 1_000, 100));
    for (fee, tip) in [(1_099, 110), (1_100, 109), (1_000, 200), (2_000, 100), (999, 999)] {
        let text = refused(&pool, &ledger, capped(0, 0, fee, tip));
        assert!(
            text.starts_with("replacement transaction underpriced") && text.contains(&old.to_string()),
            "{text}"
        );
    }
    let new = add(&pool, &ledger, capped(0, 0, 1_100, 110));
    assert_eq!(reason(&pool, &old), format!("replaced by {new}"));
    assert!(pool.get(&old).is_none());
    assert_eq!((pool.len(), best(&pool)), (1, vec![new]));
    // A tip of nothing has to become something.
    let free = add(&pool, &ledger, capped(0, 1, 1_000, 0));
    assert!(
        refused(&pool, &ledger, capped(0, 1, 2_000, 0)).starts_with("replacement transaction underpriced")
    );
    add(&pool, &ledger, capped(0, 1, 1_100, 1));
    assert!(reason(&pool, &free).starts_with("replaced by"));
    // What was replaced may come back, if it pays: it does not.
    assert!(
        refused(&pool, &ledger, capped(0, 0, 1_000, 100)).starts_with("replacement transaction underpriced")
    );
}

#[test]
fn the_least_goes_first() {
    let ledger = Ledger::rich(6);
    let pool = limited(3, &ledger);
    let [five, three, four] =
        [(0, 5), (1, 3), (2, 4)].map(|(of, tip)| add(&pool, &ledger, transfer(of, 0, tip)));
    let text = "transaction underpriced: the pool is full, effective tip 3, more than 3 needed";
    assert_eq!(refused(&pool, &ledger, transfer(3, 0, 3)), text);
    let six = add(&pool, &ledger, transfer(3, 0, 6));
    assert_eq!(reason(&pool, &three), format!("evicted: the pool was full and {six} pays more"));
    assert_eq!(best(&pool), [six, five, four]);
    // Of equals the one that came last.
    let other = add(&pool, &ledger, transfer(4, 0, 5));
    assert_eq!(best(&pool), [six, five, other]);
    add(&pool, &ledger, transfer(5, 0, 9));
    assert!(reason(&pool, &other).starts_with("evicted"));
    assert_eq!(pool.status(&five), Status::Pending);
}

#[test]
fn gapped_transactions_never_push_out_executable_ones() {
    let ledger = Ledger::rich(4);
    let pool = limited(2, &ledger);
    let cheap = add(&pool, &ledger, transfer(0, 0, 0));
    let gapped = add(&pool, &ledger, transfer(1, 1, 50));
    assert_eq!(
        refused(&pool, &ledger, transfer(2, 7, 50)).split(':').next(),
        Some("transaction underpriced")
    );
    let dear = add(&pool, &ledger, transfer(2, 7, 1_000));
    assert!(reason(&pool, &gapped).starts_with("evicted"));
    let executable = add(&pool, &ledger, transfer(3, 0, 0));
    assert!(reason(&pool, &dear).starts_with("evicted"), "whatever it pays");
    assert_eq!(refused(&pool, &ledger, transfer(2, 7, 100_000)), "txpool is full");
    // Neither do those that do not pay the base fee.
    assert_eq!(refused(&pool, &ledger, capped(2, 0, 99, 99)), "txpool is full");
    assert_eq!(best(&pool), [cheap, executable]);
}

#[test]
fn dear_transactions_behind_a_cheap_one_are_worth_no_more_than_it() {
    let ledger = Ledger::rich(3);
    let pool = limited(3, &ledger);
    let honest = add(&pool, &ledger, transfer(1, 0, 5));
    let cheap = add(&pool, &ledger, transfer(0, 0, 1));
    let behind = add(&pool, &ledger, transfer(0, 1, 1_000));
    let text = "transaction underpriced: the pool is full, effective tip 1, more than 5 needed";
    assert_eq!(refused(&pool, &ledger, transfer(0, 2, 1_000)), text);
    let other = add(&pool, &ledger, transfer(2, 0, 2));
    assert!(reason(&pool, &behind).starts_with("evicted"), "the last one goes, or it would be lost anyway");
    assert_eq!(best(&pool), [honest, other, cheap]);
}

#[test]
fn a_sender_fills_its_gap_in_a_full_pool() {
    let ledger = Ledger::rich(2);
    let pool = limited(2, &ledger);
    let second = add(&pool, &ledger, transfer(0, 1, 1));
    let third = add(&pool, &ledger, transfer(0, 2, 1));
    let first = add(&pool, &ledger, transfer(0, 0, 1));
    assert!(reason(&pool, &third).starts_with("evicted"));
    assert_eq!(best(&pool), [first, second]);
}

#[test]
fn a_replacement_needs_no_room_in_numbers_but_in_bytes() {
    let ledger = Ledger::rich(2);
    let small = transfer(0, 0, 5);
    let limits = Limits { transactions: 2, bytes: 2 * small.len() + 100, ..Limits::default() };
    let pool = pool(limits, &ledger);
    add(&pool, &ledger, small);
    let other = add(&pool, &ledger, transfer(1, 0, 50));
    let long = |fee: u128, length| {
        let mut transaction = eip1559(0, fee, fee - 100);
        transaction.input = vec![0; length].into();
        transaction.gas_limit = 100_000;
        sign(0, transaction)
    };
    add(&pool, &ledger, long(120, 90));
    assert_eq!(pool.len(), 2);
    let text = refused(&pool, &ledger, long(140, 300));
    assert!(text.starts_with("transaction underpriced"), "{text}");
    let longest = add(&pool, &ledger, long(200, 200));
    assert_eq!(best(&pool), [longest]);
    assert!(reason(&pool, &other).starts_with("evicted"));
    let text = refused(&pool, &ledger, long(400, 2_000));
    assert_eq!(text, "txpool is full", "more than there will ever be room for");
    assert_eq!(best(&pool), [longest], "a refusal changes nothing");
}

#[test]
fn the_base_fee_rises_and_falls() {
    let ledger = Ledger::rich(2);
    let pool = pool(Limits::default(), &ledger);
    let low = add(&pool, &ledger, capped(0, 0, 150, 1));
    let behind = add(&pool, &ledger, capped(0, 1, 900, 1));
    let high = add(&pool, &ledger, capped(1, 0, 900, 1));
    assert_eq!(pool.counts(), (3, 0));
    pool.on_block(&[], &[], 151).unwrap();
    assert_eq!(
        [low, behind, high].map(|hash| pool.status(&hash)),
        [Status::Queued, Status::Queued, Status::Pending]
    );
    assert_eq!(pool.pending_nonce(&address(0)), Some(2), "the nonces are taken all the same");
    let at_fee: Vec<_> = pool.best(151).map(|transaction| transaction.hash()).collect();
    assert_eq!(at_fee, [high]);
    pool.set_base_fee(901);
    assert_eq!((pool.counts(), pool.wait(NOW)), ((0, 3), false));
    pool.set_base_fee(150);
    assert_eq!((pool.counts(), pool.wait(NOW)), ((3, 0), true));
}

#[test]
fn a_block_takes_what_it_has_and_what_it_makes_invalid() {
    let ledger = Ledger::rich(3);
    let pool = pool(Limits::default(), &ledger);
    let hashes: Vec<_> = (0..3).map(|nonce| add(&pool, &ledger, capped(0, nonce, 1_000, 9))).collect();
    let poor = add(&pool, &ledger, capped(1, 0, 1_000, 9));
    let paid = add(&pool, &ledger, capped(1, 1, 200, 9));
    let other = add(&pool, &ledger, capped(2, 0, 1_000, 9));
    // The second of the first sender is in the block in another form; the second sender's funds went somewhere.
    let changed = [ledger.with_nonce(0, 2), ledger.with_balance(1, cost(500))];
    pool.on_block(&hashes[..1], &changed, BASE_FEE).unwrap();
    assert_eq!(pool.status(&hashes[0]), Status::Unknown, "it is in a block");
    assert_eq!(reason(&pool, &hashes[1]), "nonce too low: next nonce 2, tx nonce 1");
    assert_eq!(pool.status(&hashes[2]), Status::Pending);
    assert!(reason(&pool, &poor).starts_with("insufficient funds for gas * price + value"));
    assert_eq!((pool.status(&paid), pool.status(&other)), (Status::Queued, Status::Pending));
    let gone = ledger.set(2, AccountState { code: Code::Contract, ..ledger.get(2) });
    pool.on_block(&[], &[gone], BASE_FEE).unwrap();
    assert!(reason(&pool, &other).starts_with("sender not an eoa"));
}

#[test]
fn funds_that_fall_and_rise_queue_and_release() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    let hashes: Vec<_> = (0..3).map(|nonce| add(&pool, &ledger, capped(0, nonce, 200, 1))).collect();
    pool.on_block(&[], &[ledger.with_balance(0, 2 * cost(200))], BASE_FEE).unwrap();
    assert_eq!((best(&pool), pool.counts()), (hashes[..2].to_vec(), (2, 1)));
    pool.on_block(&[], &[ledger.with_balance(0, 3 * cost(200))], BASE_FEE).unwrap();
    assert_eq!(best(&pool), hashes);
}

#[test]
fn blocks_that_are_taken_back_leave_nonces_open() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits { per_sender: 4, ..Limits::default() }, &ledger);
    let first = transfer(0, 0, 1);
    let included = add(&pool, &ledger, first.clone());
    pool.on_block(&[included], &[ledger.with_nonce(0, 1)], BASE_FEE).unwrap();
    let second = add(&pool, &ledger, transfer(0, 1, 1));
    let last = add(&pool, &ledger, transfer(0, 4, 1));
    pool.on_block(&[], &[ledger.with_nonce(0, 0)], BASE_FEE).unwrap();
    assert_eq!(pool.status(&second), Status::Queued);
    assert!(reason(&pool, &last).starts_with("nonce too high"), "it is outside of what a sender may have");
    assert_eq!(add(&pool, &ledger, first), included);
    assert_eq!(best(&pool), [included, second]);
}

#[test]
fn what_is_replaced_while_it_is_executed_is_in_the_block() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    let taken = add(&pool, &ledger, transfer(0, 0, 1));
    assert_eq!(pool.best(BASE_FEE).next().unwrap().hash(), taken);
    let late = add(&pool, &ledger, transfer(0, 0, 1_000));
    assert!(reason(&pool, &taken).starts_with("replaced"));
    pool.on_block(&[taken], &[ledger.with_nonce(0, 1)], BASE_FEE).unwrap();
    assert_eq!(pool.status(&taken), Status::Unknown);
    assert_eq!(reason(&pool, &late), "nonce too low: next nonce 1, tx nonce 0");
}

#[test]
fn the_content_is_by_sender_and_bounded() {
    let ledger = Ledger::rich(2);
    let pool = pool(Limits::default(), &ledger);
    for (of, nonce) in [(0, 0), (0, 1), (0, 3), (1, 1)] {
        add(&pool, &ledger, transfer(of, nonce, 1));
    }
    let nonces =
        |part: &std::collections::BTreeMap<_, Vec<std::sync::Arc<ashlar_mempool::PooledTransaction>>>, of| {
            part.get(&address(of))
                .map(|list| list.iter().map(|transaction| transaction.nonce).collect::<Vec<_>>())
        };
    let content = pool.content(100);
    assert_eq!(nonces(&content.pending, 0), Some(vec![0, 1]));
    assert_eq!(nonces(&content.queued, 0), Some(vec![3]));
    assert_eq!((nonces(&content.pending, 1), nonces(&content.queued, 1)), (None, Some(vec![1])));
    let of_one = pool.content_of(&address(1));
    assert_eq!((of_one.pending.len(), nonces(&of_one.queued, 1)), (0, Some(vec![1])));
    assert!(pool.content_of(&address(9)).pending.is_empty());
    let some = pool.content(2);
    let count: usize = some.pending.values().chain(some.queued.values()).map(Vec::len).sum();
    assert_eq!(count, 2);
}

#[test]
fn waiting_ends_with_a_transaction_or_with_its_time() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    assert!(!pool.wait(Duration::from_millis(1)));
    add(&pool, &ledger, transfer(0, 1, 1));
    assert!(!pool.wait(Duration::from_millis(1)), "a gapped one is none");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.wait(Duration::from_secs(60)));
        add(&pool, &ledger, transfer(0, 0, 1));
        assert!(waiting.join().unwrap());
    });
    assert!(pool.wait(NOW));
}

#[test]
fn subscribers_hear_of_each_executable_transaction_once() {
    let ledger = Ledger::rich(2);
    let pool = pool(Limits::default(), &ledger);
    let all = pool.subscribe(16).unwrap();
    let slow = pool.subscribe(1).unwrap();
    drop(pool.subscribe(1).unwrap());
    let second = add(&pool, &ledger, transfer(0, 1, 1));
    let starved = add(&pool, &ledger, capped(1, 0, 50, 1));
    assert!(all.try_recv().is_err(), "nothing can be executed");
    let first = add(&pool, &ledger, transfer(0, 0, 1));
    for base_fee in [50, 200, 50, 100] {
        pool.set_base_fee(base_fee);
    }
    assert_eq!(all.try_iter().collect::<Vec<B256>>(), [first, second, starved]);
    assert_eq!(slow.try_iter().collect::<Vec<_>>(), [first], "it lost what it had no room for");
    // A sender whose funds fall in the same block as the base fee is not announced.
    let low = add(&pool, &ledger, capped(1, 1, 60, 1));
    let changed = ledger.with_balance(1, cost(60) - 1);
    pool.on_block(&[starved], &[Changed { nonce: 1, ..changed }], 50).unwrap();
    assert!(all.try_recv().is_err());
    assert!(reason(&pool, &low).starts_with("insufficient funds"));
    let held: Vec<_> = (0..62).map(|_| pool.subscribe(1).unwrap()).collect();
    assert!(pool.subscribe(1).is_none(), "subscribers are bounded");
    drop((held, all, slow));
}
