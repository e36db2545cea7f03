//! A small circuit that uses all tables, judged row by row and proven.

use alloc::sync::Arc;

use ashlar_machine::evaluate::{Balance, evaluate, evaluate_rows};
use ashlar_verifier::config::{Parameters, SEGMENT};
use p3_air::BaseAir;
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_lookup::check_bus_widths;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::Permutation;

use crate::arithmetic::{self, ArithmeticAir, Operation, OperationFixed};
use crate::bus::name;
use crate::compress::{self, CompressAir, CompressColumns, CompressFixed, CompressRow};
use crate::extension::element;
use crate::sponge::{self, SpongeAir, SpongeColumns, SpongeFixed, SpongeRow};
use crate::testing::{Instance, Random, val, wire};
use crate::{Challenge, CircuitAir, Val};

const OPERATIONS: usize = 5;
const SPONGE_HEIGHT: usize = 8;
const COMPRESS_HEIGHT: usize = 16;
const ARITHMETIC_HEIGHT: usize = 16;

/// Addresses of wires.
const POWER: u32 = 2;
const PUBLIC: u32 = 3;
const CAPACITY: u32 = 5;
const CARRY: u32 = 7;
const SUM: u32 = 8;
const ABSORBED: u32 = 14;
const SAMPLES: u32 = 16;
const INDEX: u32 = 20;
const CAP_WORDS: u32 = 21;
const BITS: u32 = 30;
/// Addresses of digests and of the cap.
const LEAF: u32 = 1;
const JOINING: u32 = 2;
const CAP: u32 = 1;

/// A leaf of 24 elements from matrices of 12 and 12, and one of four elements of the extension field.
fn sponge_rows(random: &mut Random) -> (Vec<SpongeFixed<Val>>, Vec<SpongeRow>) {
    let power = random.challenge();
    let permute = |state: [Val; 24]| default_koalabear_poseidon2_24().permute(state);
    let data = random.list(40);
    let mut inputs = [[Val::ZERO; 24]; 3];
    inputs[0][..16].copy_from_slice(&data[..16]);
    inputs[1] = permute(inputs[0]);
    inputs[1][..8].copy_from_slice(&data[16..24]);
    inputs[2][..16].copy_from_slice(&data[24..]);

    let flags = |flags: [u32; 4]| flags.map(val);
    let power_read =
        SpongeFixed { power_address: val(POWER), power_count: Val::NEG_ONE, ..Default::default() };
    let first = SpongeFixed {
        batches: Val::ONE,
        continues: flags([0, 1, 1, 0]),
        sum_address: flags([0, 0, SUM, 0]),
        sum_count: flags([0, 0, 1, 0]),
        chains: Val::ONE,
        holds: Val::ONE,
        retains: [Val::ZERO, Val::ONE, Val::ONE],
        ..power_read
    };
    let second = SpongeFixed {
        batches: Val::ONE,
        continues: flags([1, 1, 0, 0]),
        sum_address: flags([0, SUM + 1, 0, 0]),
        sum_count: flags([0, 1, 0, 0]),
        digest_address: val(LEAF),
        digest_count: Val::ONE,
        ..Default::default()
    };
    let third = SpongeFixed {
        delivers: Val::ONE,
        sum_address: flags([SUM + 2, SUM + 3, SUM + 4, SUM + 5]),
        sum_count: flags([1; 4]),
        digest_address: val(JOINING),
        digest_count: Val::ONE,
        ..power_read
    };
    (vec![first, second, third], inputs.map(|input| SpongeRow { input, power }).to_vec())
}

/// The rows of `compress`, as they are added.
struct Compress {
    fixed: Vec<CompressFixed<Val>>,
    rows: Vec<CompressRow>,
}

impl Compress {
    fn output(&self) -> [Val; 16] {
        default_koalabear_poseidon2_16().permute(self.rows.last().unwrap().input)
    }

    fn output_word(&self) -> [Val; 8] {
        self.output()[..8].try_into().unwrap()
    }

