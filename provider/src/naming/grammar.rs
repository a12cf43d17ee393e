// SPDX-License-Identifier: MPL-2.0
//! The grammar of the words a name is made of, judged without any configuration.

use super::error::{NameError, Subject, shown};

/// The longest app, in bytes.
pub const APP_BYTES: usize = 40;
/// The longest env, in bytes.
pub const ENV_BYTES: usize = 20;
/// The longest service, in bytes.
pub const SERVICE_BYTES: usize = 30;

/// Envs that no one may declare, each with what has the word already.
const RESERVED_ENVS: [(&str, &str); 5] = [
    ("main", "the state prefix of the env that elides ends in it"),
    ("secrets", "it is the directory of an app's secrets, beside the directories of its envs"),
    ("ops", "the ops policy of an app ends in it"),
    ("appenv", "it names appenv's own records"),
    ("backup", "it is the directory of an app's backups, beside the directories of its envs"),
];

/// Judges an app by itself: the grammar and the reserved words.
pub fn check_app(app: &str) -> Result<(), NameError> {
    kebab(Subject::App, "App", "an app", app, APP_BYTES)?;
    if app == "appenv" {
        return Err(NameError::new(
            Subject::App,
            "App \"appenv\" is reserved",
            "appenv keeps its own records under that name in every target. Give the app another name.",
        ));
    }
    if app == "ops" || app.ends_with("-ops") {
        return Err(NameError::new(
            Subject::App,
            format!("App {} ends in \"ops\"", shown(app)),
            "The ops policy of an app is \"<app>-ops\", so such an app's runtime policy could be the ops policy of \
             another app. Give the app a name that does not end in the word \"ops\".",
        ));
    }
    Ok(())
}

/// Judges an env by itself: the grammar and the reserved words. Whether it is declared is a matter of
/// [`Environments`](super::Environments).
pub fn check_env(env: &str) -> Result<(), NameError> {
    check_env_as(Subject::Env, env)
}

/// Judges a service by itself: the grammar.
pub fn check_service(service: &str) -> Result<(), NameError> {
    kebab(Subject::Service(service.to_owned()), "Service", "a service", service, SERVICE_BYTES)
}

/// Judges an env where it stands: in a coordinate or in its declaration.
pub(super) fn check_env_as(subject: Subject, env: &str) -> Result<(), NameError> {
    kebab(subject.clone(), "Env", "an env", env, ENV_BYTES)?;
    if let Some((_, why)) = RESERVED_ENVS.iter().find(|(reserved, _)| *reserved == env) {
        return Err(NameError::new(
            subject,
            format!("Env {} is reserved", shown(env)),
            format!(
                "No env can have that name: {why}. Reserved are main, secrets, ops, appenv and backup. Give the env \
                 another name."
            ),
        ));
    }
    if env.ends_with("-ops") {
        return Err(NameError::new(
            subject,
            format!("Env {} ends in \"-ops\"", shown(env)),
            "The ops policy of an app is \"<app>-ops\", so the runtime policy of an instance in such an env could be \
             the ops policy of another app. Give the env a name that does not end in the word \"ops\".",
        ));
    }
    Ok(())
}

/// ASCII kebab-case within so many bytes.
fn kebab(
    subject: Subject,
    kind: &str,
    a_kind: &str,
    text: &str,
    bytes: usize,
) -> Result<(), NameError> {
    let Some(fault) = fault(text, bytes) else { return Ok(()) };
    Err(NameError::new(
        subject,
        format!("{kind} {} is not a name appenv can use", shown(text)),
        format!(
            "{fault}. Every name of an instance is made of such words: {a_kind} is lower-case ASCII letters and \
             digits in words joined by single dashes, begins with a letter and has at most {bytes} bytes. Write it \
             in that form: nothing is converted or shortened."
        ),
    ))
}

/// The first thing in a text that is not of the grammar.
fn fault(text: &str, bytes: usize) -> Option<String> {
    let mut before = None;
    for (index, c) in text.chars().enumerate() {
        let position = index + 1;
        match (before, c) {
            (_, 'A'..='Z') => {
                return Some(format!("Character {position} is \"{c}\", a capital letter"));
            }
            (Some('-'), '-') => {
                return Some(format!("Character {position} is a second dash in a row"));
            }
            (None, 'a'..='z') | (Some(_), 'a'..='z' | '0'..='9' | '-') => {}
            (None, '-' | '0'..='9') => {
                return Some(format!("It begins with \"{c}\", not with a letter"));
            }
            _ => {
                return Some(format!(
                    "Character {position} is {}",
                    shown(c.encode_utf8(&mut [0; 4]))
                ));
            }
        }
        before = Some(c);
    }
    match before {
        None => Some("It is empty".to_owned()),
        Some('-') => Some("It ends in a dash".to_owned()),
        Some(_) if text.len() > bytes => {
            Some(format!("It has {} bytes, {} too many", text.len(), text.len() - bytes))
        }
        Some(_) => None,
    }
}
