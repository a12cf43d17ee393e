// SPDX-License-Identifier: MPL-2.0
//! Looks that a preflight takes: each object by itself, so that one that may not be read hides no other.

use serde_json::{Map, Value};

use super::Vault;
use super::connection::Connection;
use super::mounts::Mount;
use super::object::{Object, policy_text};
use super::wire::request::Request;
use crate::facet::FacetError;

// === impl Vault ===

impl Vault {
    /// Fails where the server does not answer, is sealed, or does not know the token.
    pub async fn ping(&self) -> Result<(), FacetError> {
        match self.wire.call(Request::read("auth/token/lookup-self")).await {
            // It lives, though its policies let it not look at itself.
            Err(error) if error.is_denied() => Ok(()),
            Err(error) => Err(error.doing("use the Vault server")),
            Ok(_) => Ok(()),
        }
    }

    /// The text of a policy; `None`: there is none of that name.
    pub async fn policy(&self, name: &str) -> Result<Option<String>, FacetError> {
        let held = self.read(&Object::policy(name)).await?;
        Ok(held.map(|held| policy_text(&held)))
    }

    /// A role of the database engine as the server answers it; `None`: there is none of that name.
    pub async fn role_of_database(
        &self,
        mount: &str,
        name: &str,
    ) -> Result<Option<Map<String, Value>>, FacetError> {
        self.role(&Object::database_role(mount, name), Mount::Database(mount)).await
    }

    /// A role of the Kubernetes auth method as the server answers it; `None`: there is none of that name.
    pub async fn role_of_kubernetes(
        &self,
        mount: &str,
        name: &str,
    ) -> Result<Option<Map<String, Value>>, FacetError> {
        self.role(&Object::kubernetes_role(mount, name), Mount::Kubernetes(mount)).await
    }

    /// A connection of the database engine, without its password; `None`: there is none of that name.
    pub async fn connection_of_database(
        &self,
        mount: &str,
        name: &str,
    ) -> Result<Option<Connection>, FacetError> {
        let found = self.connection(mount, name).await;
        let found = found.map_err(|error| error.doing("look at the database connection"))?;
        if found.is_none() {
            self.ensure(&[Mount::Database(mount)]).await?;
        }
        Ok(found)
    }

    /// A missing mount answers as a missing role does, and is told apart.
    async fn role(
        &self,
        object: &Object,
        mount: Mount<'_>,
    ) -> Result<Option<Map<String, Value>>, FacetError> {
        let held = self.read(object).await?;
        if held.is_none() {
            self.ensure(&[mount]).await?;
        }
        Ok(held)
    }
}
