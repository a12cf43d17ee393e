// SPDX-License-Identifier: MPL-2.0
//! `names APP [ENV]`: the names of an instance, for scripts such as `init -backend-config`.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tfplugin::value::encode_json;

use super::{FAILED, Output, print, say};
use crate::inquiry::{DEFAULT_CONVENTION, Declaration, Environment, Question};
use crate::naming::{Inputs, NameError, Names, RowValue, Subject, shown};
use crate::resolved;

/// What is printed.
enum Form {
    Table,
    Json,
    Field(Field),
}

/// One name: its key and, where there is a name for each service, the service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    key: &'static str,
    service: Option<String>,
}

/// Its definition, from which parser and help are made.
pub fn command() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("names")
        .about("Print the names of an app in an env")
        .long_about(
            "Print the names of an app in an env, the same as the function `names` answers. No configuration is \
             read: what the provider block says is given by options.",
        )
        .after_help(
            "Examples:\n  terraform-provider-appenv names erp sandbox\n  terraform init -backend-config=\"prefix=$(\
             terraform-provider-appenv names erp sandbox --field state_prefix)\"\n\nExit code: 0 printed, 1 refused \
             (standard error says why), 2 wrong usage.",
        )
        .arg(Arg::new("app").value_name("APP").required(true).help("The application, such as erp"))
        .arg(Arg::new("env").value_name("ENV").help(
            "The environment [default: the one production env, where the convention leaves it out of names]",
        ))
        .arg(text("convention", "NAME", "Convention").default_value(DEFAULT_CONVENTION))
        .arg(
            text("env-declared", "NAME[:production]", "Declare an env; may be repeated")
                .long("env")
                .long_help(
                    "Declare an env, in place of those of the convention; may be repeated. An env that the \
                     convention knows as a production env is one; NAME:production declares another, and \
                     NAME:production=false the contrary.",
                )
                .action(ArgAction::Append)
                .value_parser(environment),
        )
        .arg(text("elided", "ENV", "The env left out of names, where several are production envs"))
        .arg(text("domain", "DOMAIN", "DNS domain, for dns_host"))
        .arg(text("organization", "NAME", "Organization of the repositories, for repository"))
        .arg(text("root", "DIRECTORY", "Root directory of the host, for app_dir and secrets_dir"))
        .arg(
            text("service", "NAME", "A service of the app; may be repeated")
                .action(ArgAction::Append),
        )
        .arg(
            text("field", "NAME", "Print this name alone: state_prefix, services.api, ...")
                .value_parser(field)
                .conflicts_with("json"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"))
}

/// Prints what is asked for.
pub fn run(matches: &ArgMatches, output: &mut Output<'_>) -> u8 {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let all = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned();
    let question = Question {
        declaration: Declaration {
            convention: text("convention"),
            elided: text("elided"),
            environments: matches
                .get_many::<Environment>("env-declared")
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
        },
        inputs: Inputs {
            organization: text("organization"),
            domain: text("domain"),
            root: text("root"),
        },
        services: all("service").collect(),
        ..Question::default()
    };
    let form = match matches.get_one::<Field>("field") {
        Some(field) => Form::Field(field.clone()),
        None if matches.get_flag("json") => Form::Json,
        None => Form::Table,
    };
    let app = text("app").unwrap_or_default();
    let told = question
        .names(&app, text("env").as_deref())
        .map_err(|errors| errors.iter().map(refusal).collect())
        .and_then(|names| form.print(&names));
    match told {
        Ok(text) => print(output, &text),
        Err(why) => {
            say(output.err, &why);
            FAILED
        }
    }
}

/// Reads `NAME`, `NAME:production` or `NAME:production=BOOL`.
fn environment(text: &str) -> Result<Environment, String> {
    let (name, production) = match text.split_once(':') {
        None => (text, None),
        Some((name, "production" | "production=true")) => (name, Some(true)),
        Some((name, "production=false")) => (name, Some(false)),
        Some(_) => return Err("after the name comes nothing or :production".to_owned()),
    };
    Ok(Environment { name: name.to_owned(), production, apps: None })
}

/// Reads the key of a name, with the service behind a dot.
fn field(text: &str) -> Result<Field, String> {
    let (key, service) = match text.split_once('.') {
        None => (text, None),
        Some((key, service)) => (key, Some(service)),
    };
    let Some(row) = resolved::rows().find(|row| row.key == key) else {
        let keys: Vec<_> = resolved::rows().map(|row| row.key).collect();
        return Err(format!("the names are {}", keys.join(", ")));
    };
    match (row.per_service, service) {
        (true, None) => Err(format!("there is one for each service: {key}.SERVICE")),
        (false, Some(_)) => Err(format!("there is one {key}, not one for each service")),
        _ => Ok(Field { key: row.key, service: service.map(str::to_owned) }),
    }
}

/// A refusal, with the option that mends it.
fn refusal(error: &NameError) -> String {
    let option = match &error.subject {
        Subject::App | Subject::Name(_) | Subject::Template(_) => None,
        Subject::Env | Subject::Environment(_) => {
            Some("envs are declared by --env NAME[:production]".to_owned())
        }
        Subject::Service(_) => Some("services are given by --service".to_owned()),
        Subject::Convention => Some("the convention is given by --convention".to_owned()),
        Subject::Elided => Some("it is chosen by --elided".to_owned()),
        Subject::Input(name) => Some(format!("it is given by --{name}")),
    };
    let option = option.map(|option| format!(" Here {option}.")).unwrap_or_default();
    format!("error: {}\n  {}{option}\n", error.summary, error.detail)
}

// === impl Form ===

impl Form {
    fn print(&self, names: &Names) -> Result<String, String> {
        match self {
            Form::Table => Ok(table(names)),
            Form::Json => json(names),
            Form::Field(field) => field.print(names),
        }
    }
}

/// Two columns; names that have no value are left out.
fn table(names: &Names) -> String {
    let mut lines: Vec<(String, &str)> = Vec::new();
    for (key, value) in names.rows() {
        match value {
            _ if !resolved::rows().any(|row| row.key == key) => {}
            RowValue::One(name) => lines.extend(name.map(|name| (key.to_owned(), name))),
            RowValue::PerService(names) => lines.extend(
                names.iter().map(|(service, name)| (format!("{key}.{service}"), name.as_str())),
            ),
        }
    }
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (key, name) in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key:width$}  {name}");
    }
    text
}

