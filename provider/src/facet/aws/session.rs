// SPDX-License-Identifier: MPL-2.0
//! One account and region, opened when first used: the SDK's configuration, credentials, and whose they are.

use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_ssm::Client;
use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use tokio::sync::OnceCell;

use super::failure::{self, Call};
use super::settings::Settings;
use super::transport::{OnlyTls, UnlessRefused};
use crate::facet::{FacetError, Fault};

/// Attempts of one call, the first one included; the limit of the operation ends them earlier.
const ATTEMPTS: u32 = 10;
/// The longest pause between two attempts.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(20);

/// One account and region. Nothing is sent before the first call.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    run_id: String,
    client: OnceCell<Client>,
}

// === impl Session ===

impl Session {
    /// A session that opens when first used. The run's id goes with every request, in its `User-Agent`.
    pub fn new(settings: Settings, run_id: &str) -> Self {
        Self { settings, run_id: run_id.to_owned(), client: OnceCell::new() }
    }

    /// What it was told.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The run's id.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// An id that no other registry or write has.
    #[expect(
        clippy::disallowed_methods,
        reason = "ids that only have to differ, between machines too: nothing depends on their value"
    )]
    pub fn fresh_id(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    /// As messages name it: `AWS Parameter Store in eu-west-3`.
    pub fn server(&self) -> String {
        let opened = self.client.get().and_then(|client| client.config().region());
        let region = opened.map(AsRef::as_ref).or(self.settings.region.as_deref());
        let place = region.map(|region| format!(" in {region}")).unwrap_or_default();
        match &self.settings.endpoint_url {
            Some(url) => format!("AWS Parameter Store{place} at {}", url.escape_debug()),
            None => format!("AWS Parameter Store{place}"),
        }
    }

    /// The client of Parameter Store, of an account that was judged.
    pub async fn ssm(&self) -> Result<&Client, FacetError> {
        self.client.get_or_try_init(|| self.open()).await
    }

    async fn open(&self) -> Result<Client, FacetError> {
        let config = self.config().await;
        if config.region().is_none_or(|region| region.as_ref().is_empty()) {
            return Err(no_region());
        }
        if let Some(expected) = &self.settings.expected_account {
            self.judge_account(&config, expected).await?;
        }
        let config = aws_sdk_ssm::config::Builder::from(&config)
            .interceptor(OnlyTls)
            .retry_classifier(UnlessRefused)
            .build();
        Ok(Client::from_conf(config))
    }

    async fn config(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .retry_config(
                RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(PAUSE),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(ATTEMPT)
                    .build(),
            );
        // What a run is called where AWS logs who asked.
        if let Ok(name) = AppName::new(format!("appenv-{}", self.run_id)) {
            loader = loader.app_name(name);
        }
        if let Some(region) = &self.settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        loader.load().await
    }

    /// Refuses credentials of another account than the expected one.
    async fn judge_account(&self, config: &SdkConfig, expected: &str) -> Result<(), FacetError> {
        let config = aws_sdk_sts::config::Builder::from(config)
            .interceptor(OnlyTls)
            .retry_classifier(UnlessRefused)
            .build();
        let asked = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
        let call =
            Call { doing: "ask whose the AWS credentials are", request: "sts:GetCallerIdentity" };
        let found = asked.map_err(|error| failure::of(self, call, &error))?;
        let found = found.account().unwrap_or("none");
        if found == expected {
            return Ok(());
        }
        Err(FacetError {
            fault: Fault::Forbidden,
            summary: "The AWS credentials are another account's".to_owned(),
            attempted: "The account of the credentials was compared with `expected_account`, before anything else."
                .to_owned(),
            cause: format!("account {expected} is expected, and they are of {}", found.escape_debug()),
            next: "Nothing was read or written. Use the credentials, or the `profile`, of the expected account.".to_owned(),
            attribute: Some("provider.aws.expected_account"),
        })
    }
}

fn no_region() -> FacetError {
    FacetError {
        fault: Fault::Missing,
        summary: "No AWS region".to_owned(),
        attempted: "The region was looked for in the `aws` block, the environment and the profile.".to_owned(),
        cause: "none of them names one".to_owned(),
        next: "Set `region` in the `aws` block of the provider configuration, or the environment variable AWS_REGION."
            .to_owned(),
        attribute: Some("provider.aws.region"),
    }
}