    /// The public values, then a transcript that absorbs at offset 1 and squeezes twice.
    fn transcript(random: &mut Random) -> Self {
        let words: [[Val; 8]; 4] = core::array::from_fn(|_| random.vals());
        let read = [Val::NEG_ONE; 2];
        let public = CompressFixed {
            word_address: [val(PUBLIC), val(PUBLIC + 1)],
            word_count: [Val::ONE, Val::TWO],
            ..Default::default()
        };
        let capacity = CompressFixed {
            word_address: [val(CAPACITY), val(CAPACITY + 1)],
            word_count: read,
            loads: Val::ONE,
            ..Default::default()
        };
        let first = CompressFixed {
            word_address: [val(ABSORBED), val(ABSORBED + 1)],
            word_count: read,
            carry_address: val(CARRY),
            has_carry: Val::ONE,
            absorbs: [0, 1, 0, 0].map(val),
            chain_state: Val::ONE,
            tag: val(8),
            chain_carry: [1, 0, 0].map(val),
            ..Default::default()
        };
        let second = CompressFixed {
            word_address: [val(PUBLIC), val(PUBLIC + 1)],
            word_count: read,
            absorbs: [0, 1, 0, 0].map(val),
            chain_state: Val::ONE,
            chain_left: Val::ONE,
            out_address: [val(SAMPLES), val(SAMPLES + 1)],
            out_count: [Val::ONE, Val::TWO],
            ..Default::default()
        };
        let squeeze = CompressFixed {
            out_address: [val(SAMPLES + 2), val(SAMPLES + 3)],
            out_count: [Val::ONE, Val::ONE],
            ..Default::default()
        };
        let row = |word| CompressRow { word, ..Default::default() };
        let mut all = Self { fixed: vec![public, capacity], rows: vec![row(words[0]), row(words[1])] };
        let carry = [random.val(), Val::ZERO, Val::ZERO];
        let capacity: [Val; 8] = words[1];
        all.absorb(first, words[2], carry, capacity);
        let mut state = all.output();
        state[8] += val(8);
        all.absorb(second, words[0], [words[2][7], Val::ZERO, Val::ZERO], state[8..].try_into().unwrap());
        let input = all.output();
        all.fixed.push(squeeze);
        all.rows.push(CompressRow { input, ..Default::default() });
        all
    }

    /// Adds a row that absorbs the carry's first element and then the word's first seven.
    fn absorb(&mut self, fixed: CompressFixed<Val>, word: [Val; 8], carry: [Val; 3], capacity: [Val; 8]) {
        let input = core::array::from_fn(|i| match i {
            0 => carry[0],
            1..8 => word[i - 1],
            _ => capacity[i - 8],
        });
        self.fixed.push(fixed);
        self.rows.push(CompressRow { input, word, carry, ..Default::default() });
    }

    /// Adds a path of three steps with a join in the middle, and the cap of two nodes in which it ends at index 1.
    fn path(&mut self, random: &mut Random, [leaf, joining]: [[Val; 8]; 2]) {
        let digest = |address| CompressFixed {
            digest_address: val(address),
            digest_count: Val::NEG_ONE,
            ..Default::default()
        };
        let chained = CompressFixed { chain_word: Val::ONE, ..Default::default() };
        let joined = CompressFixed { chain_left: Val::ONE, ..Default::default() };
        let end = CompressFixed {
            has_index: Val::ONE,
            index_address: val(INDEX),
            end_address: val(CAP),
            ..Default::default()
        };
        let first = CompressFixed { chain_word: Val::ONE, ..digest(LEAF) };
        self.step(first, leaf, random.vals(), 0, false);
        let node = self.output_word();
        self.step(joined, node, random.vals(), 1, true);
        let node = self.output_word();
        let join = CompressFixed { chain_word: Val::ONE, ..digest(JOINING) };
        self.step(join, joining, node, 2, true);
        let node = self.output_word();
        self.step(chained, node, random.vals(), 3, false);
        let node = self.output_word();
        self.step(end, node, random.vals(), 4, true);
        self.rows.last_mut().unwrap().index = Val::ONE;
        let node = self.output_word();
        for (i, word, uses) in [(0, random.vals(), Val::ZERO), (1, node, Val::ONE)] {
            let address = CAP_WORDS + 2 * i;
            self.fixed.push(CompressFixed {
                word_address: [val(address), val(address + 1)],
                word_count: [Val::NEG_ONE; 2],
                cap_address: val(CAP + i),
                is_cap: Val::ONE,
                ..Default::default()
            });
            self.rows.push(CompressRow { word, uses, ..Default::default() });
        }
    }

