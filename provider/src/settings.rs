// SPDX-License-Identifier: MPL-2.0
//! The provider block, wholly known but for endpoints: what everything below works with.

mod approvals;
mod aws;
mod environments;
mod host;
mod known;
mod log_retention;
pub mod model;
pub mod names;
mod owner;
mod policy;
mod postgres;
pub mod secrets;
mod signed;
pub mod state;
mod vault;

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use crate::facet::{self, FACETS};
use crate::gate::{Approvals, Evidence, Mode, Operation, Policy};
use crate::naming::{Declared, Environments, Inputs, NameError, Overrides, Subject, shown};
use crate::world::World;
use known::Known;
use model::Model;
use state::StateSettings;

/// A server that may be configured, and whose address may come from another resource.
#[derive(Clone, Debug)]
pub enum Target<T> {
    /// Not configured.
    Off,
    /// Configured, but an endpoint or a credential is known only after apply.
    Unknown,
    /// Configured.
    Known(T),
}

/// What is made in Vault besides policies, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultLayout {
    /// Mount of the KV v2 engine.
    pub kv_mount: String,
    /// Mount of the database engine.
    pub database_mount: String,
    /// Its connection to the PostgreSQL server.
    pub database_connection: String,
    /// The login of that connection, where the user names it.
    pub database_login: Option<String>,
    /// Mount of the Kubernetes auth method; `None`: no Kubernetes roles.
    pub kubernetes: Option<String>,
    /// The CI role; `None`: none.
    pub ci: Option<CiLayout>,
}

/// The CI role, before `{organization}` and `{app}` are replaced in its claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiLayout {
    /// Mount of the JWT auth method.
    pub mount: String,
    /// Claims a token must carry.
    pub bound_claims: BTreeMap<String, String>,
    /// Audiences a token may be for.
    pub bound_audiences: Vec<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// Raised to change any of the above.
    pub revision: u64,
}

/// What the naming gate does with names that could be those of another instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamingGate {
    /// Refuses them.
    #[default]
    Enforce,
    /// Warns once a run.
    Warn,
    /// Says nothing.
    Off,
}

/// The provider block.
#[derive(Debug)]
pub struct Settings {
    /// The declared envs under the convention.
    pub environments: Environments,
    /// What names are made of beside the coordinate.
    pub inputs: Inputs,
    /// Templates in the place of the convention's, by key.
    pub templates: BTreeMap<String, String>,
    /// What the naming gate does.
    pub naming: NamingGate,
    /// What the state gate does, and where states belong.
    pub state: StateSettings,
    /// Who manages these apps; `None` only where there is no facet.
    pub owner: Option<String>,
    /// The PostgreSQL server.
    pub postgres: Target<facet::postgres::Settings>,
    /// The Vault or OpenBao server.
    pub vault: Target<facet::vault::Settings>,
    /// What is made in it; `None` where it is not configured.
    pub layout: Option<VaultLayout>,
    /// The directories of this machine; `None` where they are not configured.
    pub host: Option<facet::host::Settings>,
    /// The account and region of AWS.
    pub aws: Target<facet::aws::Settings>,
    /// Where secrets live that name no store; `None`: nowhere.
    pub secret_store: Option<&'static str>,
    /// What the gates guard.
    pub policy: Policy,
    /// What was approved.
    pub approvals: Approvals,
    /// By env: what was applied in an env of another registry, and the file that tells it.
    pub evidence: BTreeMap<String, (String, Evidence)>,
    /// By env: for how many days its logs are kept, where it says so. Handed on, and part of nothing that is made.
    pub log_retention: BTreeMap<String, i64>,
}

// === impl Target ===

impl<T> Target<T> {
    /// Whether the block is there.
    pub fn is_configured(&self) -> bool {
        !matches!(self, Target::Off)
    }

    /// Whether the block is there but cannot be used yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Target::Unknown)
    }
}

// === impl NamingGate ===

