//! What two operations take when a transaction does them in turn, by the cells of the segments that they fill.
//!
//! A price counts the cells that an operation uses. A proof takes the cells of whole segments, and the heights of their tables belong
//! to one of few shapes (`specs/006-segment-proof.md`): an operation that fills one table early leaves the others empty, and two that no
//! cheap shape has together end every segment after a few of them.

use std::collections::BTreeMap;

use ashlar_machine::{SHAPES, Shape, Table};

/// Cells of the segments of a batch of transfers for each equivalent that it takes: what time is promised by
/// (`cargo xtask soak worst-case --plan`).
pub(crate) const CELLS: f64 = 184.0;

/// Shares of the price that the first of two operations has. A thousandth is enough to have a table in every segment.
const SHARES: [f64; 11] = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/// An operation with what it takes of each table for each equivalent of its price.
pub(crate) struct Priced {
    name: String,
    units: [f64; Table::COUNT],
}

impl Priced {
    /// Of the units that one operation of this price takes, by the tables' names.
    pub(crate) fn new(name: String, price: f64, units: &BTreeMap<String, f64>) -> Self {
        let of = |table: Table| units.get(table.name()).copied().unwrap_or(0.0) / price;
        Self { name, units: Table::ALL.map(of) }
    }
}

/// The most that one or two operations take in turn.
pub(crate) struct Worst {
    /// In times of what their prices promise.
    pub(crate) share: f64,
    pub(crate) names: [String; 2],
    /// The first one's share of the price.
    pub(crate) part: f64,
}

/// The worst of all pairs, with themselves too.
pub(crate) fn worst(operations: &[Priced]) -> Option<Worst> {
    let chosen = undominated(operations);
    let pairs =
        chosen.iter().enumerate().flat_map(|(i, one)| chosen[i..].iter().map(move |two| (*one, *two)));
    let mixes = pairs.flat_map(|(one, two)| SHARES.map(|part| (one, two, part)));
    let shares = mixes.map(|(one, two, part)| {
        let units: [f64; Table::COUNT] =
            std::array::from_fn(|i| part * one.units[i] + (1.0 - part) * two.units[i]);
        (share(&units), one, two, part)
    });
    let (share, one, two, part) = shares.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Worst { share, names: [one, two].map(|operation| operation.name.clone()), part })
}

/// Those than which no other takes as much of every table and more of one: with another in its place, no mix takes less.
fn undominated(operations: &[Priced]) -> Vec<&Priced> {
    let dominates = |other: &Priced, of: &Priced| {
        let mut pairs = other.units.iter().zip(&of.units);
        other.units != of.units && pairs.all(|(more, less)| more >= less)
    };
    operations.iter().filter(|of| !operations.iter().any(|other| dominates(other, of))).collect()
}

/// Times of what is promised for one equivalent that takes these, in segments of the cheapest shape.
fn share(units: &[f64; Table::COUNT]) -> f64 {
    let shares = SHAPES.iter().map(|shape| share_in(shape, units));
    shares.fold(f64::INFINITY, f64::min)
}

/// The same in segments of one shape. One that lacks a table is cut around every unit of it, if it is used at all.
fn share_in(shape: &Shape, units: &[f64; Table::COUNT]) -> f64 {
    let segments = Table::ALL.into_iter().zip(units).filter(|(_, units)| **units > 0.0);
    let segments = segments.map(|(table, units)| units / f64::from(shape.capacity(table).max(1)));
    segments.fold(0.0, f64::max) * shape.cells() as f64 / CELLS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priced(name: &str, price: f64, units: &[(Table, f64)]) -> Priced {
        let units = units.iter().map(|(table, units)| (table.name().to_owned(), *units)).collect();
        Priced::new(name.to_owned(), price, &units)
    }

    /// A cycle of an equivalent, in the shape with most cycles: its cells, padding included, over what is promised.
    #[test]
    fn cycles_take_a_segment_of_most_cycles() {
        let general = SHAPES.iter().max_by_key(|shape| shape.capacity(Table::Cpu)).unwrap();
        let cell = general.cells() as f64 / f64::from(general.capacity(Table::Cpu)) / CELLS;
        let worst = worst(&[priced("cycle", 1.0, &[(Table::Cpu, 1.0)])]).unwrap();
        assert!((worst.share - cell).abs() < 1e-9, "{}", worst.share);
    }

    #[test]
    fn a_price_that_is_too_low_is_found() {
        let [right, wrong] = [900.0, 9.0].map(|price| {
            let operations = [
                priced("add", 100.0, &[(Table::Cpu, 100.0)]),
                priced("hash", price, &[(Table::Cpu, 400.0), (Table::Keccak, 1.0)]),
            ];
            worst(&operations).unwrap()
        });
        assert!(right.share < 1.5, "{}", right.share);
        assert!(wrong.share > 50.0, "{}", wrong.share);
        assert!(wrong.names.contains(&"hash".to_owned()));
    }

    /// One that takes most of no table may take most together with another, as long as none takes as much of all.
    #[test]
    fn only_what_another_takes_as_well_is_left_out() {
        let operations = [
            priced("cycles", 1.0, &[(Table::Cpu, 3.0)]),
            priced("both", 1.0, &[(Table::Cpu, 2.0), (Table::Mul, 2.0)]),
            priced("products", 1.0, &[(Table::Mul, 3.0)]),
            priced("less", 1.0, &[(Table::Cpu, 2.0), (Table::Mul, 1.0)]),
            priced("again", 1.0, &[(Table::Mul, 3.0)]),
        ];
        let names: Vec<_> = undominated(&operations).iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["cycles", "both", "products", "again"]);
    }

    /// What was found when no shape had Keccak beside the wide multiplication: with a table that is absent, two operations end a segment
    /// after each other.
    #[test]
    fn operations_that_no_shape_has_together_are_found() {
        let wide = [(Table::Cpu, 10_000.0), (Table::Modmul384, 100.0)];
        let absent = [(Table::Cpu, 400.0), (Table::Permute, 1.0)];
        let operations = [priced("wide", 20_000.0, &wide), priced("permutation", 1_000.0, &absent)];
        let alone = operations.iter().map(|one| worst(std::slice::from_ref(one)).unwrap().share);
        assert!(alone.fold(0.0, f64::max) < 3.0);
        assert!(worst(&operations).unwrap().share > 50.0);
    }

    /// One shape has all calls that an EVM makes.
    #[test]
    fn the_calls_of_an_evm_share_a_shape() {
        let calls = [Table::Keccak, Table::Modmul256, Table::Modmul384, Table::Secp256k1];
        let has_all = |shape: &Shape| calls.iter().all(|table| shape.capacity(*table) > 0);
        assert!(SHAPES.iter().any(has_all));
    }
}
