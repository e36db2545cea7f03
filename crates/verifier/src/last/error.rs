//! Why a final proof is refused.

use thiserror::Error;

use super::shape::Tree;

/// A final proof that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum RefusedFinal {
    #[error("there are {found} public words, not {expected}")]
    Words { expected: usize, found: usize },
    #[error("the proof is cut off")]
    Truncated,
    #[error("{bytes} bytes follow the proof")]
    TrailingBytes { bytes: usize },
    #[error("an element is not below the field's order")]
    NotCanonical,
    #[error("the nonce before {0:?} does not grind")]
    Nonce(Nonce),
    #[error("the denominator of a public word is zero")]
    Denominator,
    #[error("the messages do not balance")]
    Messages,
    #[error("the out-of-domain point is in the domain")]
    PointInDomain,
    #[error("the constraints do not hold")]
    Quotient,
    #[error("the out-of-domain point is on a query")]
    PointOnQuery,
    #[error("a folded value is not the final polynomial's")]
    FinalPolynomial,
    #[error("two rows for one leaf of {0:?}")]
    TwoRows(Tree),
    #[error("a row does not lead to the root of {0:?}")]
    Root(Tree),
}

/// Where a nonce is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    /// Before the challenges of the messages.
    Messages,
    /// Before the out-of-domain point.
    Point,
    /// Before openings are batched.
    Batch,
    /// Before a round folds.
    Round(usize),
    /// Before the queries.
    Queries,
}

/// A Plonky3 proof that is not of the shape, so that it has no encoding.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum Unencodable {
    #[error("the proof is not of the shape")]
    Shape,
    #[error("the proof's transcript is refused: {0}")]
    Transcript(RefusedFinal),
}
