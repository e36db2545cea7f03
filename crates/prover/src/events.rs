//! What happens in a segment, as the tables want to know it.

use ashlar_machine::bitwise::BitwiseEvent;
use ashlar_machine::call::CallEvent;
use ashlar_machine::commit::CommitEvent;
use ashlar_machine::cpu::CpuStep;
use ashlar_machine::div::DivEvent;
use ashlar_machine::hint::HintEvent;
use ashlar_machine::keccak::KeccakEvent;
use ashlar_machine::less_than::LessThanEvent;
use ashlar_machine::modmul::ModmulEvent;
use ashlar_machine::mul::MulEvent;
use ashlar_machine::page::PageEvent;
use ashlar_machine::permute::PermuteEvent;
use ashlar_machine::port::PortEvent;
use ashlar_machine::secp256k1::PointEvent;
use ashlar_machine::shift::ShiftEvent;
use ashlar_machine::subword::SubwordEvent;

/// The events of one segment, in the order of the run.
#[derive(Default)]
#[allow(missing_docs)] // One list per table.
pub struct Events {
    pub cpu: Vec<CpuStep>,
    /// How often each instruction of the program is executed.
    pub program: Vec<u32>,
    pub bitwise: Vec<BitwiseEvent>,
    pub shift: Vec<ShiftEvent>,
    pub less_than: Vec<LessThanEvent>,
    pub subword: Vec<SubwordEvent>,
    pub mul: Vec<MulEvent>,
    pub div: Vec<DivEvent>,
    pub call: Vec<CallEvent>,
    pub port: Vec<PortEvent>,
    pub hint: Vec<HintEvent>,
    pub commit: Vec<CommitEvent>,
    pub permute: Vec<PermuteEvent>,
    pub keccak: Vec<KeccakEvent>,
    pub modmul256: Vec<ModmulEvent<8>>,
    pub modmul384: Vec<ModmulEvent<12>>,
    pub secp256k1: Vec<PointEvent>,
    pub page: Vec<PageEvent>,
}
