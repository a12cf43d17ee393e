// SPDX-License-Identifier: MPL-2.0
//! What is sent, and what is sent again, beyond what the SDK decides.

use std::error::Error;
use std::io;

use aws_sdk_ssm::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_ssm::config::interceptors::InterceptorContext;
use aws_sdk_ssm::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_ssm::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ssm::error::BoxError;

use super::settings::check_endpoint;

/// Refuses to send a request where others could read it, wherever the endpoint came from.
#[derive(Debug)]
pub(super) struct OnlyTls;

/// Gives up where nobody listens: what does not run now will not in some seconds, and the user waits.
#[derive(Debug)]
pub(super) struct UnlessRefused;

// === impl OnlyTls ===

impl Intercept for OnlyTls {
    fn name(&self) -> &'static str {
        "OnlyTls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        check_endpoint(context.request().uri())
            .map_err(|why| format!("the endpoint's URL {why}").into())
    }
}

// === impl UnlessRefused ===

impl ClassifyRetry for UnlessRefused {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        match error.as_connector_error() {
            Some(error) if is_refused(error) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "UnlessRefused"
    }
}

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let is = |error: &(dyn Error + 'static)| {
        error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    is(error) || error.source().is_some_and(is_refused)
}
