// SPDX-License-Identifier: MPL-2.0
//! Which servers a run uses: programs of this machine, or containers where `TF_ACC_CONTAINERS` names some.

use std::fmt;
use std::io::Write as _;
use std::sync::{LazyLock, Once};

use super::{openbao, postgres};

/// The variable: images separated by commas, such as `postgres:14,postgres:18,vault`.
///
/// `postgres:14` to `postgres:18`, `openbao` and `vault` stand for the tags that are pinned here; a whole tag, such as
/// `vault:1.19.5` or `postgres:17.2-alpine`, for itself. What is not named is a program of this machine.
pub const VARIABLE: &str = "TF_ACC_CONTAINERS";

/// What runs in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// PostgreSQL, of the Docker official images.
    Postgres,
    /// OpenBao.
    OpenBao,
    /// HashiCorp Vault.
    Vault,
}

/// An image at a tag that does not move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What is in it.
    pub product: Product,
    /// Its tag, beginning with the version.
    pub tag: String,
}

/// What the short names stand for.
const PINNED: [(&str, Product, &str); 7] = [
    ("postgres:14", Product::Postgres, "14.19-bookworm"),
    ("postgres:15", Product::Postgres, "15.14-bookworm"),
    ("postgres:16", Product::Postgres, "16.10-bookworm"),
    ("postgres:17", Product::Postgres, "17.6-bookworm"),
    ("postgres:18", Product::Postgres, "18.0-bookworm"),
    ("openbao", Product::OpenBao, "2.7.2"),
    ("vault", Product::Vault, "1.20.4"),
];

// === impl Product ===

impl Product {
    /// The image's name in its registry, without a tag.
    pub fn repository(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::OpenBao => "openbao/openbao",
            Self::Vault => "hashicorp/vault",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::OpenBao => "OpenBao",
            Self::Vault => "HashiCorp Vault",
        }
    }
}

// === impl Image ===

impl Image {
    /// Reads the variable's text; nothing where it is empty. The order is kept, and what is named twice is there once.
    pub fn parse(text: &str) -> Result<Vec<Self>, String> {
        let mut images = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let image = Self::named(word)?;
            if !images.contains(&image) {
                images.push(image);
            }
        }
        Ok(images)
    }

    fn named(word: &str) -> Result<Self, String> {
        if let Some((_, product, tag)) = PINNED.iter().find(|(name, ..)| *name == word) {
            return Ok(Self { product: *product, tag: (*tag).to_owned() });
        }
        let known = PINNED.map(|(name, ..)| name).join(", ");
        let (name, tag) = word.split_once(':').unwrap_or((word, ""));
        let product = match name {
            "postgres" => Product::Postgres,
            "openbao" => Product::OpenBao,
            "vault" => Product::Vault,
            _ => {
                return Err(format!(
                    "{word:?} is none of {known}, nor one of them with a whole tag"
                ));
            }
        };
        // `latest`, `bookworm` or `17` are another image tomorrow, and a run could not be told again.
        let version = tag.split('-').next().unwrap_or_default();
        if version.split('.').count() < 2 || !version.split('.').all(is_number) {
            return Err(format!(
                "{word:?} is no fixed version: write {known}, or a whole tag such as `postgres:17.2`"
            ));
        }
        Ok(Self { product, tag: tag.to_owned() })
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        let digits = self.tag.split('.').next().and_then(|major| major.parse().ok());
        digits.expect("a tag begins with a version")
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.product.repository(), self.tag)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The images that this run asked for. One that cannot have them panics and says so: it never takes others instead.
pub fn images() -> &'static [Image] {
    static IMAGES: LazyLock<Result<Vec<Image>, String>> = LazyLock::new(|| {
        let text = std::env::var(VARIABLE).unwrap_or_default();
        chosen(&text, cfg!(feature = "containers"))
    });
    IMAGES.as_deref().unwrap_or_else(|why| panic!("{why}"))
}

