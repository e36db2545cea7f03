//! The extension of degree 12 and the final exponentiation against arkworks' tower. The pairings themselves are judged in
//! the tests of the two curves.

use super::tower::{Fe12, Line};
use super::*;
use crate::arithmetic::{canonical2, integer};
use crate::bls12_381::Bls12381;
use crate::bn254::Bn254;
use ark_ff::{
    AdditiveGroup as _, CyclotomicMultSubgroup as _, Field, Fp, Fp2, Fp2Config, Fp6, Fp6Config, Fp12,
    Fp12Config, MontBackend, MontConfig, UniformRand as _,
};
use ashlar_abi::Reference;
use core::marker::PhantomData;
use ruint::Uint;

type Big = Uint<2048, 32>;

/// Our field beside arkworks' tower over the same prime.
struct Judge<F, M, P12, const N: usize, const W: usize> {
    field: Arith<Reference, F, W>,
    native: PhantomData<(M, P12)>,
}

impl<F, M, P2, P6, P12, const N: usize, const W: usize> Judge<F, M, P12, N, W>
where
    Reference: Multiplier<W>,
    F: Parameters<W>,
    M: MontConfig<N>,
    P2: Fp2Config<Fp = Fp<MontBackend<M, N>, N>>,
    P6: Fp6Config<Fp2Config = P2>,
    P12: Fp12Config<Fp6Config = P6>,
{
    fn new() -> Self {
        Self { field: Arith::new(), native: PhantomData }
    }

    /// w^2 = v in arkworks' tower, whose upper half is the odd powers of w.
    fn ours(&self, a: &Fp12<P12>) -> Fe12<W> {
        let (even, odd) = (a.c0, a.c1);
        [even.c0, odd.c0, even.c1, odd.c1, even.c2, odd.c2].map(|c| canonical2::<M, P2, N, W>(&c))
    }

    fn assert_same(&self, ours: &Fe12<W>, native: &Fp12<P12>, what: &str) {
        let canonical = ours.map(|c| c.map(|c| self.field.canonical(&c)));
        assert_eq!(canonical, self.ours(native), "{what}");
    }

    fn operations_agree(&mut self) {
        let mut rng = ark_std::test_rng();
        let mut samples: Vec<_> = (0..4).map(|_| Fp12::<P12>::rand(&mut rng)).collect();
        samples.extend([Fp12::ONE, -Fp12::<P12>::ONE, Fp12::from(7_u64)]);
        let mut out = Arith::<Reference, F, W>::ONE_12;
        for a in &samples {
            let ours = self.ours(a);
            self.field.square_12(&mut out, &ours);
            self.assert_same(&out, &a.square(), "square");
            for b in &samples {
                self.field.mul_12(&mut out, &ours, &self.ours(b));
                self.assert_same(&out, &(*a * b), "product");
            }
            out = ours;
            self.field.frobenius_12(&mut out);
            self.assert_same(&out, &a.frobenius_map(1), "Frobenius");
            out = ours;
            self.field.conjugate_12(&mut out);
            self.assert_same(&out, &a.frobenius_map(6), "conjugate");
            let mut even = *a;
            even.c1 = Default::default();
            self.field.invert_6(&mut out, &self.ours(&even));
            self.assert_same(&out, &even.inverse().unwrap(), "inverse");
            self.line_products_agree(a);
            assert_eq!(self.field.is_one_12(&ours), *a == Fp12::ONE);
        }
    }

    fn line_products_agree(&mut self, a: &Fp12<P12>) {
        let mut line = *a;
        line.c0.c2 = Default::default();
        line.c1.c2 = Default::default();
        if F::LINE_X == 1 {
            line.c0.c1 = Default::default();
        } else {
            line.c1.c0 = Default::default();
        }
        let coefficients = self.ours(&line);
        let [first, x, last] = [coefficients[0], coefficients[F::LINE_X], coefficients[3]];
        let mut sparse = Line::ZERO;
        (sparse.first, sparse.x, sparse.last) = (first, x, last);
        let mut out = Arith::<Reference, F, W>::ONE_12;
        self.field.mul_line(&mut out, &self.ours(a), &mut sparse);
        self.assert_same(&out, &(*a * line), "product with a line");
    }

    /// `multiple` (p^4 - p^2 + 1) / r is the hard part's exponent.
    fn exponentiation_agrees(&mut self, p: Big, r: Big, multiple: Big, parameter: Big) {
        let mut rng = ark_std::test_rng();
        let p2 = p * p;
        for _ in 0..2 {
            let a = Fp12::<P12>::rand(&mut rng);
            let mut ours = self.ours(&a);
            self.field.easy_part(&mut ours);
            let easy = a.frobenius_map(6) * a.inverse().unwrap();
            let easy = easy.frobenius_map(2) * easy;
            self.assert_same(&ours, &easy, "easy part");
            let mut out = ours;
            self.field.square_cyclotomic(&mut out, &ours);
            self.assert_same(&out, &easy.square(), "cyclotomic square");
            let mut compressed = ours;
            (compressed[0], compressed[3]) = ([[7; W]; 2], [[9; W]; 2]);
            let mut elements = [compressed, Arith::<Reference, F, W>::ONE_12, compressed];
            self.field.decompress(&mut elements);
            self.assert_same(&elements[0], &easy, "decompressed");
            self.assert_same(&elements[1], &Fp12::ONE, "one decompressed");
            self.assert_same(&elements[2], &easy, "decompressed");
            self.field.power_of_parameter(&mut out, &ours);
            let mut power = easy.pow(parameter.as_limbs());
            if F::PARAMETER_IS_NEGATIVE {
                power.cyclotomic_inverse_in_place();
            }
            self.assert_same(&out, &power, "power of the parameter");
            match F::FAMILY {
                Family::Bn => self.field.hard_part_bn(&mut ours),
                Family::Bls12 => self.field.hard_part_bls12(&mut ours),
            }
            let order = p2 * p2 - p2 + Big::ONE;
            assert_eq!(order % r, Big::ZERO);
            self.assert_same(&ours, &easy.pow((order / r * multiple).as_limbs()), "hard part");
        }
    }
}