impl NamingGate {
    fn read(text: Option<&str>) -> Result<Self, Diagnostic> {
        match text {
            None | Some("enforce") => Ok(Self::Enforce),
            Some("warn") => Ok(Self::Warn),
            Some("off") => Ok(Self::Off),
            Some(other) => Err(Diagnostic::error(
                format!("`gates.naming` cannot be {}", shown(other)),
                "`gates.naming` must be `enforce`, `warn` or `off`.",
            )
            .at(naming_at())),
        }
    }

    /// Judges a declaration as the gate says.
    fn declare(
        self,
        convention: Option<&str>,
        elided: Option<&str>,
        declared: Vec<Declared>,
    ) -> Result<Environments, Vec<NameError>> {
        let convention = convention.unwrap_or("elided-v1");
        match self {
            Self::Enforce => Environments::new(convention, elided, declared),
            Self::Warn | Self::Off => Environments::lenient(convention, elided, declared),
        }
    }
}

fn naming_at() -> Path {
    Path::attribute("gates").field("naming")
}

// === impl Settings ===

impl Settings {
    /// Reads the provider block, with the environment to fall back on.
    pub fn read(model: &Model, world: &World) -> Result<Self, Errors> {
        let mut errors = Errors::new();
        let mut need = Known { errors: &mut errors };
        let convention = need.text(&model.convention, Path::attribute("convention"));
        let elided = need.text(&model.elided, Path::attribute("elided"));
        let inputs = Inputs {
            organization: need.text(&model.organization, Path::attribute("organization")),
            domain: need.text(&model.domain, Path::attribute("domain")),
            root: model.host.as_ref().and_then(|host| host.root.known().cloned()),
        };
        let owner = need.text(&model.owner, Path::attribute("owner"));
        let declared = environments::read(model, &mut need);
        let log_retention = log_retention::read(model, &mut need);
        let store = need.text(&model.secret_store, Path::attribute("secret_store"));
        let written = policy::written(model, &mut need);
        let approvals = approvals::written(model, &mut need);
        let host = host::read(model.host.as_ref(), &mut need);
        let templates = need.names(model.names.as_ref());
        let naming = model.gates.as_ref().and_then(|gates| need.text(&gates.naming, naming_at()));
        let mode =
            model.gates.as_ref().and_then(|gates| need.text(&gates.production, policy::mode_at()));
        let state = state::read(model, &mut need);
        // What names are made of is not known: anything else to say of them would be a guess.
        if !errors.0.is_empty() {
            return Err(errors);
        }
        let postgres = postgres::read(model.postgres.as_ref(), world, &mut errors);
        let vault = vault::read(model.vault.as_ref(), world, &mut errors);
        let host = host.and_then(|host| host::settings(&host, world, &mut errors));
        let aws = aws::read(model.aws.as_ref(), &mut errors);
        let layout = vault::layout(model.vault.as_ref(), &inputs, &mut errors);
        let state = state::settings(&state, &inputs, &mut errors);
        let facets = those([
            postgres.is_configured(),
            vault.is_configured(),
            host.is_some(),
            aws.is_configured(),
        ]);
        // On a machine of one's own nobody else takes an app over.
        let is_shared = facets.iter().any(|facet| *facet != "host");
        owner::judge(owner.as_deref(), is_shared, &mut errors);
        let secret_store = secrets::store(store.as_deref(), &facets, &mut errors);
        let naming = NamingGate::read(naming.as_deref()).unwrap_or_else(|error| {
            errors.push(error);
            NamingGate::Enforce
        });
        let mode = policy::mode(mode.as_deref()).unwrap_or_else(|error| {
            errors.push(error);
            Mode::default()
        });
        let approvals = approvals::read(&approvals, world, &mut errors);
        let mut found = Overrides::new(&templates, &BTreeMap::new()).err().unwrap_or_default();
        let environments = naming.declare(convention.as_deref(), elided.as_deref(), declared);
        let keys = approvals.key_fingerprints();
        let judged = environments.as_ref().ok().map(|environments| {
            policy::read(mode, environments, &written, keys, world, &mut errors)
        });
        match (environments, judged) {
            (Ok(environments), Some((policy, evidence)))
                if errors.0.is_empty() && found.is_empty() =>
            {
                return Ok(Self {
                    environments,
                    inputs,
                    templates,
                    naming,
                    state,
                    owner,
                    postgres,
                    vault,
                    layout,
                    host,
                    aws,
                    secret_store,
                    policy,
                    approvals,
                    evidence,
                    log_retention,
                });
            }
            (Ok(_), _) => {}
            (Err(refused), _) => found.extend(refused),
        }
        for error in found {
            errors.push(at_provider(&error, model));
        }
        Err(errors)
    }

