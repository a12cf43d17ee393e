// SPDX-License-Identifier: MPL-2.0
//! Private servers: random loopback ports, files in a temporary directory, gone with the test.
//!
//! PostgreSQL and OpenBao are programs of this machine, or containers where [`choice`] is given some.

pub mod choice;
#[cfg(feature = "containers")]
mod containers;
pub mod issuer;
pub mod moto;
pub mod openbao;
pub mod postgres;
pub mod redis;
pub mod states;
pub mod web;

pub use issuer::{Issuer, TokenReview};
pub use moto::Moto;
pub use openbao::OpenBao;
pub use postgres::Postgres;
pub use redis::Redis;
pub use states::States;
pub use web::Web;

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A PostgreSQL and an OpenBao that leases logins in it.
#[derive(Debug)]
pub struct Servers {
    /// OpenBao; stopped first, since it holds connections to the other.
    pub bao: OpenBao,
    /// PostgreSQL.
    pub pg: Postgres,
}

// === impl Servers ===

impl Servers {
    /// Starts both, with the newest PostgreSQL there is.
    pub fn start() -> Self {
        Self::on(Postgres::start())
    }

    /// Servers that tests running side by side share, each with apps of its own; whoever uses them last stops them.
    /// Nobody can crash or restart these: that takes a mutable one.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Servers>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let servers = Arc::new(Self::start());
            *shared = Arc::downgrade(&servers);
            servers
        })
    }

    /// Starts both, until every PostgreSQL and every Vault there is had its turn.
    pub fn each() -> impl Iterator<Item = Self> {
        let (postgres, vaults) = (postgres::Kind::all(), openbao::Kind::all());
        choice::pairs(postgres.len(), vaults.len()).map(move |(one, other)| {
            let pg = Postgres::start_on(&postgres[one]);
            Self { bao: OpenBao::start_on(&vaults[other], &pg), pg }
        })
    }

    /// Starts the first Vault there is for a PostgreSQL that runs.
    pub fn on(pg: Postgres) -> Self {
        Self { bao: OpenBao::start(&pg), pg }
    }

    /// The environment from which the provider reaches both, with the least rights it can work with.
    pub fn env(&self) -> Vec<(String, String)> {
        self.pg.env().into_iter().chain(self.bao.env()).collect()
    }
}
