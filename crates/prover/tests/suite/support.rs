//! A shape for small runs, and the exact judge of all traces of a segment.

use ashlar_machine::air::MachineAir;
use ashlar_machine::cpu::ProgramRow;
use ashlar_machine::evaluate::{Balance, evaluate};
use ashlar_machine::keccak::KeccakTableAir;
use ashlar_machine::lookup::LookupAir;
use ashlar_machine::program::ProgramAir;
use ashlar_machine::{Shape, Table};
use ashlar_prover::{Plan, SegmentJob, SegmentTraces, program_rows, record};
use ashlar_verifier::public_values;
use ashlar_vm::{Options, Program, SegmentLimits};

/// Room for some hundred instructions and a few of every call.
pub(crate) fn small_shape() -> Shape {
    let mut heights = [8; Table::COUNT];
    for (table, height) in [
        (Table::Cpu, 10),
        (Table::Program, 10),
        (Table::Lookup, 17),
        (Table::KeccakTable, 17),
        (Table::Poseidon2, 10),
        (Table::Port, 9),
        (Table::Keccak, 9),
        (Table::Commit, 2),
    ] {
        heights[table as usize] = height;
    }
    Shape { name: "test", heights }
}

/// The jobs of a run whose segments have at most this many cycles.
pub(crate) fn jobs(program: &Program, hints: &[u32], cycles: u64) -> Vec<SegmentJob> {
    let limits = SegmentLimits { cycles, shapes: vec![small_shape()] };
    let plan = Plan::with_limits(program, hints, Options::default(), limits).expect("a plan");
    plan.jobs().map(|job| job.expect("a job")).collect()
}

/// The traces of a job.
pub(crate) fn traces(program: &Program, job: &SegmentJob) -> SegmentTraces {
    let rows = program_rows(program);
    SegmentTraces::new(&rows, job, record(program, &rows, job).expect("events"))
}

/// The table with its fixed columns.
pub(crate) fn air(table: Table, rows: &[Option<ProgramRow>], shape: &Shape) -> MachineAir {
    match table {
        Table::Program => MachineAir::Program(ProgramAir::new(rows, shape.height(table))),
        Table::Lookup => MachineAir::Lookup(LookupAir::with_entries()),
        Table::KeccakTable => MachineAir::KeccakTable(KeccakTableAir::with_entries()),
        _ => MachineAir::constraints(table),
    }
}

/// Constraints that fail, by table, and what is left on the buses.
pub(crate) fn judge(program: &Program, job: &SegmentJob, traces: &SegmentTraces) -> (Vec<String>, Balance) {
    let rows = program_rows(program);
    let mut balance = Balance::default();
    let mut failures = Vec::new();
    for table in &traces.tables {
        let values = public_values(table.table, &job.start, &job.end);
        let report = evaluate(&air(table.table, &rows, &job.shape), &table.trace, &values);
        failures.extend(
            report.failures.iter().take(3).map(|failure| format!("{}: {failure:?}", table.table.name())),
        );
        balance.add_all(&report.balance);
    }
    (failures, balance)
}

/// Asserts that every segment of a run satisfies all constraints, and that all buses balance.
pub(crate) fn assert_holds(program: &Program, hints: &[u32], cycles: u64) -> usize {
    let jobs = jobs(program, hints, cycles);
    for job in &jobs {
        let (failures, balance) = judge(program, job, &traces(program, job));
        assert_eq!(failures, Vec::<String>::new(), "segment {}", job.number);
        let left: Vec<_> = balance
            .0
            .iter()
            .map(|(bus, messages)| (bus, messages.iter().take(4).collect::<Vec<_>>()))
            .collect();
        assert!(balance.is_zero(), "segment {}: {left:?}", job.number);
    }
    for pair in jobs.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
    }
    jobs.len()
}