fn chosen(text: &str, compiled: bool) -> Result<Vec<Image>, String> {
    let images = Image::parse(text).map_err(|why| format!("{VARIABLE}: {why}"))?;
    if !images.is_empty() && !compiled {
        return Err(format!(
            "{VARIABLE} asks for containers, and these tests were built without them. Next: \
             cargo test --package acceptance --features containers, or make testacc"
        ));
    }
    Ok(images)
}

/// Which PostgreSQL meets which Vault, by index: each of both at least once, and no more runs than it takes.
pub(super) fn pairs(postgres: usize, vaults: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..postgres.max(vaults)).map(move |n| (n % postgres, n % vaults))
}

/// Says once in a run, past the harness' capture, what its servers are.
pub(super) fn tell() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let postgres = postgres::Kind::all().into_iter().map(|kind| kind.to_string());
        let vaults = openbao::Kind::all().into_iter().map(|kind| kind.to_string());
        let all: Vec<String> = postgres.chain(vaults).collect();
        say(&format!("servers: {}", all.join("; ")));
    });
}

/// Whether a test cannot be had on containers; it is said with the reason, past the harness' capture.
pub fn left_out(test: &str, reason: &str) -> bool {
    let out = !images().is_empty();
    if out {
        say(&format!("left out: {test}: {reason}"));
    }
    out
}

fn say(line: &str) {
    // The harness captures what the print macros write, and nothing else.
    writeln!(std::io::stderr(), "{line}").ok();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(text: &str) -> Result<Vec<String>, String> {
        Ok(Image::parse(text)?.iter().map(Image::to_string).collect())
    }

    #[test]
    fn the_short_names_stand_for_pinned_tags_and_whole_tags_for_themselves() {
        assert_eq!(told(""), Ok(vec![]));
        let text = " postgres:14, openbao,vault,postgres:17.2-alpine,,vault:1.19.5,openbao";
        let images = [
            "postgres:14.19-bookworm",
            "openbao/openbao:2.7.2",
            "hashicorp/vault:1.20.4",
            "postgres:17.2-alpine",
            "hashicorp/vault:1.19.5",
        ];
        assert_eq!(told(text), Ok(images.map(str::to_owned).to_vec()));
        let majors =
            Image::parse("postgres:14,postgres:15,postgres:16,postgres:17,postgres:18").unwrap();
        assert_eq!(majors.iter().map(Image::major).collect::<Vec<_>>(), [14, 15, 16, 17, 18]);
    }

    #[test]
    fn what_is_unknown_or_moves_is_refused_with_what_there_is() {
        for text in [
            "mysql:8",
            "postgres",
            "postgres:13",
            "postgres:latest",
            "vault:",
            "vault:1",
            "openbao:2.x",
        ] {
            let why = told(&format!("openbao,{text}")).unwrap_err();
            assert!(why.contains(&format!("{text:?}")) && why.contains("postgres:18"), "{why}");
        }
    }

    #[test]
    fn asked_for_and_not_compiled_is_an_error_and_no_run_on_something_else() {
        assert_eq!(chosen("", false), Ok(vec![]));
        assert_eq!(chosen("vault", true).unwrap().len(), 1);
        let why = chosen("vault", false).unwrap_err();
        assert!(why.contains("--features containers") && why.contains(VARIABLE), "{why}");
        assert!(chosen("vaults", true).unwrap_err().starts_with(VARIABLE));
    }

    #[test]
    fn every_server_is_met_and_none_more_often_than_it_takes() {
        let of = |postgres, vaults| pairs(postgres, vaults).collect::<Vec<_>>();
        assert_eq!(of(2, 1), [(0, 0), (1, 0)]);
        assert_eq!(of(1, 2), [(0, 0), (0, 1)]);
        assert_eq!(of(3, 2), [(0, 0), (1, 1), (2, 0)]);
    }
}