    /// Adds a step of a path: the word is the right child or the left one.
    fn step(
        &mut self,
        fixed: CompressFixed<Val>,
        word: [Val; 8],
        other: [Val; 8],
        number: u32,
        is_right: bool,
    ) {
        let [left, right] = if is_right { [other, word] } else { [word, other] };
        let input = core::array::from_fn(|i| if i < 8 { left[i] } else { right[i - 8] });
        let bit = Val::from_bool(is_right);
        let bit_address = val(BITS + number);
        self.fixed.push(CompressFixed { is_path: Val::ONE, has_bit: Val::ONE, bit_address, ..fixed });
        self.rows.push(CompressRow { input, word, bit, ..Default::default() });
    }
}

/// Operations that define what the other tables read, and read what they define.
fn operations(others: &Balance) -> (Vec<OperationFixed<Val>>, Vec<Operation>) {
    let (zero, one) = ((0, Challenge::ZERO), (1, Challenge::ONE));
    let mut fixed = Vec::new();
    let mut values = Vec::new();
    let mut add = |wires: [(u32, Challenge); 4], a_count: i64, d_count: i64| {
        let [a, b, c, d] = wires.map(|(address, _)| val(address));
        let [a_count, d_count] = [a_count, d_count].map(Val::from_i64);
        fixed.push(OperationFixed { a, b, c, d, a_count, d_count });
        values.push(wires.map(|(_, value)| value));
    };
    add([zero, zero, zero, one], -1, 0);
    add([zero; 4], -1, 0);
    for (message, count) in others.on(name::WITNESS) {
        let value = (message[0], element(&core::array::from_fn(|i| val(message[1 + i]))));
        if message[0] >= BITS {
            add([value, value, zero, value], 2 - count, -1);
        } else if count < 0 {
            add([value, one, zero, value], 1 - count, -1);
        } else {
            for _ in 0..count {
                add([zero, zero, value, (1000 + message[0], value.1)], -1, 0);
            }
        }
    }
    let idle = OPERATIONS * ARITHMETIC_HEIGHT - values.len();
    let reads = |address: u32| {
        let of = |operation: &OperationFixed<Val>| {
            let OperationFixed { a, b, c, d, a_count, d_count } = *operation;
            let reads = [a_count == Val::NEG_ONE, true, true, d_count == Val::NEG_ONE];
            [a, b, c, d].into_iter().zip(reads).filter(|(x, is_read)| *x == val(address) && *is_read).count()
        };
        val(fixed.iter().map(of).sum::<usize>() as u32)
    };
    let counts = [reads(1), reads(0) + val(4 * idle as u32)];
    for (operation, count) in fixed.iter_mut().zip(counts) {
        operation.d_count = count;
    }
    (fixed, values)
}

