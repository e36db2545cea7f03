//! Running a program from start to end.

use crate::{CallCounts, LogSink, Machine, Observer, Program, RunError};

/// What the host decides about a run.
#[derive(Default)]
pub struct Options<'a> {
    /// Most cycles; none is 2^64 - 1.
    pub cycles_max: Option<u64>,
    /// Gets each `LOG` as it is made; what is not UTF-8 is replaced.
    pub on_log: Option<LogSink<'a>>,
}

/// How the guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitStatus {
    /// Argument of `HALT`: 0 for success; a guest that panics logs its message and halts with 1.
    pub code: u32,
    /// The end of what it logged.
    pub log: String,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How the guest ended.
    pub exit: ExitStatus,
    /// Instructions executed, calls included.
    pub cycles: u64,
    /// Digest of all that was committed: 8 KoalaBear elements, canonical.
    pub digest: [u32; 8],
    /// The argument of each `COMMIT`, in order.
    pub committed: Vec<[u8; 32]>,
    /// How often each call was made.
    pub calls: CallCounts,
    /// Hint words consumed.
    pub hints_read: usize,
}

/// Runs a program to its `HALT`. A code other than 0 is not an error here.
pub fn run(program: &Program, hints: &[u32], options: Options<'_>) -> Result<Run, RunError> {
    run_observed(program, hints, options, &mut ())
}

/// As [`run`], with an observer.
pub fn run_observed<O: Observer>(
    program: &Program,
    hints: &[u32],
    options: Options<'_>,
    observer: &mut O,
) -> Result<Run, RunError> {
    let (mut machine, cycles_max) = Machine::with_options(program, hints, options);
    let code = machine.run_to_halt(observer, cycles_max)?;
    Ok(machine.into_run(code))
}

impl<'p> Machine<'p> {
    /// A new machine that logs as the options say, and the limit of its cycles.
    pub(crate) fn with_options(program: &'p Program, hints: &'p [u32], options: Options<'p>) -> (Self, u64) {
        let mut machine = Self::new(program, hints);
        if let Some(on_log) = options.on_log {
            machine.environment.log.set_sink(on_log);
        }
        (machine, options.cycles_max.unwrap_or(u64::MAX))
    }

    /// The result of a run that halted with this code.
    pub(crate) fn into_run(self, code: u32) -> Run {
        let environment = self.environment;
        Run {
            exit: ExitStatus { code, log: environment.log.text() },
            cycles: self.cycle,
            digest: environment.digest,
            committed: environment.committed,
            calls: environment.counts,
            hints_read: environment.hint_position,
        }
    }
}
