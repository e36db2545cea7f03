//! The order in which adjacent ranges are folded.

/// Ranges that wait for their right neighbours: each is at least twice as long as the next, so that every segment is folded
/// about log2(n) times, and at most log2(n) proofs wait.
pub(super) struct Ranges<T> {
    waiting: Vec<(usize, T)>,
}

impl<T> Ranges<T> {
    pub(super) const fn new() -> Self {
        Self { waiting: Vec::new() }
    }

    /// Adds the next segment's range, and folds what has the same length.
    pub(super) fn push<E>(&mut self, leaf: T, mut fold: impl FnMut(T, T) -> Result<T, E>) -> Result<(), E> {
        let mut right = (1, leaf);
        while let Some((_, left)) = self.waiting.pop_if(|(segments, _)| *segments == right.0) {
            right = (2 * right.0, fold(left, right.1)?);
        }
        self.waiting.push(right);
        Ok(())
    }

    /// Folds all that waits; None if there was nothing.
    pub(super) fn finish<E>(mut self, mut fold: impl FnMut(T, T) -> Result<T, E>) -> Result<Option<T>, E> {
        let Some((_, mut right)) = self.waiting.pop() else { return Ok(None) };
        while let Some((_, left)) = self.waiting.pop() {
            right = fold(left, right)?;
        }
        Ok(Some(right))
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    /// Folds ranges of numbers; adjacent ones only.
    fn join((a, b): (usize, usize), (c, d): (usize, usize)) -> Result<(usize, usize), String> {
        if b == c { Ok((a, d)) } else { Err(format!("{a}..{b} and {c}..{d} are not adjacent")) }
    }

    #[test]
    fn any_number_of_segments_becomes_one_range() {
        for n in 1..100 {
            let mut ranges = Ranges::new();
            for i in 0..n {
                ranges.push((i, i + 1), join).expect("adjacent");
                assert!(ranges.waiting.len() <= n.ilog2() as usize + 1);
            }
            assert_eq!(ranges.finish(join), Ok(Some((0, n))));
        }
    }

    #[test]
    fn no_segment_is_no_range() {
        assert_eq!(Ranges::new().finish(join), Ok(None));
    }

    #[test]
    fn a_failed_fold_is_reported() {
        let mut ranges = Ranges::new();
        ranges.push((0, 1), join).expect("the first");
        ranges.push((2, 3), join).expect_err("not adjacent");
    }
}