/// An element with a1 = 0, for which the formula has another quotient. With a1 = 0 the equations of the subgroup leave one
/// parameter: for a5 = t a2 they are a4 = a2^2 (xi t^2 + 3) / 2 and xi a4^3 = a2^3 (1 + 3 xi t^2), so that any c with
/// 1 + 3 xi t^2 = xi c^3 for some t gives a2 = 2c / (xi t^2 + 3).
#[test]
fn attack_compressed_element_without_a_denominator_is_decompressed() {
    fn check<F: Parameters<W>, M, P2, P6, P12, const N: usize, const W: usize>()
    where
        Reference: Multiplier<W>,
        M: MontConfig<N>,
        P2: Fp2Config<Fp = Fp<MontBackend<M, N>, N>>,
        P6: Fp6Config<Fp2Config = P2>,
        P12: Fp12Config<Fp6Config = P6>,
    {
        let mut rng = ark_std::test_rng();
        let judge = Judge::<F, M, P12, N, W>::new();
        let (xi, number) = (P6::NONRESIDUE, |k: u64| Fp2::<P2>::from(k));
        let (c, t) = core::iter::repeat_with(|| Fp2::<P2>::rand(&mut rng))
            .find_map(|c| Some((c, ((xi * c.square() * c - Fp2::ONE) / (xi * number(3))).sqrt()?)))
            .unwrap();
        let a2 = c * number(2) / (xi * t.square() + number(3));
        let a5 = t * a2;
        let a4 = (xi * a5.square() + a2.square() * number(3)) / number(2);
        let a3 = a2 * a5 * number(2) / a4;
        let a0 = xi * (a3.square() * number(2) - a2 * a4 * number(3)) + Fp2::ONE;
        let element = Fp12::<P12>::new(Fp6::new(a0, a2, a4), Fp6::new(Fp2::ZERO, a3, a5));
        let (p2, p4) = (element.frobenius_map(2), element.frobenius_map(4));
        assert_eq!(p4 * element, p2, "the order divides p^4 - p^2 + 1");
        let mut field = judge.field.clone();
        let mut ours = judge.ours(&element);
        (ours[0], ours[3]) = ([[7; W]; 2], [[9; W]; 2]);
        let mut elements = [ours];
        field.decompress(&mut elements);
        judge.assert_same(&elements[0], &element, "decompressed");
    }
    use ark_bls12_381 as bls;
    use ark_bn254 as bn;
    check::<Bn254, bn::FqConfig, bn::Fq2Config, bn::Fq6Config, bn::Fq12Config, 4, 8>();
    check::<Bls12381, bls::FqConfig, bls::Fq2Config, bls::Fq6Config, bls::Fq12Config, 6, 12>();
}

