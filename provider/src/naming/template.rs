// SPDX-License-Identifier: MPL-2.0
//! How a convention writes a name.
//!
//! `{app}` is replaced by the variable; `[-{env}]` is dropped when a variable in it is elided or absent;
//! `{env:main}` is `main` when env is elided; `{app.snake}` has underscores for dashes. Nothing else is special,
//! groups do not nest and there is no escape: no name holds a brace or a bracket.

use super::error::{NameError, Subject, escaped, shown};
use super::state_prefix;

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The app.
    App,
    /// The env.
    Env,
    /// The service; only in names that there is one of for each service.
    Service,
    /// The organization of the provider configuration.
    Organization,
    /// The domain of the provider configuration.
    Domain,
    /// The root directory of the host.
    Root,
    /// The instance's own name; in all names but that one.
    Instance,
    /// The instance's name of that key; only in where states belong.
    StatePrefix,
}

/// What the variables are for one name.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The app.
    pub app: &'a str,
    /// The env, elided or not.
    pub env: &'a str,
    /// Whether the env is the one that elides.
    pub elided: bool,
    /// The service.
    pub service: Option<&'a str>,
    /// The organization.
    pub organization: Option<&'a str>,
    /// The domain.
    pub domain: Option<&'a str>,
    /// The root directory.
    pub root: Option<&'a str>,
    /// The instance's own name.
    pub instance: Option<&'a str>,
    /// The instance's state prefix.
    pub state_prefix: Option<&'a str>,
}

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Place(Place),
    Group(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    variable: Variable,
    snake: bool,
    when_elided: Option<String>,
}

/// Where a template is wrong (character, from 1) and how.
struct Wrong(usize, String);

// === impl Variable ===

impl Variable {
    const ALL: [(&'static str, Self); 8] = [
        ("app", Self::App),
        ("env", Self::Env),
        ("service", Self::Service),
        ("organization", Self::Organization),
        ("domain", Self::Domain),
        ("root", Self::Root),
        ("instance", Self::Instance),
        ("state_prefix", Self::StatePrefix),
    ];

    /// As templates write it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, variable)| *variable == self).map_or("", |(name, _)| name)
    }

    /// Those that the template of that key can hold, as templates write them.
    fn of(key: &str) -> Vec<&'static str> {
        let not = if key == state_prefix::KEY { Self::Service } else { Self::StatePrefix };
        let variables = Self::ALL.iter().filter(|(_, variable)| *variable != not);
        variables.map(|(name, _)| *name).collect()
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, variable)| *variable)
    }
}

// === impl Values ===

impl<'a> Values<'a> {
    /// What there is without an env.
    pub(super) fn of_app(app: &'a str) -> Self {
        Self {
            app,
            env: "",
            elided: true,
            service: None,
            organization: None,
            domain: None,
            root: None,
            instance: None,
            state_prefix: None,
        }
    }

    fn get(&self, variable: Variable) -> Option<&str> {
        match variable {
            Variable::App => Some(self.app),
            Variable::Env => Some(self.env),
            Variable::Service => self.service,
            Variable::Organization => self.organization,
            Variable::Domain => self.domain,
            Variable::Root => self.root,
            Variable::Instance => self.instance,
            Variable::StatePrefix => self.state_prefix,
        }
    }
}

// === impl Template ===

impl Template {
    /// Reads the template of the name with that key.
    pub fn parse(key: &str, source: &str) -> Result<Self, NameError> {
        match Reader::new(source).parts() {
            Ok(parts) => Ok(Self { parts }),
            Err(Wrong(position, problem)) => Err(NameError::new(
                Subject::Template(key.to_owned()),
                format!("Template of {key} cannot be read at character {position}"),
                format!(
                    "{}: {problem}. A template holds {{variable}}, {{variable.snake}}, {{env:literal}} and [groups], \
                     which do not nest; variables are {}.",
                    shown(source),
                    Variable::of(key).join(", ")
                ),
            )),
        }
    }

