// SPDX-License-Identifier: MPL-2.0
//! What AWS answers when it refuses, told so that a user can act on it.

use std::error::Error;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};

use super::session::Session;
use crate::facet::{FacetError, Fault};

/// A call, as messages tell it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What for: `read the registry`.
    pub doing: &'a str,
    /// The action and its object: `ssm:GetParameter /appenv/_registry`.
    pub request: &'a str,
}

/// A call that failed.
pub fn of<E>(session: &Session, call: Call<'_>, error: &SdkError<E>) -> FacetError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (fault, cause) = match error {
        SdkError::ServiceError(refused) => {
            let code = refused.err().code().unwrap_or("an unknown error");
            let message = refused.err().message().unwrap_or_default();
            (
                class(code),
                if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") },
            )
        }
        SdkError::TimeoutError(_) => (Fault::Unreachable, "no answer in time".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() || failure.is_io() => {
            (Fault::Unreachable, chain(error))
        }
        SdkError::ResponseError(answer) => {
            // The body may be anything, of anyone.
            let status = answer.raw().status().as_u16();
            (Fault::Rejected, format!("an answer that is not AWS's, with status {status}"))
        }
        // No credentials, an endpoint that is refused: nothing was sent.
        _ => (Fault::Unauthenticated, chain(error)),
    };
    let (next, attribute) = next(fault, &cause);
    FacetError {
        fault,
        summary: format!("Could not {}", call.doing),
        attempted: format!("{} with {}", call.request, session.server()),
        cause: printable(&cause),
        next,
        attribute,
    }
}

/// The class of an error code, as the API reference has them.
pub fn class(code: &str) -> Fault {
    match code {
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => Fault::Forbidden,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "OptInRequired" => Fault::Unauthenticated,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "InternalServerError"
        | "InternalFailure" => Fault::Unreachable,
        "TooManyUpdates" => Fault::Conflict,
        "ParameterAlreadyExists" => Fault::Occupied,
        "ParameterNotFound" | "InvalidKeyId" => Fault::Missing,
        _ => Fault::Rejected,
    }
}

fn next(fault: Fault, cause: &str) -> (String, Option<&'static str>) {
    let is_clock =
        ["RequestTimeTooSkewed", "RequestExpired", "Signature expired", "Signature not yet"];
    let (next, attribute) = match fault {
        Fault::Unreachable => (
            "Check that the region and the endpoint are right and can be reached, and that AWS is not overloaded; then run \
             the same command again: it looks at what is there and goes on.",
            Some("provider.aws.endpoint_url"),
        ),
        Fault::Unauthenticated if is_clock.iter().any(|words| cause.contains(words)) => {
            ("Set this machine's clock: AWS takes requests that are at most 15 minutes off.", None)
        }
        Fault::Unauthenticated => (
            "Check the AWS credentials and the endpoint: AWS_ACCESS_KEY_ID, AWS_PROFILE or `profile`, a web identity, or \
             the role of the container or machine (aws sts get-caller-identity).",
            Some("provider.aws.profile"),
        ),
        Fault::Forbidden => (
            "Allow it to these credentials: docs/policies/aws-apply.json has what an apply needs, aws-plan.json what a \
             plan needs.",
            None,
        ),
        Fault::Conflict => ("Another run writes there now. Apply again when it is done.", None),
        Fault::Missing if cause.contains("InvalidKeyId") => (
            "Check that the KMS key exists in this region, is enabled, and may be used.",
            Some("provider.aws.kms_key"),
        ),
        _ => ("Plan again. If it stays so, report it with these words.", None),
    };
    (next.to_owned(), attribute)
}

/// An error and its sources, one after the other. None of them shows a request or an answer.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        cause = error.source();
    }
    words.join(": ")
}

/// A text of a server, on one line and without control characters.
fn printable(text: &str) -> String {
    let cut: String = text.chars().take(600).collect();
    cut.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}
