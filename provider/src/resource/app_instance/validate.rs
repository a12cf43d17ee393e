// SPDX-License-Identifier: MPL-2.0
//! What can be judged of a configuration alone, before the provider is configured.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::directories;
use super::model::Model;
use super::wish::{at_names, at_resource};
use crate::naming::{self, Overrides, shown};
use crate::plan::duration;

/// Collects every mistake of form.
pub fn validate(config: &Model) -> Result<(), Errors> {
    let mut errors = Errors::new();
    coordinate(config, &mut errors);
    database(config, &mut errors);
    vault(config, &mut errors);
    kubernetes(config, &mut errors);
    directories::validate(config, &mut errors);
    names(config, &mut errors);
    one_of(&config.adopt, Path::attribute("adopt"), &["refuse", "verify"], &mut errors);
    one_of(&config.rename, Path::attribute("rename"), &["in_place", "copy"], &mut errors);
    is_duration(&config.keep_old, Path::attribute("keep_old"), &mut errors);
    one_of(&config.on_destroy, Path::attribute("on_destroy"), &["delete", "retain"], &mut errors);
    if let Some(release) = config.release.known()
        && (release.is_empty() || release.len() > 256 || release.chars().any(char::is_control))
    {
        errors.push(wrong(
            Path::attribute("release"),
            &shown(release),
            "a version or a digest of 1 to 256 printable characters",
        ));
    }
    if let Some(timeouts) = &config.timeouts {
        let all = [
            ("create", &timeouts.create),
            ("read", &timeouts.read),
            ("update", &timeouts.update),
            ("delete", &timeouts.delete),
        ];
        for (name, value) in all {
            is_duration(value, Path::attribute("timeouts").field(name), &mut errors);
        }
    }
    errors.into_result()
}

fn coordinate(config: &Model, errors: &mut Errors) {
    let mut found = Vec::new();
    if let Some(app) = config.app.known() {
        found.extend(naming::check_app(app).err());
    }
    if let Some(env) = config.env.known() {
        found.extend(naming::check_env(env).err());
    }
    for service in config.services.known().into_iter().flatten() {
        if let Some(service) = service.known() {
            found.extend(naming::check_service(service).err());
        }
    }
    errors.extend(at_resource(&found));
}

fn database(config: &Model, errors: &mut Errors) {
    let Some(block) = &config.database else { return };
    let at = |name: &str| Path::attribute("database").field(name);
    for extension in block.extensions.known().into_iter().flatten() {
        if let Some(name) = extension.known()
            && !is_identifier(name)
        {
            errors.push(wrong(
                at("extensions"),
                &shown(name),
                "the name of an extension: lower-case letters, digits, `_` and `-`, beginning with a letter or \
                 `_`, at most 63 of them",
            ));
        }
    }
    if let Some(limit) = block.connection_limit.known()
        && !(-1..=i64::from(i32::MAX)).contains(limit)
    {
        errors.push(wrong(
            at("connection_limit"),
            &limit.to_string(),
            "-1 (no limit) or a number from 0 to 2147483647",
        ));
    }
    for (name, value) in [("encoding", &block.encoding), ("locale", &block.locale)] {
        if let Some(text) = value.known()
            && (text.is_empty()
                || text.len() > 63
                || !text.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@')
                }))
        {
            errors.push(wrong(
                at(name),
                &shown(text),
                "a name as PostgreSQL lists it, such as `UTF8` or `C.UTF-8`",
            ));
        }
    }
    if let Some(template) = block.template.known()
        && (template.is_empty() || template.len() > 63 || template.chars().any(char::is_control))
    {
        errors.push(wrong(
            at("template"),
            &shown(template),
            "the name of a database, 1 to 63 bytes",
        ));
    }
}

fn vault(config: &Model, errors: &mut Errors) {
    let Some(block) = &config.vault else { return };
    let at = |name: &str| Path::attribute("vault").field(name);
    let default = is_duration(&block.default_ttl, at("default_ttl"), errors);
    let max = is_duration(&block.max_ttl, at("max_ttl"), errors);
    if let (Some(default), Some(max)) = (default, max)
        && default > max
        && let (Some(default), Some(max)) = (block.default_ttl.known(), block.max_ttl.known())
    {
        errors.push(wrong(
            at("default_ttl"),
            &shown(default),
            &format!("at most `max_ttl`, which is \"{max}\""),
        ));
    }
    one_of(&block.ops_scope, at("ops_scope"), &["instances", "family", "own"], errors);
}

fn kubernetes(config: &Model, errors: &mut Errors) {
    let Some(block) = &config.kubernetes else { return };
    let all = [("service_accounts", &block.service_accounts), ("namespaces", &block.namespaces)];
    for (name, value) in all {
        let Some(texts) = value.known() else { continue };
        let path = Path::attribute("kubernetes").field(name);
        // An empty set, or a lone `*` in both, would admit nobody or everybody.
        let fits = |text: &String| {
            text.len() <= 253
                && !text.is_empty()
                && text.bytes().all(|byte| {
                    byte.is_ascii_lowercase()
                        || byte.is_ascii_digit()
                        || matches!(byte, b'-' | b'.')
                })
                && !text.starts_with(['-', '.'])
                && !text.ends_with(['-', '.'])
        };
        let wanted = "one or more Kubernetes names: lower-case letters, digits, `-` and `.`, with a letter or \
                      digit at both ends; no wildcard";
        if texts.is_empty() {
            errors.push(wrong(path, "empty", wanted));
        } else if let Some(text) = texts.iter().filter_map(Attr::known).find(|text| !fits(text)) {
            errors.push(wrong(path, &shown(text), wanted));
        }
    }
}

fn names(config: &Model, errors: &mut Errors) {
    let Some(block) = &config.names else { return };
    let (known, _) = block.read();
    if let Err(found) = Overrides::new(&BTreeMap::new(), &known) {
        errors.extend(at_names(&found));
    }
}

fn is_identifier(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        })
}

fn is_duration(value: &Attr<String>, path: Path, errors: &mut Errors) -> Option<u64> {
    let text = value.known()?;
    let parsed = duration::parse(text).filter(|duration| duration.as_secs() > 0);
    if parsed.is_none() {
        errors.push(wrong(path, &shown(text), "a duration such as `90s`, `15m`, `1h30m` or `7d`"));
    }
    parsed.map(|duration| duration.as_secs())
}

fn one_of(value: &Attr<String>, path: Path, allowed: &[&str], errors: &mut Errors) {
    if let Some(text) = value.known()
        && !allowed.contains(&text.as_str())
    {
        let (last, others) = allowed.split_last().unwrap_or((&"", &[]));
        let wanted = format!("`{}` or `{last}`", others.join("`, `"));
        errors.push(wrong(path, &shown(text), &wanted));
    }
}

fn wrong(path: Path, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error(format!("`{path}` cannot be {found}"), format!("`{path}` must be {wanted}."))
        .at(path)
}
