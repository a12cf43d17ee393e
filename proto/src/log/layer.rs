// SPDX-License-Identifier: MPL-2.0
//! Turns events, and the spans they happen in, into lines.

use std::fmt::Debug;
use std::io::{self, Write as _};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::line::{Fields, Value, render};

/// The numbers that every reader of JSON takes exactly.
const EXACT: u64 = 1 << 53;

/// Writes each event as one line.
pub(super) struct JsonLines {
    clock: fn() -> Timestamp,
    write: fn(&str),
}

/// The fields of an event or a span, and the message among them.
#[derive(Debug, Default)]
struct Collected {
    message: String,
    fields: Fields,
}

// === impl JsonLines ===

impl JsonLines {
    pub(super) fn to_stderr() -> Self {
        #[allow(clippy::disallowed_methods, reason = "the clock of log lines")]
        Self {
            clock: Timestamp::now,
            // One write a line, under the lock; a log that nobody reads is no reason to fail.
            write: |line| drop(io::stderr().lock().write_all(line.as_bytes())),
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut collected = Collected::default();
            attributes.record(&mut collected);
            span.extensions_mut().insert(collected);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(collected) = span.extensions_mut().get_mut::<Collected>()
        {
            values.record(collected);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut collected = Collected::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Collected>() {
                for (key, value) in &outer.fields {
                    collected.fields.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        event.record(&mut collected);
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        let module = event.metadata().target().replace("::", ".");
        let timestamp = format!("{:.6}", (self.clock)());
        let Collected { message, fields } = collected;
        (self.write)(&render(level, &module, &timestamp, &message, &fields));
    }
}

// === impl Collected ===

impl Collected {
    fn text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name().to_owned(), Value::Text(text));
        }
    }

    fn plain(&mut self, field: &Field, text: String, exact: bool) {
        if exact && field.name() != "message" {
            self.fields.insert(field.name().to_owned(), Value::Plain(text));
        } else {
            self.text(field, text);
        }
    }
}

impl Visit for Collected {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value.to_string(), value.unsigned_abs() <= EXACT);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value.to_string(), value <= EXACT);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value.to_string(), true);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::RefCell;

    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn lines(during: impl FnOnce()) -> Vec<serde_json::Value> {
        let layer = JsonLines {
            clock: || Timestamp::from_microsecond(1_767_323_045_000_000).unwrap(),
            write: |line| LINES.with_borrow_mut(|lines| lines.push(line.to_owned())),
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), during);
        LINES.take().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn an_event_brings_its_fields_and_those_of_its_spans() {
        let written = lines(|| {
            let outer = tracing::info_span!(
                "call",
                rpc = "ReadResource",
                tries = 1,
                late = tracing::field::Empty
            );
            outer.record("late", "yes");
            let _outer = outer.entered();
            let _inner = tracing::info_span!("query", tries = 2).entered();
            tracing::warn!(target: "appenv::facet", tries = 3, ok = true, size = u64::MAX, half = 0.5, "{} words", 2);
        });
        assert_eq!(
            written,
            [json!({
                "@level": "warn", "@message": "2 words", "@module": "appenv.facet",
                "@timestamp": "2026-01-02T03:04:05.000000Z",
                "rpc": "ReadResource", "late": "yes", "tries": 3, "ok": true,
                "size": "18446744073709551615", "half": "0.5",
            })]
        );
    }

    #[test]
    fn the_message_is_a_string_whatever_it_was() {
        let written = lines(|| {
            tracing::error!(message = 7);
            tracing::trace!(message = true, "@message" = 1, "@level" = false);
        });
        assert_eq!(
            (&written[0]["@message"], &written[0]["@level"]),
            (&json!("7"), &json!("error"))
        );
        assert_eq!(
            (&written[1]["@message"], &written[1]["@level"]),
            (&json!("true"), &json!("trace"))
        );
        assert_eq!(written[1]["_@message"], 1);
    }
}
