// SPDX-License-Identifier: MPL-2.0
//! Where the state of an instance belongs: a template beside those of the names.
//!
//! Unlike a name it may be the same for many instances: `{app}/main` is one state for all envs of an app, a literal one
//! for everything.

use super::coordinate::Coordinate;
use super::environments::Environments;
use super::error::{NameError, Subject, shown};
use super::names::{self, Inputs};
use super::template::{Template, Values, Variable};

/// The key of the template.
pub(super) const KEY: &str = "state.prefix";

/// The template of where states belong; by default the convention's `state_prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePrefix {
    source: String,
    template: Template,
}

// === impl StatePrefix ===

impl StatePrefix {
    /// What is meant where nothing is written.
    pub const DEFAULT: &str = "{state_prefix}";

    /// Reads a template. What it makes must be segments of a path, whatever the instance is.
    pub fn parse(source: &str) -> Result<Self, NameError> {
        let template = Template::parse(KEY, source)?;
        let refuse = |summary: &str, detail: String| {
            Err(NameError::new(Subject::Template(KEY.to_owned()), summary, detail))
        };
        if template.uses(Variable::Service) {
            return refuse(
                "Template of state.prefix cannot hold {service}",
                "A state holds whole instances, not services. Write it with other variables."
                    .to_owned(),
            );
        }
        let values = Values {
            env: "e",
            organization: Some("o"),
            domain: Some("d"),
            root: Some("r"),
            instance: Some("i"),
            state_prefix: Some("a/e"),
            ..Values::of_app("a")
        };
        for elided in [true, false] {
            let path = template.render(&Values { elided, ..values }).unwrap_or_default();
            if let Some(problem) = fault(&path) {
                return refuse(
                    "Template of state.prefix makes no path",
                    format!(
                        "{}: {problem}. Write what the address of a state ends in, such as \"{{state_prefix}}\", \
                         \"{{app}}/main\" or \"platform/apps\".",
                        shown(source)
                    ),
                );
            }
        }
        Ok(Self { source: source.to_owned(), template })
    }

    /// As it is written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// An input that it holds outside a group and that is absent.
    pub fn absent(&self, inputs: &Inputs) -> Option<&'static str> {
        [
            (Variable::Organization, &inputs.organization),
            (Variable::Domain, &inputs.domain),
            (Variable::Root, &inputs.root),
        ]
        .into_iter()
        .find(|(variable, input)| {
            let values = Values {
                organization: Some("o").filter(|_| *variable != Variable::Organization),
                domain: Some("d").filter(|_| *variable != Variable::Domain),
                root: Some("r").filter(|_| *variable != Variable::Root),
                instance: Some("i"),
                state_prefix: Some("a/e"),
                ..Values::of_app("a")
            };
            input.is_none() && self.template.render(&values).is_none()
        })
        .map(|(variable, _)| variable.as_str())
    }

    /// Where the state of an instance belongs; `state_prefix` is its name of that key. `None` where an input is absent.
    pub fn render(
        &self,
        environments: &Environments,
        coordinate: &Coordinate,
        inputs: &Inputs,
        state_prefix: &str,
    ) -> Option<String> {
        let instance = names::instance(environments, coordinate);
        self.template.render(&Values {
            organization: inputs.organization.as_deref(),
            domain: inputs.domain.as_deref(),
            root: inputs.root.as_deref(),
            instance: instance.as_deref(),
            state_prefix: Some(state_prefix),
            ..names::values(environments, coordinate)
        })
    }
}

impl Default for StatePrefix {
    fn default() -> Self {
        match Self::parse(Self::DEFAULT) {
            Ok(default) => default,
            // A test reads it.
            Err(error) => unreachable!("{error}"),
        }
    }
}

/// Why a text is no end of an address.
fn fault(path: &str) -> Option<&'static str> {
    let trimmed = path.strip_prefix('/').unwrap_or(path);
    let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
    let mut segments: Vec<_> = trimmed.split('/').collect();
    if segments.iter().any(|segment| segment.is_empty()) {
        return Some("a part of it is empty, for some instances at least");
    }
    if segments.iter().any(|segment| matches!(*segment, "." | "..")) {
        return Some("`.` and `..` stand in no address");
    }
    if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("it holds a blank or a control character");
    }
    segments.pop_if(|last| last.ends_with(".tfstate"));
    segments.is_empty().then_some("the name of the file alone tells no state from another")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn render(source: &str, env: &str) -> Option<String> {
        let environments = Environments::new("elided-v1", None, Vec::new()).unwrap();
        let coordinate = environments.coordinate("erp", env).unwrap();
        let inputs = Inputs { organization: Some("acme".to_owned()), ..Inputs::default() };
        let state_prefix = if env == "prod" { "erp/main" } else { "erp/sandbox" };
        StatePrefix::parse(source).unwrap().render(
            &environments,
            &coordinate,
            &inputs,
            state_prefix,
        )
    }

    #[test]
    fn renders_for_an_instance() {
        assert_eq!(StatePrefix::default().source(), StatePrefix::DEFAULT);
        for (source, prod, sandbox) in [
            ("{state_prefix}", "erp/main", "erp/sandbox"),
            ("{app}/main", "erp/main", "erp/main"),
            ("live/{instance}", "live/erp", "live/erp-sandbox"),
            ("{app}[/{env}]", "erp", "erp/sandbox"),
            ("{organization}/{state_prefix}", "acme/erp/main", "acme/erp/sandbox"),
            (
                "{state_prefix}/terraform.tfstate",
                "erp/main/terraform.tfstate",
                "erp/sandbox/terraform.tfstate",
            ),
            ("platform", "platform", "platform"),
        ] {
            assert_eq!(render(source, "prod").as_deref(), Some(prod), "{source}");
            assert_eq!(render(source, "sandbox").as_deref(), Some(sandbox), "{source}");
        }
        assert_eq!(render("{domain}/{app}", "prod"), None);
        assert_eq!(render("[{domain}/]{app}", "prod").as_deref(), Some("erp"));
    }

    #[test]
    fn refuses_what_is_no_end_of_an_address() {
        for (source, summary) in [
            ("", "Template of state.prefix makes no path"),
            ("/", "Template of state.prefix makes no path"),
            ("[{env}]", "Template of state.prefix makes no path"),
            ("{app}/[{env}]/x", "Template of state.prefix makes no path"),
            ("{app}/../x", "Template of state.prefix makes no path"),
            ("{app} x", "Template of state.prefix makes no path"),
            ("terraform.tfstate", "Template of state.prefix makes no path"),
            ("{app}/{service}", "Template of state.prefix cannot hold {service}"),
            ("{app}/{enw}", "Template of state.prefix cannot be read at character 7"),
            ("{app", "Template of state.prefix cannot be read at character 1"),
        ] {
            assert_eq!(StatePrefix::parse(source).unwrap_err().summary, summary, "{source}");
        }
        let told = StatePrefix::parse("{enw}").unwrap_err().detail;
        assert!(told.ends_with("domain, root, instance, state_prefix."), "{told}");
    }

    #[test]
    fn names_the_input_that_is_absent() {
        let absent = |source| StatePrefix::parse(source).unwrap().absent(&Inputs::default());
        assert_eq!(absent("{organization}/{app}"), Some("organization"));
        assert_eq!(absent("{app}/{root}"), Some("root"));
        assert_eq!(absent("[{domain}/]{app}"), None);
        assert_eq!(absent("{state_prefix}"), None);
    }
}
