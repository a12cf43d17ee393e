// SPDX-License-Identifier: MPL-2.0
//! What one run need not ask twice.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Answers by path. The first to ask, asks; those beside it wait for its answer. Failures are not kept.
pub(super) struct Answers<T>(Mutex<HashMap<String, Arc<OnceCell<T>>>>);

/// Things found right once.
#[derive(Default)]
pub(super) struct Known(Mutex<HashSet<String>>);

// === impl Answers ===

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Answers<T> {
    /// The answer for a path, asked for once.
    pub async fn get<E>(
        &self,
        path: &str,
        ask: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(path.to_owned()).or_default().clone()
        };
        cell.get_or_try_init(|| ask).await.cloned()
    }

    /// Forgets an answer: something was written there.
    pub fn forget(&self, path: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

// === impl Known ===

impl Known {
    pub fn contains(&self, what: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(what)
    }

    pub fn insert(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(what);
    }
}
