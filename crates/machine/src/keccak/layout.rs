//! How the state is spread over rows and cut into pieces.

/// Lanes of the state; lane (x, y) is number x + 5 y.
pub(super) const LANES: usize = 25;
/// Rows per step; each has 16 bits of every lane: one slice of the state.
pub(super) const SLICES: usize = 4;
/// Pieces of 4 bits that a lane has in a slice.
pub(super) const PIECES: usize = 4;
/// Rounds of the permutation, so also the step of the last one.
pub(super) const ROUNDS: usize = 24;
/// A piece is the number whose digits in this base are its bits. Sums of pieces have digits up to 10: no carries.
pub(super) const BASE: u32 = 11;
/// The piece with all bits set.
pub(super) const ONES: u32 = 1 + BASE + BASE * BASE + BASE * BASE * BASE;
/// Weight of a piece's top bit.
pub(super) const TOP: u32 = BASE * BASE * BASE;

/// Names of the buses that only this chip and its table use. Each has messages of one length.
pub mod bus_name {
    #![allow(missing_docs)] // See the README.
    pub const TABLE: &str = "keccak_table";
    pub const START: &str = "keccak_start";
    pub const THETA: &str = "keccak_theta";
    pub const RHO: &str = "keccak_rho";
    pub const WORDS: &str = "keccak_words";
    pub const SHIFT: &str = "keccak_shift";
}

/// By how much rho rotates each lane.
const ROTATIONS: [usize; LANES] =
    [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

/// Lanes that rho does not rotate by a multiple of 4: their pieces are cut in two.
pub(super) const CUT_LANES: usize = 18;

/// Position of each lane among those that are cut.
const CUT_INDEX: [Option<usize>; LANES] = {
    let mut index = [None; LANES];
    let (mut lane, mut count) = (0, 0);
    while lane < LANES {
        if cut(lane) > 0 {
            index[lane] = Some(count);
            count += 1;
        }
        lane += 1;
    }
    assert!(count == CUT_LANES);
    index
};

/// By how many bits rho moves a lane within pieces: so many top bits of a piece go to the next one.
pub(super) const fn cut(lane: usize) -> usize {
    ROTATIONS[lane] % 4
}

/// Position among the lanes that are cut.
pub(super) const fn cut_index(lane: usize) -> Option<usize> {
    CUT_INDEX[lane]
}

/// Where pi puts a lane.
pub(super) const fn destination(lane: usize) -> usize {
    let (x, y) = (lane % 5, lane / 5);
    y + 5 * ((2 * x + 3 * y) % 5)
}

/// rho and pi.
pub(super) fn rho_pi(state: &[u64; LANES]) -> [u64; LANES] {
    let mut image = [0; LANES];
    for lane in 0..LANES {
        image[destination(lane)] = state[lane].rotate_left(ROTATIONS[lane] as u32);
    }
    image
}

/// Something that rho moves from one row to another.
///
/// Piece p of a lane becomes, shifted up by [`cut`] bits and completed with the top bits of piece p - 1, piece
/// `target` of lane [`destination`] in the row `distance` slices further on, cyclically. Piece 4 stands for the top
/// bits of piece 3 alone, which complete what comes from the next row's piece 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) lane: usize,
    pub(super) piece: usize,
    pub(super) target: usize,
}

/// The piece of its new lane in which piece 0 of a lane ends up.
pub(super) const fn first_target(lane: usize) -> usize {
    ROTATIONS[lane] / 4 % PIECES
}

/// What rho moves by this distance.
pub(super) fn moves(distance: usize) -> impl Iterator<Item = Move> {
    let pieces = |lane| 0..PIECES + usize::from(cut(lane) > 0);
    (0..LANES).flat_map(move |lane| pieces(lane).map(move |piece| (lane, piece))).filter_map(
        move |(lane, piece)| {
            let position = piece + ROTATIONS[lane] / 4;
            let target = position % PIECES;
            (position / PIECES % SLICES == distance).then_some(Move { lane, piece, target })
        },
    )
}