    /// Writes the name; `None` where a variable outside a group is absent.
    pub fn render(&self, values: &Values<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Place(place) => place.render(values, &mut out)?,
                Part::Group(parts) => render_group(parts, values, &mut out),
            }
        }
        Some(out)
    }

    /// Whether the variable stands anywhere in it.
    pub fn uses(&self, variable: Variable) -> bool {
        fn stands(parts: &[Part], variable: Variable) -> bool {
            parts.iter().any(|part| match part {
                Part::Literal(_) => false,
                Part::Place(place) => place.variable == variable,
                Part::Group(parts) => stands(parts, variable),
            })
        }
        stands(&self.parts, variable)
    }
}

/// Writes a group, or nothing where a variable in it is elided or absent.
fn render_group(parts: &[Part], values: &Values<'_>, out: &mut String) {
    let mut group = String::new();
    for part in parts {
        match part {
            Part::Literal(text) => group.push_str(text),
            Part::Place(place) if place.variable == Variable::Env && values.elided => return,
            Part::Place(place) => {
                if place.render(values, &mut group).is_none() {
                    return;
                }
            }
            Part::Group(parts) => render_group(parts, values, &mut group),
        }
    }
    out.push_str(&group);
}

// === impl Place ===

impl Place {
    /// Appends the value; `None` where the variable is absent.
    fn render(&self, values: &Values<'_>, out: &mut String) -> Option<()> {
        match &self.when_elided {
            Some(literal) if values.elided => out.push_str(literal),
            _ => {
                let value = values.get(self.variable)?;
                if self.snake {
                    out.push_str(&value.replace('-', "_"));
                } else {
                    out.push_str(value);
                }
            }
        }
        Some(())
    }

    /// Reads what stands between braces, the first of which is at that character.
    fn read(text: &str, position: usize) -> Result<Self, Wrong> {
        let (head, when_elided) = match text.split_once(':') {
            Some((head, literal)) => (head, Some(literal)),
            None => (text, None),
        };
        let (name, filter) = match head.split_once('.') {
            Some((name, filter)) => (name, Some(filter)),
            None => (head, None),
        };
        let variable = Variable::read(name)
            .ok_or_else(|| Wrong(position, format!("{} is no variable", shown(name))))?;
        if let Some(filter) = filter.filter(|filter| *filter != "snake") {
            let problem = format!("{} is no filter; the one there is is snake", shown(filter));
            return Err(Wrong(position, problem));
        }
        match when_elided {
            Some(_) if variable != Variable::Env => {
                let problem = format!("{name} is never elided, so it has no literal for it");
                Err(Wrong(position, problem))
            }
            Some("") => Err(Wrong(position, "the literal for an elided env is empty".to_owned())),
            _ => Ok(Self {
                variable,
                snake: filter.is_some(),
                when_elided: when_elided.map(str::to_owned),
            }),
        }
    }
}

// === Reader ===