/// The tables of the circuit.
fn circuit() -> [Instance; 3] {
    let mut random = Random(11);
    let (fixed, rows) = sponge_rows(&mut random);
    let sponge = Instance {
        air: CircuitAir::Sponge(SpongeAir::new(Arc::new(sponge::fixed_matrix(&fixed, SPONGE_HEIGHT)))),
        trace: sponge::trace(&fixed, &rows, SPONGE_HEIGHT),
        public_values: Vec::new(),
    };
    let digests = [1, 2].map(|row: usize| -> [Val; 8] {
        default_koalabear_poseidon2_24().permute(rows[row].input)[..8].try_into().unwrap()
    });
    let mut all = Compress::transcript(&mut random);
    all.path(&mut random, digests);
    let compress = Instance {
        air: CircuitAir::Compress(CompressAir::new(Arc::new(compress::fixed_matrix(
            &all.fixed,
            COMPRESS_HEIGHT,
        )))),
        trace: compress::trace(&all.rows, COMPRESS_HEIGHT),
        public_values: all.rows[0].word.to_vec(),
    };
    let mut others = sponge.balance();
    others.add_all(&compress.balance());
    let (fixed, values) = operations(&others);
    let constants = [[Val::ONE, Val::ZERO]];
    let fixed = arithmetic::fixed_matrix(&fixed, &constants, OPERATIONS, ARITHMETIC_HEIGHT);
    let arithmetic = Instance {
        air: CircuitAir::Arithmetic(ArithmeticAir::new(OPERATIONS, Arc::new(fixed))),
        trace: arithmetic::trace(&values, OPERATIONS, ARITHMETIC_HEIGHT),
        public_values: Vec::new(),
    };
    [sponge, compress, arithmetic]
}

fn total(tables: &[Instance]) -> Balance {
    let mut total = Balance::default();
    tables.iter().for_each(|table| total.add_all(&table.balance()));
    total
}

#[test]
fn a_circuit_holds_and_its_buses_balance() {
    assert_eq!(total(&circuit()), Balance::default());
}

/// No cell can change, on any row, but for those that say nothing there.
#[test]
fn refuses_a_change_of_any_cell_that_says_something() {
    type Sponge = SpongeColumns<u8>;
    type Compressed = CompressColumns<u8>;
    let tables = circuit();
    let [word, carry, bit] = [
        core::mem::offset_of!(Compressed, word),
        core::mem::offset_of!(Compressed, carry),
        core::mem::offset_of!(Compressed, bit),
    ];
    let free = |table: usize, row: usize, column: usize| match table {
        0 => column == core::mem::offset_of!(Sponge, free),
        1 => {
            column >= core::mem::offset_of!(Compressed, free)
                // Rows from 12 on are idle; row 4 squeezes and has no word.
                || (row >= 12 || row == 4) && (word..word + 8).contains(&column)
                // Rows 2 and 3 absorb at offset 1. The carry of row 2 is a wire, that of row 3 has one element.
                || row != 2 && !(row == 3 && column == carry) && (carry..carry + 3).contains(&column)
                // Rows 5 to 9 are the path.
                || !(5..10).contains(&row) && column == bit
        }
        _ => false,
    };
    let mut uncaught = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let fixed = table.air.preprocessed_trace();
        for row in 0..table.trace.height() {
            for column in 0..table.trace.width() {
                if !table.is_refused(fixed.as_ref(), row, column) && !free(number, row, column) {
                    uncaught.push((table.air.name(), row, column));
                }
            }
        }
    }
    assert_eq!(uncaught, []);
}

/// What the key fixes is needed: each fixed column, changed on some row, makes the circuit fail.
#[test]
fn every_fixed_column_matters() {
    let tables = circuit();
    for (number, table) in tables.iter().enumerate() {
        let fixed = table.air.preprocessed_trace().unwrap();
        let honest = table.balance();
        for column in 0..fixed.width() {
            let is_caught = (0..fixed.height()).any(|row| {
                let mut changed = fixed.clone();
                let cell = &mut changed.values[row * fixed.width + column];
                *cell = Val::ONE - *cell;
                let air = with_fixed(&table.air, changed);
                let report = evaluate(&air, &table.trace, &table.public_values);
                !report.failures.is_empty() || report.balance != honest
            });
            // The last column of the sponge is no flag.
            let is_free = number == 0 && column == SpongeFixed::WIDTH - 1;
            assert_eq!(is_caught, !is_free, "{} column {column}", table.air.name());
        }
    }
}

