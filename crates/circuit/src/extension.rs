//! The extension field F\[X\]/(X^4 - 3), as expressions of coefficients, lowest first.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use crate::{Challenge, Val};

/// What X^4 is.
const X_4: u8 = 3;

/// The product of two elements. Its degree is the sum of theirs.
pub(crate) fn multiply<E: PrimeCharacteristicRing>(a: &[E; 4], b: &[E; 4]) -> [E; 4] {
    core::array::from_fn(|i| {
        let low: E = (0..=i).map(|j| a[j].clone() * b[i - j].clone()).sum();
        let high: E = (i + 1..4).map(|j| a[j].clone() * b[4 + i - j].clone()).sum();
        if i == 3 { low } else { low + high * E::from_u8(X_4) }
    })
}

/// The coefficients of an element.
#[inline]
pub(crate) fn coefficients(element: Challenge) -> [Val; 4] {
    let slice: &[Val] = element.as_basis_coefficients_slice();
    core::array::from_fn(|i| slice[i])
}

/// The element with these coefficients.
#[inline]
pub(crate) fn element(coefficients: &[Val; 4]) -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| coefficients[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn products_are_those_of_the_field() {
        let mut random = Random(1);
        for _ in 0..20 {
            let [a, b] = [random.challenge(), random.challenge()];
            assert_eq!(multiply(&coefficients(a), &coefficients(b)), coefficients(a * b));
            assert_eq!(element(&coefficients(a)), a);
        }
    }
}
