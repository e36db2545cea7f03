//! Forged calls: each layer of the machinery behind an `ecall` in turn, until the layer above refuses.

use core::borrow::BorrowMut;

use ashlar_machine::Val;
use ashlar_machine::cpu::CpuColumns;
use ashlar_machine::keccak::KeccakEvent;
use ashlar_machine::modmul::ModmulEvent;
use ashlar_machine::permute::PermuteEvent;
use ashlar_machine::secp256k1::PointEvent;
use p3_field::PrimeCharacteristicRing;

use super::*;

fn forgery() -> Forgery {
    let (program, hints) = hints_and_commits();
    Forgery::new(program, &hints)
}

/// The clock of the only hint.
fn hint_clock(forgery: &Forgery) -> u32 {
    forgery.events.hint[0].clock
}

/// Claims the digest that the commits of the events lead to.
fn claim_digest(forgery: &mut Forgery) {
    let hasher = Hasher::default();
    let start = forgery.job.start.digest;
    forgery.job.end.digest =
        forgery.events.commit.iter().fold(start, |digest, event| hasher.commit(&digest, &event.words));
}

#[test]
fn refuses_a_hint_that_is_written_twice() {
    let mut forgery = forgery();
    let clock = hint_clock(&forgery);
    let hint = forgery.events.hint[0].clone();
    forgery.events.hint.push(hint);
    assert_eq!(forgery.verdict(), ["bus call", "bus port"]);
    let call = *forgery.events.call.iter().find(|call| call.clock == clock).expect("the call");
    forgery.events.call.push(call);
    assert_eq!(forgery.verdict(), ["bus ecall", "bus memory", "bus port"]);
    let ports: Vec<_> =
        forgery.events.port.iter().filter(|port| port.timestamp / 8 == clock).copied().collect();
    assert_eq!(ports.len(), 4);
    forgery.events.port.extend(ports);
    assert_eq!(forgery.verdict(), ["bus ecall", "bus memory"]);
}

#[test]
fn refuses_a_hint_that_is_not_written() {
    let mut forgery = forgery();
    forgery.events.hint.clear();
    assert_eq!(forgery.verdict(), ["bus call", "bus port"]);
    let clock = hint_clock(&self::forgery());
    forgery.events.port.retain(|port| port.timestamp / 8 != clock);
    assert_eq!(forgery.verdict(), ["bus call", "bus memory"]);
    forgery.events.call.retain(|call| call.clock != clock);
    assert_eq!(forgery.verdict(), ["bus ecall", "bus memory"]);
}

/// The same words at another address, then at another time.
#[test]
fn refuses_a_hint_elsewhere() {
    let mut forgery = forgery();
    let clock = hint_clock(&forgery);
    forgery.events.hint[0].address += 16;
    for port in forgery.events.port.iter_mut().filter(|port| port.timestamp / 8 == clock) {
        port.address += 16;
    }
    assert_eq!(forgery.verdict(), ["bus call", "bus memory"]);
    let call = forgery.events.call.iter_mut().find(|call| call.clock == clock).expect("the call");
    call.arguments[0] += 64;
    assert_eq!(forgery.verdict(), ["bus ecall", "bus memory"]);
}

#[test]
fn refuses_a_hint_at_another_time() {
    let mut forgery = forgery();
    let clock = hint_clock(&forgery);
    forgery.events.hint[0].clock += 1;
    for port in forgery.events.port.iter_mut().filter(|port| port.timestamp / 8 == clock) {
        port.timestamp += 8;
    }
    let call = forgery.events.call.iter_mut().find(|call| call.clock == clock).expect("the call");
    call.clock += 1;
    assert_eq!(forgery.verdict(), ["bus ecall", "bus memory"]);
}

/// Fewer words than the call asks for: the number of words is a1, which memory has.
#[test]
fn refuses_a_shorter_hint() {
    let mut forgery = forgery();
    let clock = hint_clock(&forgery);
    forgery.events.hint[0].words.truncate(12);
    assert_eq!(forgery.verdict(), ["bus call", "bus port"]);
    let call = forgery.events.call.iter_mut().find(|call| call.clock == clock).expect("the call");
    call.arguments[1] = 12;
    assert_eq!(forgery.verdict(), ["bus memory", "bus port"]);
}

/// Free they are, but what is read is what was written.
#[test]
fn refuses_hints_that_change_on_the_way() {
    let mut forgery = forgery();
    forgery.events.hint[0].words[9] ^= 1;
    assert_eq!(forgery.verdict(), ["bus port"]);
    let clock = hint_clock(&forgery);
    let port = forgery.events.port.iter_mut().filter(|port| port.timestamp / 8 == clock).nth(2);
    port.expect("words 8 to 11").new[1] ^= 1;
    assert_eq!(forgery.verdict(), ["bus memory"]);
}

#[test]
fn refuses_commits_in_another_order() {
    let mut forgery = forgery();
    let [first, second] = [0, 1].map(|i| forgery.events.commit[i]);
    (forgery.events.commit[0].words, forgery.events.commit[1].words) = (second.words, first.words);
    claim_digest(&mut forgery);
    assert_eq!(forgery.verdict(), ["bus port"]);
    // With their addresses too: the calls say where.
    (forgery.events.commit[0].address, forgery.events.commit[1].address) = (second.address, first.address);
    assert_eq!(forgery.verdict(), ["bus call", "bus port"]);
}