/// What a row reads of the next one is what the table declares: p3 opens nothing else.
#[test]
fn next_rows_are_read_only_where_declared() {
    for table in circuit() {
        let fixed = table.air.preprocessed_trace();
        let declared = table.air.main_next_row_columns();
        let judge = |trace: &RowMajorMatrix<Val>, row| {
            evaluate_rows(&table.air, trace, fixed.as_ref(), &table.public_values, [row])
        };
        for row in 0..table.trace.height() - 1 {
            let honest = judge(&table.trace, row);
            for column in (0..table.trace.width()).filter(|column| !declared.contains(column)) {
                let mut changed = table.trace.clone();
                changed.values[(row + 1) * changed.width + column] += Val::ONE;
                let seen = judge(&changed, row);
                assert!(seen.failures == honest.failures && seen.balance == honest.balance);
            }
        }
    }
}

fn with_fixed(air: &CircuitAir, fixed: RowMajorMatrix<Val>) -> CircuitAir {
    let fixed = Arc::new(fixed);
    match air {
        CircuitAir::Sponge(_) => CircuitAir::Sponge(SpongeAir::new(fixed)),
        CircuitAir::Compress(_) => CircuitAir::Compress(CompressAir::new(fixed)),
        CircuitAir::Arithmetic(air) => CircuitAir::Arithmetic(ArithmeticAir::new(air.operations, fixed)),
    }
}

/// A cap's entry may be counted as often as it is read, but an entry that is not there cannot be read.
#[test]
fn refuses_a_path_that_ends_elsewhere() {
    let mut tables = circuit();
    let width = CompressColumns::WIDTH;
    let index = core::mem::offset_of!(CompressColumns<u8>, index);
    let uses = core::mem::offset_of!(CompressColumns<u8>, uses);
    // Row 9 ends the path, rows 10 and 11 are the cap. The forger counts the other node.
    let cells = &mut tables[1].trace.values;
    cells[9 * width + index] = Val::ZERO;
    cells[10 * width + uses] = Val::ONE;
    cells[11 * width + uses] = Val::ZERO;
    let left = total(&tables);
    assert_eq!(left.on(name::CAP).len(), 2);
    // The index is a wire, which has not changed.
    assert_eq!(
        left.on(name::WITNESS),
        [(wire(INDEX, Challenge::ZERO), -1), (wire(INDEX, Challenge::ONE), 1)].into()
    );
}

/// Parameters for small tables.
const SMALL: Parameters = Parameters {
    log_final_polynomial: 0,
    log_arity_max: 2,
    queries: 4,
    query_grinding: 1,
    cap_height: 0,
    ..SEGMENT
};

/// p3's prover and verifier see what the judge sees, with fixed columns on the prover's side only.
#[test]
fn a_circuit_is_proven_and_verified() {
    let tables = circuit();
    let config = SMALL.config();
    let instances: Vec<_> = tables
        .iter()
        .map(|table| StarkInstance {
            air: &table.air,
            trace: &table.trace,
            public_values: table.public_values.clone(),
        })
        .collect();
    let data = ProverData::from_instances(&config, &instances).unwrap();
    assert!(check_bus_widths(&data.common.lookups).is_ok());
    let proof = prove_batch(&config, &instances, &data).unwrap();

    let airs = [
        CircuitAir::Sponge(SpongeAir::default()),
        CircuitAir::Compress(CompressAir::default()),
        CircuitAir::Arithmetic(ArithmeticAir::constraints(OPERATIONS)),
    ];
    let mut values: Vec<_> = tables.iter().map(|table| table.public_values.clone()).collect();
    verify_batch(&config, &airs, &proof, &values, &data.common).unwrap();
    values[1][0] += Val::ONE;
    assert!(verify_batch(&config, &airs, &proof, &values, &data.common).is_err());
}
