//! Components run side by side; when one ends, all end.

use crate::stop::Stop;
use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
};
use thiserror::Error;

/// Why a component ended that was not told to.
#[derive(Debug, Error)]
pub enum Ended {
    /// It failed.
    #[error("{component} failed")]
    Failed {
        /// Its name.
        component: &'static str,
        /// Why.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
    /// It panicked, which is a defect of this program.
    #[error(
        "{component} panicked: this is a defect of the program; what it had not written is done again at the next start"
    )]
    Panicked {
        /// Its name.
        component: &'static str,
    },
    /// It returned as if told to stop.
    #[error("{component} ended without being told to")]
    Unasked {
        /// Its name.
        component: &'static str,
    },
    /// Its thread was not started.
    #[error("starting {component}")]
    Thread {
        /// Its name.
        component: &'static str,
        /// Why.
        #[source]
        reason: std::io::Error,
    },
}

/// What a component returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs components on threads of their own.
#[derive(Debug)]
pub struct Supervisor {
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
    ended: (Sender<Option<Ended>>, Receiver<Option<Ended>>),
}

impl Supervisor {
    /// Without components; they are told to stop by `stop`.
    pub fn new(stop: Stop) -> Self {
        Self { stop, threads: Vec::new(), ended: channel() }
    }

    /// Starts a component. It returns when it is told to stop, or when it cannot go on.
    pub fn spawn(
        &mut self,
        component: &'static str,
        run: impl FnOnce(&Stop) -> Outcome + Send + 'static,
    ) -> Result<(), Ended> {
        let (stop, ended) = (self.stop.clone(), self.ended.0.clone());
        let body = move || {
            let result = catch_unwind(AssertUnwindSafe(|| run(&stop)));
            let end = match result {
                Ok(Ok(())) if stop.is_ordered() => None,
                Ok(Ok(())) => Some(Ended::Unasked { component }),
                Ok(Err(reason)) => Some(Ended::Failed { component, reason }),
                Err(_) => Some(Ended::Panicked { component }),
            };
            if end.is_some() {
                stop.order();
            }
            // Who waits may be gone, and then nobody asks.
            ended.send(end).ok();
        };
        let thread = thread::Builder::new().name(component.to_owned()).spawn(body);
        self.threads.push(thread.map_err(|reason| Ended::Thread { component, reason })?);
        Ok(())
    }

    /// Waits until all components have ended: the first that ends makes the others end. The first failure, if there is one.
    pub fn wait(self) -> Result<(), Ended> {
        let Self { threads, ended: (sender, ended), .. } = self;
        drop(sender);
        let mut first = None;
        for end in ended {
            first = first.or(end);
        }
        for thread in threads {
            // A panic was caught and told.
            thread.join().ok();
        }
        first.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(600);

    fn waiting(stop: &Stop) -> Outcome {
        stop.wait(LONG);
        Ok(())
    }

    #[test]
    fn an_order_stops_all() {
        let stop = Stop::default();
        let mut supervisor = Supervisor::new(stop.clone());
        supervisor.spawn("one", waiting).unwrap();
        supervisor.spawn("two", waiting).unwrap();
        stop.order();
        supervisor.wait().unwrap();
    }

    #[test]
    fn one_that_fails_ends_the_others_and_is_named() {
        let mut supervisor = Supervisor::new(Stop::default());
        supervisor.spawn("one", waiting).unwrap();
        supervisor.spawn("two", |_| Err("no more disk".into())).unwrap();
        let ended = supervisor.wait().unwrap_err();
        assert_eq!(ended.to_string(), "two failed");
        assert_eq!(ended.source().unwrap().to_string(), "no more disk");
    }

    #[test]
    fn one_that_panics_ends_the_others() {
        let mut supervisor = Supervisor::new(Stop::default());
        supervisor.spawn("one", waiting).unwrap();
        supervisor.spawn("two", |_| panic!("a defect")).unwrap();
        assert!(matches!(supervisor.wait().unwrap_err(), Ended::Panicked { component: "two" }));
    }

    #[test]
    fn one_that_returns_too_early_is_a_failure() {
        let mut supervisor = Supervisor::new(Stop::default());
        supervisor.spawn("one", waiting).unwrap();
        supervisor.spawn("two", |_| Ok(())).unwrap();
        assert!(matches!(supervisor.wait().unwrap_err(), Ended::Unasked { component: "two" }));
    }
}