    /// Judges what can be judged before the provider is configured: any value may be unknown.
    pub fn validate(model: &Model) -> Result<(), Errors> {
        let mut errors = Errors::new();
        let mut found = Vec::new();
        let naming = match model.gates.as_ref().map_or(&Attr::Null, |gates| &gates.naming) {
            Attr::Unknown => None,
            given => NamingGate::read(given.known().map(String::as_str))
                .map_err(|error| errors.push(error))
                .ok(),
        };
        if let Some(declared) = environments::known(model)
            && !model.convention.is_unknown()
            && !model.elided.is_unknown()
            && let Some(naming) = naming
        {
            let text = |value: &Attr<String>| value.known().cloned();
            let (convention, elided) = (text(&model.convention), text(&model.elided));
            let judged = naming.declare(convention.as_deref(), elided.as_deref(), declared);
            found.extend(judged.err().unwrap_or_default());
        }
        if let Some(names) = &model.names {
            let (known, _) = names.read();
            found.extend(Overrides::new(&known, &BTreeMap::new()).err().unwrap_or_default());
        }
        for error in &found {
            errors.push(at_provider(error, model));
        }
        if let Some(host) = &model.host {
            host::validate(host, &mut errors);
        }
        if let Some(aws) = &model.aws {
            aws::validate(aws, &mut errors);
        }
        policy::validate(model, &mut errors);
        log_retention::validate(model, &mut errors);
        state::validate(model, &mut errors);
        approvals::validate(model, &mut errors);
        if let Some(owner) = model.owner.known() {
            owner::judge(Some(owner), false, &mut errors);
        }
        errors.into_result()
    }

    /// Whether an operation needs no approval in that env.
    pub fn allows(&self, env: &str, operation: Operation) -> bool {
        !self.policy.is_production(env) || self.policy.allow(env).contains(&operation)
    }

    /// The configured facets, in the order in which the registry's home is chosen.
    pub fn facets(&self) -> Vec<&'static str> {
        let Self { postgres, vault, host, aws, .. } = self;
        let (postgres, vault) = (postgres.is_configured(), vault.is_configured());
        those([postgres, vault, host.is_some(), aws.is_configured()])
    }

    /// Whether a configured server cannot be asked yet.
    pub fn has_unknown_target(&self) -> bool {
        !self.unknown_facets().is_empty()
    }

    /// The configured facets whose server cannot be asked yet.
    pub fn unknown_facets(&self) -> Vec<&'static str> {
        let Self { postgres, vault, aws, .. } = self;
        those([postgres.is_unknown(), vault.is_unknown(), false, aws.is_unknown()])
    }
}

/// The facets that are so, in the order of [`FACETS`].
fn those(are: [bool; FACETS.len()]) -> Vec<&'static str> {
    FACETS.into_iter().zip(are).filter_map(|(facet, is)| is.then_some(facet)).collect()
}

/// Attaches the place in the provider block to what the naming rules found.
fn at_provider(error: &NameError, model: &Model) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.summary.clone(), error.detail.clone());
    match &error.subject {
        Subject::Convention => diagnostic.at(Path::attribute("convention")),
        Subject::Elided => diagnostic.at(Path::attribute("elided")),
        Subject::Input(name) => diagnostic.at(Path::attribute(*name)),
        Subject::Template(key) => diagnostic.at(names::at(key)),
        Subject::Environment(name) => {
            let index = model
                .environment
                .iter()
                .rposition(|environment| environment.name.known() == Some(name));
            match index {
                Some(index) => {
                    diagnostic.at(Path::attribute("environment").index(index).field("name"))
                }
                None => diagnostic.at(Path::attribute("elided")),
            }
        }
        _ => diagnostic,
    }
}
