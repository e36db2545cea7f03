//! The calls: what the guest asks of the machine.

use core::fmt;

use ashlar_abi::memory::{DATA_START, MEMORY_BYTES};
use ashlar_abi::{call, reference};

use crate::execute::{Registers, visible};
use crate::log::Log;
use crate::poseidon2::Poseidon2;
use crate::{CallStep, Memory, Observer, Region, State, TrapKind};

/// The calls of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // The names are the specification's.
pub enum Call {
    Halt,
    Hint,
    Commit,
    Log,
    KeccakF,
    Poseidon2,
    Modmul256,
    Modmul384,
    Secp256k1Add,
    Secp256k1Double,
}

impl Call {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them; the position is the value as a number.
    pub const ALL: [Self; 10] = [
        Self::Halt,
        Self::Hint,
        Self::Commit,
        Self::Log,
        Self::KeccakF,
        Self::Poseidon2,
        Self::Modmul256,
        Self::Modmul384,
        Self::Secp256k1Add,
        Self::Secp256k1Double,
    ];

    /// The call with this number in `a7`.
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            call::HALT => Self::Halt,
            call::HINT => Self::Hint,
            call::COMMIT => Self::Commit,
            call::LOG => Self::Log,
            call::KECCAK_F => Self::KeccakF,
            call::POSEIDON2 => Self::Poseidon2,
            call::MODMUL256 => Self::Modmul256,
            call::MODMUL384 => Self::Modmul384,
            call::SECP256K1_ADD => Self::Secp256k1Add,
            call::SECP256K1_DOUBLE => Self::Secp256k1Double,
            _ => return None,
        })
    }

    /// Its number in `a7`.
    pub const fn number(self) -> u32 {
        match self {
            Self::Halt => call::HALT,
            Self::Hint => call::HINT,
            Self::Commit => call::COMMIT,
            Self::Log => call::LOG,
            Self::KeccakF => call::KECCAK_F,
            Self::Poseidon2 => call::POSEIDON2,
            Self::Modmul256 => call::MODMUL256,
            Self::Modmul384 => call::MODMUL384,
            Self::Secp256k1Add => call::SECP256K1_ADD,
            Self::Secp256k1Double => call::SECP256K1_DOUBLE,
        }
    }

    /// Its name in the specification.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "HALT",
            Self::Hint => "HINT",
            Self::Commit => "COMMIT",
            Self::Log => "LOG",
            Self::KeccakF => "KECCAK_F",
            Self::Poseidon2 => "POSEIDON2",
            Self::Modmul256 => "MODMUL256",
            Self::Modmul384 => "MODMUL384",
            Self::Secp256k1Add => "SECP256K1_ADD",
            Self::Secp256k1Double => "SECP256K1_DOUBLE",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often each call was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts([u64; Call::COUNT]);

impl CallCounts {
    /// How often this call was made.
    pub const fn of(&self, call: Call) -> u64 {
        self.0[call as usize]
    }

    /// Counts one more.
    pub(crate) const fn add(&mut self, call: Call) {
        self.0[call as usize] += 1;
    }

    /// Counts those of another count.
    pub(crate) fn add_all(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }
}

/// What lies around registers and memory: the input, the output and the calls.
pub(crate) struct Environment<'p> {
    hints: &'p [u32],
    /// Position in the stream of the first word of `hints`: not 0 in a machine that was resumed.
    hints_start: usize,
    /// Words of the stream consumed.
    pub(crate) hint_position: usize,
    pub(crate) digest: [u32; 8],
    pub(crate) committed: Vec<[u8; 32]>,
    pub(crate) log: Log<'p>,
    pub(crate) counts: CallCounts,
    poseidon2: Poseidon2,
}

/// One call in progress.
struct Context<'a, O> {
    call: Call,
    arguments: [u32; 4],
    cycle: u64,
    pc: u32,
    registers: &'a Registers,
    memory: &'a mut Memory,
    observer: &'a mut O,
}

impl<'p> Environment<'p> {
    pub(crate) fn new(hints: &'p [u32]) -> Self {
        Self {
            hints,
            hints_start: 0,
            hint_position: 0,
            digest: [0; 8],
            committed: Vec::new(),
            log: Log::default(),
            counts: CallCounts::default(),
            poseidon2: Poseidon2::default(),
        }
    }

