// SPDX-License-Identifier: MPL-2.0
//! Resource addresses, as far as the type in them.

/// The type of the resource at an address, such as `appenv_app_instance` of `module.a["x.y"].appenv_app_instance.b[0]`.
pub fn resource_type(address: &str) -> Option<String> {
    let bare = without_keys(address)?;
    let mut parts = bare.split('.');
    let mut part = parts.next()?;
    while part == "module" {
        parts.next()?;
        part = parts.next()?;
    }
    if matches!(part, "data" | "ephemeral" | "list" | "action") {
        part = parts.next()?;
    }
    // A type stands before a name.
    parts.next()?;
    Some(part.to_owned())
}

/// Whether a type is one of this provider's.
pub fn is_ours(resource_type: &str) -> bool {
    resource_type.starts_with("appenv_")
}

/// The address without what is in brackets; `None` where they do not close.
fn without_keys(address: &str) -> Option<String> {
    let mut bare = String::new();
    let (mut bracket, mut quoted, mut escaped) = (false, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if bracket => quoted = !quoted,
            ']' if !quoted => bracket = false,
            '[' if !quoted => bracket = true,
            _ if bracket => {}
            _ => bare.push(c),
        }
    }
    (!bracket).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::resource_type;

    #[test]
    fn types_are_found_behind_modules_and_keys() {
        for (address, expected) in [
            ("appenv_app_instance.prod", Some("appenv_app_instance")),
            ("module.a.module.b[0].x_y.z[\"k\"]", Some("x_y")),
            ("module.a[\"].appenv_x.y[\"].null.z", Some("null")),
            ("module.a[\"\\\"].appenv_x.y\"].null.z", Some("null")),
            ("data.x_y.z", Some("x_y")),
            ("module.a.ephemeral.appenv_env_secret.z", Some("appenv_env_secret")),
            ("module.a", None),
            ("appenv_app_instance", None),
            ("x.y[\"", None),
            ("", None),
        ] {
            assert_eq!(resource_type(address).as_deref(), expected, "{address}");
        }
    }
}
