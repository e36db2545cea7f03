//! Profiles of small tables, counted by hand.

use ashlar_machine::Val;
use ashlar_soundness::{TableProfile, profile};
use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

/// Three columns, two of them sent on one bus; a constraint of some degree.
struct Small {
    degree: u64,
    reads_next_row: bool,
    sends: bool,
}

impl BaseAir<Val> for Small {
    fn width(&self) -> usize {
        3
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        if self.reads_next_row { vec![0] } else { Vec::new() }
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for Small {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let [a, b, c] = [0, 1, 2].map(|i| Into::<AB::Expr>::into(main.current_slice()[i]));
        builder.assert_zero(a.exp_u64(self.degree) - b.clone());
        builder.assert_bool(c.clone());
        if self.sends {
            builder.push_interaction("bus", [a.clone(), b.clone(), AB::Expr::ZERO], Count::bounded(c, 1));
            builder.push_interaction("bus", [b, a, AB::Expr::ONE], Count::bounded(AB::Expr::TWO, 2));
        }
    }
}

const EXPECTED: TableProfile = TableProfile {
    name: "div",
    log_height: 8,
    main_width: 3,
    reads_next_row: false,
    fixed_width: 0,
    fixed_next: false,
    aux_columns: 0,
    messages: 0,
    message_width: 0,
    weight: 0,
    constraints: 2,
    degree: 2,
    quotient_chunks: 1,
    periodic: 0,
};

#[test]
fn without_messages() {
    let air = Small { degree: 2, reads_next_row: false, sends: false };
    assert_eq!(profile("div", &air, 8), EXPECTED);
    // 3 columns and a quotient of 4, at one point.
    assert_eq!((EXPECTED.columns(), EXPECTED.openings()), (7, 7));
}

#[test]
fn messages_do_not_share_a_column_when_that_takes_another_chunk() {
    let air = Small { degree: 2, reads_next_row: true, sends: true };
    // A column per message and one for the sum; a constraint for each message, three for the sum.
    let expected = TableProfile {
        reads_next_row: true,
        aux_columns: 3,
        messages: 2,
        message_width: 3,
        weight: 3,
        constraints: 2 + 2 + 3,
        ..EXPECTED
    };
    assert_eq!(profile("div", &air, 8), expected);
    assert_eq!((expected.columns(), expected.openings()), (3 + 12 + 4, 2 * 3 + 2 * 12 + 4));
}

#[test]
fn messages_share_a_column_where_the_degree_is_free() {
    let air = Small { degree: 3, reads_next_row: false, sends: true };
    let expected = TableProfile {
        aux_columns: 2,
        messages: 2,
        message_width: 3,
        weight: 3,
        constraints: 2 + 1 + 3,
        degree: 3,
        quotient_chunks: 2,
        ..EXPECTED
    };
    assert_eq!(profile("div", &air, 8), expected);
    assert_eq!((expected.columns(), expected.openings()), (3 + 8 + 8, 3 + 2 * 8 + 8));
}
