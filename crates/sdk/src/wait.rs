//! Waiting, with an end.

use crate::error::MayPass;
use std::{
    thread,
    time::{Duration, Instant},
};

/// How often something is asked for, and how long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Time between two questions.
    pub interval: Duration,
    /// After this time nothing is asked any more.
    pub timeout: Duration,
}

impl Default for Patience {
    /// Every two seconds, for a day.
    fn default() -> Self {
        Self { interval: Duration::from_secs(2), timeout: Duration::from_secs(24 * 3_600) }
    }
}

impl Patience {
    /// Asks until there is an answer; `None` if the time is over before. A node that is away for a moment is asked again.
    pub(crate) fn ask<T, E: MayPass>(
        self,
        mut question: impl FnMut() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let start = Instant::now();
        loop {
            match question() {
                Ok(None) => {}
                Err(error) if error.may_pass() && start.elapsed() < self.timeout => {}
                answer => return answer,
            }
            if start.elapsed() >= self.timeout {
                return Ok(None);
            }
            thread::sleep(self.interval.min(self.timeout.saturating_sub(start.elapsed())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Trouble(bool);

    impl MayPass for Trouble {
        fn may_pass(&self) -> bool {
            self.0
        }
    }

    const SHORT: Patience =
        Patience { interval: Duration::from_millis(1), timeout: Duration::from_millis(20) };

    #[test]
    fn what_passes_by_is_waited_for_and_the_rest_is_not() {
        let mut answers = vec![Ok(Some(7)), Ok(None), Err(Trouble(true))];
        assert_eq!(SHORT.ask(|| answers.pop().unwrap()), Ok(Some(7)));
        let mut answers = vec![Ok(Some(7)), Err(Trouble(false))];
        assert_eq!(SHORT.ask(|| answers.pop().unwrap()), Err(Trouble(false)));
    }

    #[test]
    fn every_wait_ends() {
        assert_eq!(SHORT.ask(|| Ok::<Option<()>, Trouble>(None)), Ok(None));
        assert_eq!(SHORT.ask(|| Err::<Option<()>, _>(Trouble(true))), Err(Trouble(true)), "with its reason");
        let never = Patience { timeout: Duration::ZERO, ..SHORT };
        assert_eq!(never.ask(|| Ok::<_, Trouble>(Some(1))), Ok(Some(1)), "one question is always asked");
    }
}