fn json(names: &Names) -> Result<String, String> {
    let bug = |error: &dyn std::fmt::Display| format!("error: bug in the provider: {error}\n");
    let json = encode_json(&resolved::value(names), &resolved::ty()).map_err(|e| bug(&e))?;
    let value: serde_json::Value = serde_json::from_slice(&json).map_err(|e| bug(&e))?;
    Ok(format!("{value:#}\n"))
}

// === impl Field ===

impl Field {
    fn print(&self, names: &Names) -> Result<String, String> {
        let rows = names.rows();
        let value = rows.iter().find(|(key, _)| *key == self.key).map(|(_, value)| value);
        let name = match (value, &self.service) {
            (Some(RowValue::One(name)), _) => *name,
            (Some(RowValue::PerService(names)), Some(service)) => {
                names.get(service).map(String::as_str)
            }
            _ => None,
        };
        name.map(|name| format!("{name}\n")).ok_or_else(|| self.absent())
    }

    fn absent(&self) -> String {
        let key = self.key;
        match &self.service {
            Some(service) => format!(
                "error: Service {0} is not given\n  {key} has a name for each service that --service gives. Add \
                 --service {0}.\n",
                shown(service)
            ),
            None => format!(
                "error: {key} has no value\n  It is made of an input that is not given. Add --domain, --organization or \
                 --root, whichever it is made of.\n"
            ),
        }
    }
}
