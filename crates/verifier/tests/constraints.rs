//! The machine version stands for the constraints in programKey: neither changes without the other.
//!
//! Every table is evaluated once on a row that looks random: cells, selectors, periodic and public values. What its
//! constraints and messages come to is hashed, with its dimensions and fixed columns. Two different constraints of low
//! degree have the same value at such a point with probability 2^-29 or so.

use ashlar_machine::air::MachineAir;
use ashlar_machine::keccak::KeccakTableAir;
use ashlar_machine::lookup::LookupAir;
use ashlar_machine::{Table, Val};
use ashlar_verifier::MACHINE_VERSION;
use p3_air::{Air, AirBuilder, BaseAir, RowWindow};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_lookup::{Count, InteractionBuilder};
use tiny_keccak::{Hasher, Keccak};

/// The version, and the digest of all constraints. Where this test fails, what a proof means may have changed: then
/// [`MACHINE_VERSION`] goes up by one, unless no version was released yet.
const PINNED: (u32, &str) = (1, "18e230d73a40e3f00aad675ece1579df0a8feaa16c5b2692bec5e6e0a41d7e54");

/// Words that look random (SplitMix64), as elements.
struct Random(u64);

impl Random {
    fn element(&mut self) -> Val {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Val::from_u64(z ^ (z >> 31))
    }

    fn elements(&mut self, count: usize) -> Vec<Val> {
        (0..count).map(|_| self.element()).collect()
    }
}

/// Writes down all values of one evaluation.
struct Recorder<'a> {
    main: RowWindow<'a, Val>,
    fixed: RowWindow<'a, Val>,
    periodic: &'a [Val],
    public_values: &'a [Val],
    selectors: [Val; 3],
    record: &'a mut Vec<u8>,
}

fn write(record: &mut Vec<u8>, kind: u8, values: impl IntoIterator<Item = Val>) {
    let start = record.len();
    record.extend([kind, 0, 0, 0, 0]);
    record.extend(values.into_iter().flat_map(|value| value.as_canonical_u32().to_le_bytes()));
    let length = (record.len() - start) as u32;
    record[start + 1..start + 5].copy_from_slice(&length.to_le_bytes());
}

impl<'a> AirBuilder for Recorder<'a> {
    type F = Val;
    type Expr = Val;
    type Var = Val;
    type PreprocessedWindow = RowWindow<'a, Val>;
    type MainWindow = RowWindow<'a, Val>;
    type PublicVar = Val;
    type PeriodicVar = Val;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.fixed
    }

    fn is_first_row(&self) -> Val {
        self.selectors[0]
    }

    fn is_last_row(&self) -> Val {
        self.selectors[1]
    }

    fn is_transition(&self) -> Val {
        self.selectors[2]
    }

    fn assert_zero<I: Into<Val>>(&mut self, x: I) {
        write(self.record, 1, [x.into()]);
    }

    fn public_values(&self) -> &[Val] {
        self.public_values
    }

    fn periodic_values(&self) -> &[Val] {
        self.periodic
    }
}

impl InteractionBuilder for Recorder<'_> {
    fn push_interaction<E: Into<Val>>(
        &mut self,
        bus_name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Val>>,
    ) {
        let (count, weight) = count.into().into_parts();
        write(self.record, 2, bus_name.bytes().map(Val::from_u8));
        write(self.record, 3, fields.into_iter().map(Into::into).chain([count, Val::from_u32(weight)]));
    }

    fn push_local_interaction(&mut self, tuples: impl IntoIterator<Item = (Vec<Val>, Count<Val>)>) {
        for (message, count) in tuples {
            self.push_interaction("local", message, count);
        }
    }
}

/// The table's dimensions, fixed columns, constraints and messages.
fn record(table: Table, random: &mut Random) -> Vec<u8> {
    let air = match table {
        Table::Lookup => MachineAir::Lookup(LookupAir::with_entries()),
        Table::KeccakTable => MachineAir::KeccakTable(KeccakTableAir::with_entries()),
        _ => MachineAir::constraints(table),
    };
    let mut record = Vec::new();
    let (width, fixed_width) = (air.width(), air.preprocessed_width());
    let numbers = [table as usize, width, fixed_width, air.num_public_values()];
    write(&mut record, 4, numbers.map(Val::from_usize));
    for column in air.periodic_columns().iter() {
        write(&mut record, 5, column.iter().copied());
    }
    for columns in [air.main_next_row_columns(), air.preprocessed_next_row_columns()] {
        write(&mut record, 6, columns.into_iter().map(Val::from_usize));
    }
    write(&mut record, 7, air.preprocessed_trace().map_or_else(Vec::new, |trace| trace.values));
    let main = [random.elements(width), random.elements(width)];
    let fixed = [random.elements(fixed_width), random.elements(fixed_width)];
    let (periodic, public_values) =
        (random.elements(air.num_periodic_columns()), random.elements(air.num_public_values()));
    let mut recorder = Recorder {
        main: RowWindow::from_two_rows(&main[0], &main[1]),
        fixed: RowWindow::from_two_rows(&fixed[0], &fixed[1]),
        periodic: &periodic,
        public_values: &public_values,
        selectors: [0; 3].map(|_| random.element()),
        record: &mut record,
    };
    air.eval(&mut recorder);
    record
}

#[test]
fn constraints_are_those_of_the_machine_version() {
    let mut random = Random(0x6173_686c_6172);
    let mut keccak = Keccak::v256();
    for table in Table::ALL {
        keccak.update(&record(table, &mut random));
    }
    let mut digest = [0; 32];
    keccak.finalize(&mut digest);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((MACHINE_VERSION, digest.as_str()), PINNED);
}
