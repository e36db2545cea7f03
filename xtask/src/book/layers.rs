//! The layers: what the overview calls them, and what it does not say of them.

use ashlar_soundness::{Budget, Layer, Overview, Report, Scheme, TableProfile};
use eyre::OptionExt;

/// What is fixed of a layer beside its figures.
pub(super) struct Described {
    /// Its name in the overview.
    pub(super) name: &'static str,
    pub(super) proves: &'static str,
    pub(super) scheme: Scheme,
    pub(super) leaves: &'static str,
    pub(super) nodes: &'static str,
    pub(super) digest: &'static str,
    /// Bits of a digest.
    pub(super) digest_bits: usize,
    pub(super) transcript: &'static str,
}

const POSEIDON_NODES: &str = "Poseidon2 of width 16, truncated";
const POSEIDON_DIGEST: &str = "8 elements, 248 bits";
const POSEIDON_TRANSCRIPT: &str = "duplex sponge, Poseidon2 of width 16, rate 8";

pub(super) const LAYERS: [Described; 4] = [
    Described {
        name: "segments",
        proves: "a segment of a run",
        scheme: Scheme::SEGMENT,
        leaves: "Poseidon2 sponge of width 24, rate 16",
        nodes: POSEIDON_NODES,
        digest: POSEIDON_DIGEST,
        digest_bits: 248,
        transcript: POSEIDON_TRANSCRIPT,
    },
    Described {
        name: "recursion",
        proves: "a circuit: `leaf-*`, `fold`, `finish` or `join`",
        scheme: Scheme::RECURSION,
        leaves: "Poseidon2 sponge of width 24, rate 16",
        nodes: POSEIDON_NODES,
        digest: POSEIDON_DIGEST,
        digest_bits: 248,
        transcript: POSEIDON_TRANSCRIPT,
    },
    Described {
        name: "shrink",
        proves: "the circuit `shrink`",
        scheme: Scheme::SHRINK,
        leaves: "Poseidon2 sponge of width 16, rate 8",
        nodes: POSEIDON_NODES,
        digest: POSEIDON_DIGEST,
        digest_bits: 248,
        transcript: POSEIDON_TRANSCRIPT,
    },
    Described {
        name: "last",
        proves: "the circuit `last`, to Ethereum",
        scheme: Scheme::LAST,
        leaves: "Keccak-256 of the row",
        nodes: "Keccak-256, cut",
        digest: "26 bytes",
        digest_bits: 208,
        transcript: "Keccak-256, state of 32 bytes",
    },
];

/// A layer with its figures.
pub(super) struct Figures<'a> {
    pub(super) described: &'static Described,
    pub(super) layer: &'a Layer,
}

impl<'a> Figures<'a> {
    pub(super) fn all(overview: &'a Overview) -> eyre::Result<Vec<Self>> {
        let find = |described: &'static Described| {
            let layer = overview.layers.iter().find(|layer| layer.name == described.name);
            Ok(Self { described, layer: layer.ok_or_eyre("a layer has another name")? })
        };
        LAYERS.iter().map(find).collect()
    }

    pub(super) fn named(overview: &'a Overview, name: &str) -> eyre::Result<Self> {
        let found = Self::all(overview)?.into_iter().find(|figures| figures.described.name == name);
        found.ok_or_else(|| eyre::eyre!("no layer `{name}`"))
    }

    /// The shape with this name; without a name, that of the layer's most rows.
    pub(super) fn shape(&self, name: Option<&str>) -> eyre::Result<(&'a Report, &'a Budget)> {
        let all = || self.layer.reports.iter().zip(&self.layer.budgets);
        let found = match name {
            Some(name) => all().find(|(report, _)| report.shape == name),
            None => all().max_by_key(|(_, budget)| budget.log_heights.first().copied()),
        };
        found.ok_or_eyre("no such shape")
    }
}

/// All messages of a proof.
pub(super) fn messages(tables: &[TableProfile]) -> u64 {
    tables.iter().map(|table| table.messages as u64 * table.height()).sum()
}

pub(super) fn most(tables: &[TableProfile], count: impl Fn(&TableProfile) -> usize) -> usize {
    tables.iter().map(count).max().unwrap_or(0)
}
