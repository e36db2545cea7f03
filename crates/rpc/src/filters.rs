//! Filters that clients install and ask again and again.

use crate::{error::RpcError, limits::Limits, server::Ids};
use alloy_primitives::{B256, U128};
use alloy_rpc_types_eth::Filter;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::broadcast::Receiver;

/// What a filter looks for.
#[derive(Debug)]
pub(crate) enum Watched {
    /// Blocks from this number on.
    Blocks(u64),
    /// Logs of blocks from this number on.
    Logs(Box<Filter>, u64),
    /// Transactions that come into the pool.
    Transactions(Receiver<B256>),
}

#[derive(Debug)]
struct Installed {
    watched: Watched,
    asked: Instant,
}

/// The filters of a server.
#[derive(Debug)]
pub(crate) struct Filters {
    filters_max: usize,
    life: Duration,
    ids: Ids,
    installed: Mutex<HashMap<U128, Installed>>,
}

impl Filters {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            filters_max: limits.filters,
            life: limits.filter_life,
            ids: Ids::default(),
            installed: Mutex::default(),
        }
    }

    /// Installs a filter; its id.
    pub(crate) fn install(&self, watched: Watched) -> Result<U128, RpcError> {
        let mut installed = self.lock();
        installed.retain(|_, filter| filter.asked.elapsed() < self.life);
        if installed.len() >= self.filters_max {
            return Err(RpcError::Limit(format!("{} filters are installed, no more are", self.filters_max)));
        }
        let id = self.ids.next();
        installed.insert(id, Installed { watched, asked: Instant::now() });
        Ok(id)
    }

    /// Whether there was such a filter.
    pub(crate) fn uninstall(&self, id: &U128) -> bool {
        self.lock().remove(id).is_some()
    }

    /// What `ask` makes of a filter. It must be quick: the others wait.
    pub(crate) fn ask<T>(
        &self,
        id: &U128,
        ask: impl FnOnce(&mut Watched) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let mut installed = self.lock();
        let filter = installed.get_mut(id).filter(|filter| filter.asked.elapsed() < self.life);
        let filter = filter.ok_or(RpcError::UnknownFilter)?;
        filter.asked = Instant::now();
        ask(&mut filter.watched)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<U128, Installed>> {
        self.installed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
