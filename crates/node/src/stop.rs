//! The order to stop, which all components share.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

/// The order to stop. Clones are of one order; it cannot be taken back.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Orders everybody to stop.
    pub fn order(&self) {
        let (ordered, changed) = &*self.0;
        *ordered.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Whether the order was given.
    pub fn is_ordered(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the order, so long at most; whether it was given.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (ordered, changed) = &*self.0;
        let guard = ordered.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(guard, timeout, |ordered| !*ordered);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