    /// Goes on from a recorded position, with `hints` as the words from there on.
    pub(crate) const fn resume(&mut self, hint_position: usize, digest: [u32; 8]) {
        (self.hints_start, self.hint_position, self.digest) = (hint_position, hint_position, digest);
    }

    /// The hint words consumed since a position not after the present one.
    pub(crate) fn hints_since(&self, position: usize) -> &'p [u32] {
        let index = |position: usize| position.wrapping_sub(self.hints_start);
        &self.hints[index(position)..index(self.hint_position)]
    }

    #[inline(always)]
    pub(crate) const fn state<'a>(
        &'a self,
        cycle: u64,
        pc: u32,
        registers: &'a Registers,
        memory: &'a Memory,
    ) -> State<'a> {
        let Self { hint_position, digest, .. } = self;
        State { cycle, pc, registers: visible(registers), memory, hint_position: *hint_position, digest }
    }

    /// Makes the call that the registers describe. The exit code, if it is `HALT`.
    #[inline(never)]
    pub(crate) fn call<O: Observer>(
        &mut self,
        cycle: u64,
        pc: u32,
        registers: &Registers,
        memory: &mut Memory,
        observer: &mut O,
    ) -> Result<Option<u32>, TrapKind> {
        let number = registers[17];
        let call = Call::from_number(number).ok_or(TrapKind::UnknownCall { number })?;
        let arguments = [registers[10], registers[11], registers[12], registers[13]];
        let mut context = Context { call, arguments, cycle, pc, registers, memory, observer };
        match call {
            Call::Halt => {
                self.effect(&mut context, &[], None, &[]);
                self.counts.add(call);
                return Ok(Some(arguments[0]));
            }
            Call::Hint => self.hint(&mut context)?,
            Call::Commit => self.commit(&mut context)?,
            Call::Log => self.log(&mut context),
            Call::KeccakF => self.in_place(&mut context, |state| {
                reference::keccak_f(state);
                Ok(())
            })?,
            Call::Poseidon2 => self.poseidon2(&mut context)?,
            Call::Modmul256 => self.modmul(&mut context, reference::modmul256)?,
            Call::Modmul384 => self.modmul(&mut context, reference::modmul384)?,
            Call::Secp256k1Add => self.secp256k1_add(&mut context)?,
            Call::Secp256k1Double => self.in_place(&mut context, |point| {
                *point = reference::secp256k1_double(point).map_err(|fault| point_trap(call, fault))?;
                Ok(())
            })?,
        }
        self.counts.add(call);
        Ok(None)
    }

    /// Shows the call to the observer, then writes its result.
    fn effect<O: Observer>(
        &self,
        context: &mut Context<'_, O>,
        reads: &[Region],
        write: Option<u32>,
        written: &[u32],
    ) {
        let Context { call, arguments, cycle, pc, registers, ref mut memory, ref mut observer } = *context;
        let write = write.map(|address| Region { address, words: written.len() as u32 });
        let step = CallStep { call, arguments, reads, write, written };
        observer.call(&self.state(cycle, pc, registers, memory), &step);
        if let Some(region) = write {
            memory.load(region.address, written);
        }
    }

    fn hint<O: Observer>(&mut self, context: &mut Context<'_, O>) -> Result<(), TrapKind> {
        let [address, words, ..] = context.arguments;
        if !(1..=call::HINT_WORDS_MAX).contains(&words) {
            return Err(TrapKind::HintSize { words });
        }
        let left = &self.hints[self.hint_position.wrapping_sub(self.hints_start)..];
        let hint =
            left.get(..words as usize).ok_or(TrapKind::HintsExhausted { words, left: left.len() as u64 })?;
        writable(context.call, address, words)?;
        self.effect(context, &[], Some(address), hint);
        // A position recorded by someone else may be anything.
        self.hint_position = self.hint_position.wrapping_add(words as usize);
        Ok(())
    }

    fn commit<O: Observer>(&mut self, context: &mut Context<'_, O>) -> Result<(), TrapKind> {
        let words: [u32; call::COMMIT_WORDS] = read(context, context.arguments[0])?;
        self.effect(context, &[region(context.arguments[0], words.len())], None, &[]);
        self.digest = self.poseidon2.commit(&self.digest, &words);
        let mut chunk = [0; 32];
        for (bytes, word) in chunk.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        self.committed.push(chunk);
        Ok(())
    }

    fn log<O: Observer>(&mut self, context: &mut Context<'_, O>) {
        let [address, bytes, ..] = context.arguments;
        let text = context.memory.bytes(address, bytes.min(call::LOG_BYTES_MAX));
        self.effect(context, &[], None, &[]);
        self.log.push(&text);
    }

    /// A call that replaces the words at `a0`.
    fn in_place<O: Observer, const N: usize>(
        &mut self,
        context: &mut Context<'_, O>,
        change: impl FnOnce(&mut [u32; N]) -> Result<(), TrapKind>,
    ) -> Result<(), TrapKind> {
        let address = context.arguments[0];
        writable(context.call, address, N as u32)?;
        let mut words = read(context, address)?;
        change(&mut words)?;
        self.effect(context, &[region(address, N)], Some(address), &words);
        Ok(())
    }

    fn poseidon2<O: Observer>(&mut self, context: &mut Context<'_, O>) -> Result<(), TrapKind> {
        let address = context.arguments[0];
        writable(context.call, address, call::POSEIDON2_WORDS as u32)?;
        let state = read(context, address)?;
        let state = self.poseidon2.permute(&state).map_err(|word| TrapKind::NotFieldElement { word })?;
        self.effect(context, &[region(address, state.len())], Some(address), &state);
        Ok(())
    }

    fn modmul<O: Observer, const N: usize>(
        &mut self,
        context: &mut Context<'_, O>,
        multiply: impl FnOnce(&[u32; N], &[u32; N], &[u32; N]) -> [u32; N],
    ) -> Result<(), TrapKind> {
        let [result, a, b, m] = context.arguments;
        writable(context.call, result, N as u32)?;
        let product = multiply(&read(context, a)?, &read(context, b)?, &read(context, m)?);
        self.effect(context, &[region(a, N), region(b, N), region(m, N)], Some(result), &product);
        Ok(())
    }

    fn secp256k1_add<O: Observer>(&mut self, context: &mut Context<'_, O>) -> Result<(), TrapKind> {
        let [p, q, ..] = context.arguments;
        writable(context.call, p, call::POINT_WORDS as u32)?;
        let sum = reference::secp256k1_add(&read(context, p)?, &read(context, q)?)
            .map_err(|fault| point_trap(context.call, fault))?;
        self.effect(context, &[region(p, sum.len()), region(q, sum.len())], Some(p), &sum);
        Ok(())
    }
}

