//! What the layers of an aggregated proof take: time and memory of segments, leaves, folds and statements.

use crate::report::{peak_memory, reset_peak_memory};
use ashlar_prover::{Event, SegmentFigures, aggregate::RecursionFigures};
use ashlar_verifier::Circuit;
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    time::Duration,
};

/// The layers, from the bottom to the top.
const NAMES: [&str; 4] = ["segment", "leaf", "fold", "finish"];

/// Figures of all layers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Layers([Layer; NAMES.len()]);

#[derive(Clone, Copy, Default)]
struct Layer {
    proofs: u32,
    /// Of all proofs, without that for circuits.
    time: Duration,
    /// Making circuits and their fixed columns.
    circuits: Duration,
    /// The most that the process had while a proof of this layer was made.
    peak_memory: Option<u64>,
}

impl Layers {
    /// Where the process gives memory back, what it has at the most while a proof is made is what the proof needs.
    pub(crate) fn watch_memory(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { .. } | Event::Aggregating { .. } => {
                reset_peak_memory();
            }
            Event::Finished(_) => self.0[0].add_peak(),
            Event::Aggregated(RecursionFigures { circuit, .. }) => self.0[layer(*circuit)].add_peak(),
            _ => {}
        }
    }

    pub(crate) fn watch_time(&mut self, event: &Event<'_>) {
        match event {
            Event::Finished(SegmentFigures { job, trace, prove, .. }) => {
                self.0[0].add(*job + *trace + *prove, Duration::ZERO);
            }
            Event::Aggregated(RecursionFigures { circuit, time, phases, .. }) => {
                self.0[layer(*circuit)].add(time.saturating_sub(phases.set_up), phases.set_up);
            }
            _ => {}
        }
    }

    pub(crate) fn json(&self) -> Value {
        NAMES.into_iter().zip(self.0).map(|(name, layer)| (name.to_owned(), layer.json())).collect()
    }
}

const fn layer(circuit: Circuit) -> usize {
    match circuit {
        Circuit::Leaf(_) => 1,
        Circuit::Fold => 2,
        Circuit::Finish | Circuit::Join => 3,
    }
}

impl Layer {
    fn add(&mut self, time: Duration, circuits: Duration) {
        self.proofs += 1;
        self.time += time;
        self.circuits += circuits;
    }

    fn add_peak(&mut self) {
        self.peak_memory = self.peak_memory.max(peak_memory());
    }

    fn seconds(&self) -> f64 {
        self.time.as_secs_f64() / f64::from(self.proofs.max(1))
    }

    fn json(&self) -> Value {
        json!({
            "proofs": self.proofs,
            "seconds": self.seconds(),
            "seconds_circuits": self.circuits.as_secs_f64(),
            "peak_memory_bytes": self.peak_memory,
        })
    }
}

impl Display for Layers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, layer) in NAMES.into_iter().zip(self.0) {
            let Layer { proofs, circuits, peak_memory, .. } = layer;
            let memory = peak_memory.map_or_else(
                || "unknown".into(),
                |bytes| format!("{:.2} GiB", bytes as f64 / f64::from(1 << 30)),
            );
            writeln!(
                f,
                "{name:<14}{:.2} s a proof ({proofs} made), {:.2} s for circuits, {memory}",
                layer.seconds(),
                circuits.as_secs_f64()
            )?;
        }
        Ok(())
    }
}