/// Reads a template from left to right.
struct Reader<'a> {
    rest: std::iter::Enumerate<std::str::Chars<'a>>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a str) -> Self {
        Self { rest: source.chars().enumerate() }
    }

    fn parts(mut self) -> Result<Vec<Part>, Wrong> {
        let mut parts = Vec::new();
        let mut group: Option<(usize, Vec<Part>)> = None;
        while let Some((index, c)) = self.rest.next() {
            let position = index + 1;
            let part = match c {
                '[' if group.is_some() => {
                    return Err(Wrong(position, "[ stands inside a group".to_owned()));
                }
                '[' => {
                    group = Some((position, Vec::new()));
                    continue;
                }
                ']' => {
                    let Some((opened, parts)) = group.take() else {
                        return Err(Wrong(position, "] closes nothing".to_owned()));
                    };
                    if !parts.iter().any(|part| matches!(part, Part::Place(_))) {
                        let problem = "the group holds no variable, so nothing can drop it";
                        return Err(Wrong(opened, problem.to_owned()));
                    }
                    Part::Group(parts)
                }
                '{' => Part::Place(self.place(position)?),
                '}' => return Err(Wrong(position, "} closes nothing".to_owned())),
                c => Part::Literal(c.to_string()),
            };
            let into = group.as_mut().map_or(&mut parts, |(_, parts)| parts);
            match (into.last_mut(), part) {
                (Some(Part::Literal(text)), Part::Literal(more)) => text.push_str(&more),
                (_, part) => into.push(part),
            }
        }
        match group {
            Some((opened, _)) => Err(Wrong(opened, "[ is never closed".to_owned())),
            None => Ok(parts),
        }
    }

    fn place(&mut self, opened: usize) -> Result<Place, Wrong> {
        let mut text = String::new();
        for (index, c) in self.rest.by_ref() {
            match c {
                '}' => return Place::read(&text, opened),
                '{' | '[' | ']' => {
                    let problem = format!("{} stands inside a variable", escaped(c));
                    return Err(Wrong(index + 1, problem));
                }
                c => text.push(c),
            }
        }
        Err(Wrong(opened, "{ is never closed".to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Template, Values};

    const PROD: Values<'static> = Values {
        app: "dance-lessons",
        env: "prod",
        elided: true,
        service: Some("api"),
        organization: None,
        domain: Some("example.org"),
        root: None,
        instance: Some("dance-lessons"),
        state_prefix: None,
    };

    fn render(source: &str, values: &Values<'_>) -> Option<String> {
        Template::parse("database", source).unwrap().render(values)
    }

    #[test]
    fn renders() {
        let staging = Values { env: "eu-staging", elided: false, ..PROD };
        for (source, elided, full) in [
            ("{app}[-{env}]", Some("dance-lessons"), Some("dance-lessons-eu-staging")),
            (
                "{app.snake}_{env.snake}",
                Some("dance_lessons_prod"),
                Some("dance_lessons_eu_staging"),
            ),
            ("{app}/{env:main}", Some("dance-lessons/main"), Some("dance-lessons/eu-staging")),
            ("{env.snake:a-b}", Some("a-b"), Some("eu_staging")),
            ("v[-{env:x}].y", Some("v.y"), Some("v-eu-staging.y")),
            ("{organization}/{app}", None, None),
            ("a[{organization}/]b", Some("ab"), Some("ab")),
            ("[{root}{app}]{service}", Some("api"), Some("api")),
            (
                "[{app}-{env}-]{instance}",
                Some("dance-lessons"),
                Some("dance-lessons-eu-staging-dance-lessons"),
            ),
            (
                "{instance}.{domain}",
                Some("dance-lessons.example.org"),
                Some("dance-lessons.example.org"),
            ),
            ("", Some(""), Some("")),
        ] {
            assert_eq!(render(source, &PROD).as_deref(), elided, "{source}, elided");
            assert_eq!(render(source, &staging).as_deref(), full, "{source}");
        }
    }

    #[test]
    fn refuses_with_the_position() {
        for (source, position, problem) in [
            ("{app}-{envv}", 7, "\"envv\" is no variable"),
            ("{}", 1, "\"\" is no variable"),
            ("{ app}", 1, "\" app\" is no variable"),
            ("{App}", 1, "\"App\" is no variable"),
            ("{\u{430}pp}", 1, "\"\\u{430}pp\" is no variable"),
            ("{app.upper}", 1, "\"upper\" is no filter; the one there is is snake"),
            ("{app.snake.snake}", 1, "\"snake.snake\" is no filter; the one there is is snake"),
            ("x{app.}", 2, "\"\" is no filter; the one there is is snake"),
            ("{app:main}", 1, "app is never elided, so it has no literal for it"),
            ("{env:}", 1, "the literal for an elided env is empty"),
            ("{app", 1, "{ is never closed"),
            ("{app}}", 6, "} closes nothing"),
            ("{a{pp}", 3, "{ stands inside a variable"),
            ("[{env]", 6, "] stands inside a variable"),
            ("[-{env}", 1, "[ is never closed"),
            ("{app}]", 6, "] closes nothing"),
            ("[a[-{env}]]", 3, "[ stands inside a group"),
            ("\u{e9}[x]", 2, "the group holds no variable, so nothing can drop it"),
        ] {
            let error = Template::parse("database", source).unwrap_err();
            assert_eq!(
                error.summary,
                format!("Template of database cannot be read at character {position}"),
                "{source}"
            );
            assert!(error.detail.contains(&format!(": {problem}. ")), "{source}: {}", error.detail);
        }
    }
}