fn big<const N: usize>(integer: ark_ff::BigInt<N>) -> Big {
    Big::from_limbs_slice(&integer.0)
}

#[test]
fn bn254_tower_and_final_exponentiation_agree() {
    let mut judge = Judge::<Bn254, ark_bn254::FqConfig, ark_bn254::Fq12Config, 4, 8>::new();
    judge.operations_agree();
    let x = Big::from(4_965_661_367_192_848_881_u64);
    let multiple = Big::from(2) * x * (Big::from(6) * x * x + Big::from(3) * x + Big::ONE);
    let r = big(ark_bn254::FrConfig::MODULUS);
    assert_ne!(multiple % r, Big::ZERO);
    judge.exponentiation_agrees(big(ark_bn254::FqConfig::MODULUS), r, multiple, x);
}

#[test]
fn bls12_381_tower_and_final_exponentiation_agree() {
    let mut judge = Judge::<Bls12381, ark_bls12_381::FqConfig, ark_bls12_381::Fq12Config, 6, 12>::new();
    judge.operations_agree();
    let x = Big::from(0xd201_0000_0001_0000_u64);
    let r = big(ark_bls12_381::FrConfig::MODULUS);
    judge.exponentiation_agrees(big(ark_bls12_381::FqConfig::MODULUS), r, Big::from(3), x);
}

/// See `is_in_group`: points that pass its check have an order that divides the resultant of h, the polynomial in psi, and
/// psi's characteristic polynomial psi^2 - t psi + p; and that of their curve.
#[test]
fn membership_checks_leave_only_the_second_group() {
    // h modulo the characteristic polynomial, a psi + b; the resultant is a^2 p + a b t + b^2. Modulo the order n of the
    // twist, which is all that the greatest common divisor needs.
    fn resultant(h: &[i128], p: Big, t: Big, n: Big) -> Big {
        let signed = |k: i128| if k < 0 { n - Big::from(k.unsigned_abs()) } else { Big::from(k) };
        let times = |x: Big, y: Big| x * y % n;
        let (mut a, mut b) = (Big::ZERO, Big::ZERO);
        for k in h.iter().rev() {
            (a, b) = ((times(a, t) + b) % n, (n - times(a, p) + signed(*k)) % n);
        }
        (times(times(a, a), p) + times(times(a, b), t) + times(b, b)) % n
    }
    let x = 4_965_661_367_192_848_881_i128;
    let (p, r) = (big(ark_bn254::FqConfig::MODULUS), big(ark_bn254::FrConfig::MODULUS));
    let (t, n) = (p + Big::ONE - r, r * (p + p - r));
    assert_eq!(resultant(&[6 * x + 2, 1, -1, 1], p, t, n).gcd(n), r);

    // The trace is x + 1, which is negative: modulo n.
    let x = 0xd201_0000_0001_0000_i128;
    let (p, r) = (big(ark_bls12_381::FqConfig::MODULUS), big(ark_bls12_381::FrConfig::MODULUS));
    let cofactor = <ark_bls12_381::g2::Config as ark_ec::models::CurveConfig>::COFACTOR;
    let n = r * Big::from_limbs_slice(cofactor);
    let t = n + Big::ONE - Big::from(x as u128);
    assert_eq!(resultant(&[x, 1], p, t, n).gcd(n), r);
}

#[test]
fn gamma_is_a_root_of_the_frobenius_image_of_xi() {
    fn check<F: Parameters<W>, const W: usize>()
    where
        Reference: Multiplier<W>,
    {
        use crate::arithmetic::Over as _;
        let mut field = Arith::<Reference, F, W>::new();
        // w^p = gamma w, so xi gamma^6 is the conjugate of xi.
        let xi = [integer(&F::P, F::XI), integer(&F::P, 1)];
        let mut power = xi;
        for _ in 0..6 {
            let last = power;
            field.dot(&mut power, [(&last, &F::GAMMA)]);
        }
        assert!(field.equal(&power, &[integer(&F::P, F::XI), F::MINUS_ONE]));
    }
    check::<Bn254, 8>();
    check::<Bls12381, 12>();
}
