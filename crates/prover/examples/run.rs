//! temp
use ashlar_prover::*;
use ashlar_vm::*;
use std::time::Instant;
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let hints_path = std::env::args().nth(2).unwrap();
    let max: usize = std::env::args().nth(3).map_or(usize::MAX, |x| x.parse().unwrap());
    let program = Program::from_elf(&std::fs::read(path).unwrap()).unwrap();
    let bytes = std::fs::read(hints_path).unwrap();
    let hints: Vec<u32> = bytes.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
    let t = Instant::now();
    let plan = Plan::new(&program, &hints, Options::default()).unwrap();
    eprintln!("plan {:?} cycles {} segments {}", t.elapsed(), plan.run.cycles, plan.metering.segments.len());
    for s in &plan.metering.segments {
        let r: Vec<_> = Table::ALL
            .iter()
            .filter(|t| s.rows.of(**t) > 0)
            .map(|t| format!("{} {}", t.name(), s.rows.of(*t)))
            .collect();
        eprintln!("{} {} {}", s.shape.unwrap().name, s.cycles, r.join(", "));
    }
    let t = Instant::now();
    let prover = Prover::new(&program).unwrap();
    eprintln!("setup {:?}", t.elapsed());
    let verifier = prover.verifier();
    eprintln!("key {}", verifier.program_key());
    let only: Option<usize> = std::env::args().nth(4).map(|x| x.parse().unwrap());
    for job in plan.jobs().take(max) {
        if only.is_some_and(|only| job.as_ref().unwrap().number != only) { continue }
        let t = Instant::now();
        let job = job.unwrap();
        let t1 = t.elapsed();
        let traces = prover.trace(&job).unwrap();
        let t2 = t.elapsed();
        let (proof, phases) = prover.prove(&job, &traces).unwrap();
        let t3 = t.elapsed();
        let r = verifier.verify_segment(job.number, &job.start, &proof);
        eprintln!(
            "{} {} cycles job {:?} trace {:?} prove {:?} verify {:?} {:?} cells {} {:?}",
            job.shape.name,
            job.input.cycles,
            t1,
            t2 - t1,
            t3 - t2,
            t.elapsed() - t3,
            r,
            traces.cells(),
            phases
        );
    }
}
