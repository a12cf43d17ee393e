// SPDX-License-Identifier: MPL-2.0
//! What the clock asks for, where that may be.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;

use super::gating::{self, Intent, Start};
use super::model::Model;
use super::{report, times};
use crate::configured::Configured;
use crate::guard::{self, Answer, Phase};
use crate::secrets::Site;

/// What the clock alone asks for.
#[derive(Clone, Copy)]
pub struct Asked {
    /// Another value is due.
    pub rotation: bool,
    /// The time of the value before is over.
    pub end_of_grace: bool,
    /// Both are over.
    pub overdue: bool,
}

/// Judges a change, with what the clock asks for where that may be; whether it may.
pub fn judge(
    configured: &Configured,
    cx: &mut Context,
    site: &Site,
    start: &Start<'_>,
    planned: &Model,
    intent: Intent,
    asked: Asked,
) -> Result<bool, Errors> {
    let phase = Phase::Plan;
    if intent.writes || !(asked.rotation || asked.end_of_grace) {
        // A value that is written ends the grace of the one before.
        gating::judge(configured, cx, site, start, Some(planned), intent, phase)?;
        return Ok(true);
    }
    let with = Intent {
        writes: asked.rotation,
        ends_grace: !asked.rotation,
        mends: intent.mends && !asked.rotation,
        ..intent
    };
    let told = match gating::asks(configured, cx, site, start, planned, with, asked.overdue)? {
        Answer::Passes(_) => {
            guard::holds_the_floor(configured, &site.place.coordinate, &start.standing)?;
            return Ok(true);
        }
        Answer::Refused(told) => told,
        // The plan that it was approved for says that it is done.
        Answer::Lapsed(told) => return Err(report::approval_over(&told)),
    };
    gating::judge(configured, cx, site, start, Some(planned), intent, phase)?;
    let rotates_at =
        start.record.and_then(|record| times::rotates_at(planned, &record.time).known().cloned());
    let rotates_at = rotates_at.unwrap_or_default();
    if asked.rotation && asked.overdue {
        return Err(report::rotation_overdue(&rotates_at, &told));
    }
    cx.warnings.push(if asked.rotation {
        report::rotation_waits(&rotates_at, &told)
    } else {
        report::grace_waits(&told)
    });
    Ok(false)
}
