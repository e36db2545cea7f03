//! Traces that are filled as an attacker likes.

use super::*;

/// A trace of 2 operations' rows, filled as an attacker likes.
pub(super) struct Forgery(pub(super) RowMajorMatrix<Val>);

impl Forgery {
    pub(super) fn new(witness: &Witness) -> Self {
        let mut forgery = Self(RowMajorMatrix::new(vec![Val::ZERO; 4 * WIDTH], WIDTH));
        fill(forgery.rows(), witness);
        forgery
    }

    pub(super) fn rows(&mut self) -> [&mut Secp256k1Columns<Val>; 2] {
        let (first, others) = self.0.values.split_at_mut(WIDTH);
        [first.borrow_mut(), others[..WIDTH].borrow_mut()]
    }

    pub(super) fn is_accepted(&self) -> bool {
        is_accepted(&Secp256k1Air, &self.0)
    }

    /// The constraints that fail; the lookup table does not object.
    pub(super) fn failures(&self) -> Vec<usize> {
        failures(&self.0)
    }

    /// The low bits of a carry, and its top bit if it has one.
    pub(super) fn carry(&mut self, index: usize) -> (&mut Val, Option<&mut Val>) {
        let [first, second] = self.rows();
        let low = match index.checked_sub(FIRST_CARRIES) {
            None => &mut first.words[LIMBS + index],
            Some(index) => &mut second.words[index],
        };
        let highs = [&mut first.highs, &mut second.highs];
        let [of_first, of_second] = highs;
        let high = PLACES[index].high.map(|high| match high.checked_sub(HIGHS) {
            None => &mut of_first[high],
            Some(high) => &mut of_second[high],
        });
        (low, high)
    }

    pub(super) fn refit_carries(&mut self) {
        let [first, second] = self.rows();
        fill_carries(first, second);
    }

    /// Solves each carry in the field, for a quotient of choice, whatever its range.
    pub(super) fn solve_carries(&mut self, quotient: i64) {
        let [first, second] = self.rows();
        let operands = Operands::<Val>::new(first, second);
        for relation in Relation::ALL {
            let sums = operands.sums(relation);
            let mut carry = Val::ZERO;
            for (group, index) in carries::of(relation as usize).enumerate() {
                carry += sums[group] + Val::from_i64(QUOTIENT_WEIGHTS[group] * quotient);
                carry *= Val::from_i64(carries::base(group)).inverse();
                let carry = if group + 1 == GROUPS { Val::from_i64(quotient) } else { carry };
                let (low, high) = self.carry(index);
                *low = carry - Val::from_i64(PLACES[index].offset);
                high.into_iter().for_each(|high| *high = Val::ZERO);
            }
        }
    }

    /// Chooses reasons, `by_middle` and `by_low`, for numbers of a row that share the inverse and the rest, with the only
    /// rest for them and the best inverse.
    pub(super) fn choose(&mut self, row: usize, choices: &[(usize, [i64; 2])]) {
        // Whether the row's numbers must be canonical.
        let flags = [true, true, row == 1, row == 0].map(Val::from_bool);
        let row: &mut Secp256k1Columns<Val> = self.0.values[row * WIDTH..][..WIDTH].borrow_mut();
        let [mut not_zero, mut has_inverse, mut rest] = [Val::ZERO; 3];
        for (which, choice) in choices {
            let limbs: [Val; LIMBS] = match which {
                0 => join(&row.bytes, 256),
                1 => row.limbs,
                2 => join(&join::<_, 32>(&row.nibbles, 16), 256),
                _ => core::array::from_fn(|i| row.words[i]),
            };
            let [by_middle, by_low] = choice.map(Val::from_i64);
            let by_top = flags[*which] - by_middle - by_low;
            let top: Val = limbs[3..].iter().map(|limb| Val::from_u16(0xffff) - *limb).sum();
            let [low, v, u] = [0, 1, 2].map(|i| Val::from_u16([0xfc2e, 0xffff, 0xfffe][i]) - limbs[i]);
            row.canonical[*which] = CanonicalChoice { by_middle, by_low };
            not_zero += by_top * top + by_middle * (u + v);
            has_inverse += by_top + by_middle;
            rest += by_middle * u + by_low * low;
        }
        let shared = choices[0].0.min(2);
        row.inverses[shared] = has_inverse * not_zero.try_inverse().unwrap_or_default();
        row.rests[shared] = rest;
    }

    /// Tries all reasons for a number to be canonical, also with a rest that is too small to be true.
    pub(super) fn is_accepted_for_a_reason(&mut self, row: usize, which: usize) -> bool {
        (0..4).any(|reason| {
            self.choose(row, &[(which, [reason & 1, reason >> 1])]);
            self.is_accepted() || {
                let row: &mut Secp256k1Columns<Val> = self.0.values[row * WIDTH..][..WIDTH].borrow_mut();
                row.rests[which.min(2)] = Val::ZERO;
                self.is_accepted()
            }
        })
    }
}

/// The constraints that fail in a trace; the lookup table does not object.
pub(super) fn failures(trace: &RowMajorMatrix<Val>) -> Vec<usize> {
    let report = evaluate(&Secp256k1Air, trace, &[]);
    let asked = report.balance.on(name::TABLE);
    assert!(asked.keys().all(|message| testing::is_in_table(message)), "the lookup table refuses");
    report.failures.iter().map(|failure| failure.constraint).collect()
}