#[test]
fn refuses_a_commit_of_other_words() {
    let mut forgery = forgery();
    forgery.events.commit[1].words[7] ^= 0x8000_0000;
    claim_digest(&mut forgery);
    assert_eq!(forgery.verdict(), ["bus port"]);
    let clock = forgery.events.commit[1].clock;
    let port = forgery.events.port.iter_mut().filter(|port| port.timestamp / 8 == clock).nth(1);
    let port = port.expect("words 4 to 7");
    (port.old[3], port.new[3]) = (port.old[3] ^ 0x8000_0000, port.new[3] ^ 0x8000_0000);
    assert_eq!(forgery.verdict(), ["bus memory"]);
}

#[test]
fn refuses_to_leave_a_commit_out() {
    for left_out in [0, 1] {
        let mut forgery = forgery();
        let clock = forgery.events.commit.remove(left_out).clock;
        claim_digest(&mut forgery);
        assert_eq!(forgery.verdict(), ["bus call", "bus port"]);
        forgery.events.call.retain(|call| call.clock != clock);
        forgery.events.port.retain(|port| port.timestamp / 8 != clock);
        // The reads themselves are no loss to memory but that of their timestamps.
        assert_eq!(forgery.verdict(), ["bus ecall", "bus memory"]);
    }
}

/// A call that the processor takes for a `LOG`, or for the end.
#[test]
fn refuses_commits_taken_for_other_calls() {
    let forgery = forgery();
    let clock = forgery.events.commit[1].clock as usize;
    let forgeries: [fn(&mut CpuColumns<Val>); 3] =
        [|row| row.log = Val::ONE, |row| row.halt = Val::ONE, |row| row.a[0] += Val::ONE];
    for forge in forgeries {
        let mut traces = forgery.traces();
        let cpu = trace(&mut traces, Table::Cpu);
        let width = cpu.trace.width;
        forge(cpu.trace.values[clock * width..][..width].borrow_mut());
        let refused = forgery.verdict_of(&traces);
        assert!(!refused.is_empty() && refused != ["bus table"], "{refused:?}");
    }
}

#[test]
fn refuses_a_commit_that_nobody_makes() {
    let mut forgery = forgery();
    let mut more = forgery.events.commit[1];
    more.clock += 1;
    forgery.events.commit.push(more);
    claim_digest(&mut forgery);
    assert_eq!(forgery.verdict(), ["bus call", "bus port"]);
}

/// Each accelerator's work left out, done twice, done at another time, and done on other operands.
#[test]
fn refuses_accelerators_that_do_other_work() {
    let (program, hints) = crate::programs::calls(11);
    macro_rules! forge {
        ($list:ident, $change:expr) => {
            let forge = |forge: &dyn Fn(&mut Events)| {
                let mut run = Forgery::new(program.clone(), &hints);
                forge(&mut run.events);
                run.verdict()
            };
            let work_undone = ["bus call", "bus port"];
            assert_eq!(forge(&|events| _ = events.$list.remove(0)), work_undone, stringify!($list));
            assert_eq!(forge(&|events| events.$list.push(events.$list[0].clone())), work_undone);
            assert_eq!(forge(&|events| events.$list[0].clock += 1), work_undone);
            assert_eq!(forge(&|events| $change(&mut events.$list[0])), ["bus port"]);
        };
    }
    forge!(permute, |event: &mut PermuteEvent| event.state[15] ^= 1);
    forge!(keccak, |event: &mut KeccakEvent| event.state[49] ^= 1);
    forge!(modmul256, |event: &mut ModmulEvent<8>| event.b[0] ^= 1);
    forge!(modmul384, |event: &mut ModmulEvent<12>| event.m[11] ^= 1);
    forge!(secp256k1, |event: &mut PointEvent| event.p[8] ^= 1);
}

/// Without the table that does a call, the call stays undone; without any other table, its bus is left alone.
#[test]
fn refuses_proofs_without_a_table_that_is_needed() {
    let (calls, hints) = crate::programs::calls(11);
    let runs = [
        Forgery::new(crate::programs::arithmetic(1), &[]),
        Forgery::new(crate::programs::memory(7), &[]),
        Forgery::new(calls, &hints),
    ];
    for table in Table::ALL {
        let is_refused = |run: &Forgery| {
            let mut traces = run.traces();
            traces.tables.retain(|trace| trace.table != table);
            !run.verdict_of(&traces).is_empty()
        };
        assert!(runs.iter().any(is_refused), "{}", table.name());
    }
    for (table, bus) in [
        (Table::Permute, ["bus call", "bus permute", "bus port"].as_slice()),
        (Table::Modmul384, &["bus call", "bus port", "bus table"]),
    ] {
        let mut traces = runs[2].traces();
        traces.tables.retain(|trace| trace.table != table);
        let refused = runs[2].verdict_of(&traces);
        assert!(bus.iter().all(|bus| refused.iter().any(|refused| refused == bus)), "{refused:?}");
    }
}