const fn region(address: u32, words: usize) -> Region {
    Region { address, words: words as u32 }
}

/// The operand at this address.
fn read<O, const N: usize>(context: &Context<'_, O>, address: u32) -> Result<[u32; N], TrapKind> {
    let words = context.memory.words(address, N).and_then(|words| words.first_chunk().copied());
    words.ok_or_else(|| range_fault(context.call, address, N as u32))
}

/// Checks that the guest may write these words.
fn writable(call: Call, address: u32, words: u32) -> Result<(), TrapKind> {
    if !is_inside(address, words) || !address.is_multiple_of(4) {
        return Err(range_fault(call, address, words));
    }
    if address < DATA_START {
        return Err(TrapKind::CallReadOnly { call, address });
    }
    Ok(())
}

const fn is_inside(address: u32, words: u32) -> bool {
    address as u64 + words as u64 * 4 <= MEMORY_BYTES as u64
}

const fn range_fault(call: Call, address: u32, words: u32) -> TrapKind {
    if address.is_multiple_of(4) {
        TrapKind::CallOutside { call, address, bytes: words * 4 }
    } else {
        TrapKind::CallMisaligned { call, address }
    }
}

const fn point_trap(call: Call, fault: reference::PointFault) -> TrapKind {
    match fault {
        reference::PointFault::NotCanonical => TrapKind::CoordinateNotCanonical { call },
        reference::PointFault::Exceptional => TrapKind::ExceptionalPoint { call },
    }
}
