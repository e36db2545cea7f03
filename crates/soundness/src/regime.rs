//! How far words may be from polynomials, and what that costs. The README derives it.

use std::fmt::{self, Display, Formatter};

/// Rows that a constraint or an opening refers to: this one and the next.
pub(crate) const ROWS_OPENED: u64 = 2;

/// The least multiplicity that the theorem of Johnson's regime is stated for.
pub const MULTIPLICITY_MIN: u32 = 3;

/// How many polynomials a committed word may be close to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// At most one: agreement (1 + rho) / 2. Theorems of 2020.
    UniqueDecoding,
    /// A list of them: agreement sqrt(rho) (1 + 1 / 2m). Theorems of 2025/2055, up to Johnson's bound.
    Johnson {
        /// Multiplicity of the interpolation. The larger, the fewer queries and the worse all other terms. A condition of
        /// reports is that it is not below [`MULTIPLICITY_MIN`].
        m: u32,
    },
}

/// A Reed-Solomon code: the polynomials of fewer than `height` coefficients on a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    /// Rows: the code's dimension.
    pub(crate) height: f64,
    /// Points of the domain.
    pub(crate) domain: f64,
}

impl Code {
    fn rate(self) -> f64 {
        self.height / self.domain
    }
}

impl Regime {
    /// The share of the points at which a word agrees with a polynomial that is close to it.
    pub(crate) fn agreement(self, code: Code) -> f64 {
        match self {
            Self::UniqueDecoding => (1.0 + (code.height + ROWS_OPENED as f64) / code.domain) / 2.0,
            Self::Johnson { m } => code.rate().sqrt() * (1.0 + 0.5 / multiplicity(m)),
        }
    }

    /// The most polynomials that are close to one word.
    pub(crate) fn list(self, code: Code) -> f64 {
        match self {
            Self::UniqueDecoding => 1.0,
            Self::Johnson { m } => (multiplicity(m) + 0.5) / code.rate().sqrt(),
        }
    }

    /// The most challenges z, for each power of z, with which words that are not all close to polynomials combine to a
    /// word that is.
    pub(crate) fn exceptions(self, code: Code) -> f64 {
        match self {
            Self::UniqueDecoding => code.domain + 1.0,
            Self::Johnson { m } => {
                // The theorem's rate is that of the degree, one below the dimension.
                let rate = (code.height - 1.0).max(1.0) / code.domain;
                let half_more = multiplicity(m) + 0.5;
                let distance = 1.0 - self.agreement(code);
                (2.0 * half_more.powi(5) + 3.0 * half_more * distance * rate) * code.domain
                    / (3.0 * rate.powf(1.5))
                    + half_more / rate.sqrt()
            }
        }
    }

    /// The agreement's formula, for reports.
    pub(crate) const fn agreement_formula(self) -> &'static str {
        match self {
            Self::UniqueDecoding => "(1 + rho) / 2",
            Self::Johnson { .. } => "sqrt(rho) (1 + 1 / 2m)",
        }
    }

    /// What stands before a formula that the list's length multiplies.
    pub(crate) const fn list_formula(self) -> &'static str {
        match self {
            Self::UniqueDecoding => "",
            Self::Johnson { .. } => "L ",
        }
    }
}

impl Display for Regime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UniqueDecoding => write!(f, "unique decoding"),
            Self::Johnson { m } => write!(f, "Johnson's bound, m = {m}"),
        }
    }
}

fn multiplicity(m: u32) -> f64 {
    f64::from(m.max(1))
}
