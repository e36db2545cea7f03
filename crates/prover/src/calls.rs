//! The events of calls.

use ashlar_machine::bus::{SLOTS, slot};
use ashlar_machine::call::CallEvent;
use ashlar_machine::commit::CommitEvent;
use ashlar_machine::hint::HintEvent;
use ashlar_machine::keccak::KeccakEvent;
use ashlar_machine::modmul::ModmulEvent;
use ashlar_machine::permute::PermuteEvent;
use ashlar_machine::port::PortEvent;
use ashlar_machine::secp256k1::PointEvent;
use ashlar_vm::{Call, CallStep, Memory};

use crate::tracer::{Tracer, words};

/// Words that one row of the port table moves.
const PORT_WORDS: u32 = 4;

/// Records a call whose cycle is already recorded.
pub(crate) fn record(tracer: &mut Tracer<'_>, memory: &Memory, clock: u32, step: &CallStep<'_>) {
    if matches!(step.call, Call::Halt | Call::Log) {
        return;
    }
    let arguments = step.arguments;
    let now = clock * SLOTS + slot::ARGUMENTS;
    let previous = [11, 12, 13].map(|register| tracer.touch_register(register, now));
    let number = step.call.number();
    tracer.events.call.push(CallEvent { clock, number, arguments, previous });
    record_event(tracer, memory, clock, step);
    record_ports(tracer, memory, clock, step);
}

/// The event of the table that does the work.
fn record_event(tracer: &mut Tracer<'_>, memory: &Memory, clock: u32, step: &CallStep<'_>) {
    let [address, w1, w2, w3] = step.arguments.map(|pointer| pointer / 4);
    let events = &mut tracer.events;
    match step.call {
        Call::Halt | Call::Log => {}
        Call::Hint => events.hint.push(HintEvent { clock, address, words: step.written.to_vec() }),
        Call::Commit => events.commit.push(CommitEvent { clock, address, words: words(memory, address) }),
        Call::KeccakF => events.keccak.push(KeccakEvent { clock, address, state: words(memory, address) }),
        Call::Poseidon2 => {
            events.permute.push(PermuteEvent { clock, address, state: words(memory, address) })
        }
        Call::Modmul256 => events.modmul256.push(modmul(memory, clock, [address, w1, w2, w3])),
        Call::Modmul384 => events.modmul384.push(modmul(memory, clock, [address, w1, w2, w3])),
        Call::Secp256k1Add => events.secp256k1.push(PointEvent {
            clock,
            p_address: address,
            q_address: w1,
            p: words(memory, address),
            q: Some(words(memory, w1)),
        }),
        Call::Secp256k1Double => events.secp256k1.push(PointEvent {
            clock,
            p_address: address,
            q_address: 0,
            p: words(memory, address),
            q: None,
        }),
    }
}

fn modmul<const N: usize>(memory: &Memory, clock: u32, addresses: [u32; 4]) -> ModmulEvent<N> {
    let [_, a, b, m] = addresses.map(|address| words(memory, address));
    ModmulEvent { clock, addresses, a, b, m }
}

/// The accesses to memory: what is only read, then what is written. A region that is both is one access.
fn record_ports(tracer: &mut Tracer<'_>, memory: &Memory, clock: u32, step: &CallStep<'_>) {
    let only_read = step.reads.iter().filter(|region| Some(**region) != step.write || is_separate(step.call));
    for (region, slot) in only_read.zip([slot::OPERAND_A, slot::OPERAND_B, slot::OPERAND_M]) {
        let access =
            Access { word: region.address / 4, count: region.words, timestamp: clock * SLOTS + slot };
        record_access(tracer, memory, access, true, None);
    }
    if let Some(region) = step.write {
        let timestamp = clock * SLOTS + slot::WRITE;
        let access = Access { word: region.address / 4, count: region.words, timestamp };
        let reads = step.reads.contains(&region) && !is_separate(step.call);
        record_access(tracer, memory, access, reads, Some(step.written));
    }
}

/// Whether the result is written apart from reading the operands, even where both are in the same place.
const fn is_separate(call: Call) -> bool {
    matches!(call, Call::Modmul256 | Call::Modmul384)
}

/// Consecutive words at one time.
struct Access {
    word: u32,
    count: u32,
    timestamp: u32,
}

fn record_access(
    tracer: &mut Tracer<'_>,
    memory: &Memory,
    access: Access,
    reads: bool,
    written: Option<&[u32]>,
) {
    let Access { word, count, timestamp } = access;
    for start in (0..count).step_by(PORT_WORDS as usize) {
        let count = PORT_WORDS.min(count - start);
        let mut port = PortEvent {
            timestamp,
            address: word + start,
            reads,
            writes: written.is_some(),
            count,
            old: [0; 4],
            new: [0; 4],
            previous: [0; 4],
        };
        for i in 0..count {
            let at = word + start + i;
            port.old[i as usize] = memory.word(at as usize).unwrap_or_default();
            let new = written.and_then(|words| words.get((start + i) as usize)).copied();
            port.new[i as usize] = new.unwrap_or(port.old[i as usize]);
            port.previous[i as usize] = tracer.touch_word(at, timestamp);
        }
        tracer.events.port.push(port);
    }
}
