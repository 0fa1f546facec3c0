internal import Basics
import Foundation
import Networks

/// `rules`: when to raise alerts.
package struct RuleSettings: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case activity, notFollowed, noActivity, present, absent, cameraAway
  }

  package enum Weekday: String, CaseIterable, Sendable {
    case mon, tue, wed, thu, fri, sat, sun
  }

  /// Minutes after midnight, less than 1440; a window whose end is not after its start ends on the next day.
  package struct Window: Equatable, Sendable {
    package var begin: Int
    package var end: Int

    package var minutes: Int { end > begin ? end - begin : end + 1440 - begin }
  }

  package struct Alert: Equatable, Sendable {
    package var name: String
    package var kind: Kind
    package var message: String?
    package var activities: [String]
    package var followers: [String]
    /// All enabled cameras if empty.
    package var cameras: [String]
    /// `nil` for the whole day.
    package var window: Window?
    /// All days if empty.
    package var weekdays: [Weekday]
    /// In seconds; `nil` if not set.
    package var duration: Double?
    /// In seconds.
    package var gap: Double
    /// In seconds; `nil` if not set.
    package var unwatched: Double?
    package var leavingEnds: Bool
    /// In seconds; `nil` for no reminders.
    package var repeatEvery: Double?
    /// In seconds; `nil` for never.
    package var clearAfter: Double?
  }

  /// IANA name; `nil` for the machine's time zone.
  package var timeZone: String?
  package var alerts: [Alert]

  /// - Parameters:
  ///   - table: the section.
  ///   - cameras: the enabled cameras.
  init(_ table: SettingsTable, cameras: [String]) {
    timeZone = table.text("timeZone")
    if let name = timeZone, TimeZone(identifier: name) == nil {
      let near = nearest(name, among: TimeZone.knownTimeZoneIdentifiers).map { "; did you mean \($0)?" } ?? ""
      table.refuse("timeZone", "the name of a time zone, such as Europe/Berlin\(near)")
    }
    alerts = table.namedTables("alerts").map { name, own in
      if !isIdentifier(name) {
        own.refuse("named with 1 to 64 of a-z, 0-9, _ and -")
      }
      return Alert(name, own, cameras: cameras)
    }
    table.finish()
  }
}

extension RuleSettings.Alert {
  private static let longest = 7 * 86_400.0

  fileprivate init(_ name: String, _ table: SettingsTable, cameras known: [String]) {
    self.name = name
    kind = table.choice("when", default: .activity)
    message = table.text("message")
    activities = table.texts("activities")
    followers = table.texts("by")
    cameras = table.texts("cameras")
    weekdays = table.texts("weekdays").compactMap(RuleSettings.Weekday.init)
    duration = table.duration("for", 1...Self.longest)
    gap = table.duration("gap", 0...Self.longest) ?? 15
    unwatched = table.duration("unwatched", 0...Self.longest)
    leavingEnds = table.flag("leavingEnds", default: false)
    repeatEvery = table.duration("repeatEvery", 1...Self.longest)
    clearAfter = table.duration("clearAfter", 1...Self.longest)
    window = table.window("during")
    if let outside = table.window("outside") {
      if window != nil { table.refuse("outside", "left out if `during` is set") }
      window = RuleSettings.Window(begin: outside.end, end: outside.begin)
    }
    table.finish()
    if !table.isSet("when") {
      let kinds = RuleSettings.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      table.require("when", "what raises the alert, one of \(kinds)")
    } else {
      check(table)
    }
    if table.texts("weekdays").count != weekdays.count {
      table.refuse("weekdays", "a list of mon, tue, wed, thu, fri, sat, sun")
    }
    for (key, values) in [("weekdays", table.texts("weekdays")), ("cameras", cameras)]
    where table.isSet(key) && values.isEmpty {
      table.refuse(key, "left out for all, or a list with at least one")
    }
    if Set(cameras).count < cameras.count { table.refuse("cameras", "a list that names each camera once") }
    for camera in cameras where !known.contains(camera) {
      let near = nearest(camera, among: known).map { "; did you mean \($0)?" } ?? ""
      table.refuse("cameras", "a list of configured and enabled cameras; '\(camera.prefix(64))' is not one\(near)")
    }
  }

  /// Checks what each kind requires, and what it does not use.
  private func check(_ table: SettingsTable) {
    let namesActivities = [.activity, .notFollowed, .noActivity].contains(kind)
    let isAbsence = kind == .noActivity || kind == .absent
    if namesActivities, activities.isEmpty {
      table.require("activities", "labels or families, such as [Drink]")
    }
    if kind == .notFollowed, followers.isEmpty { table.require("by", "the activities that should follow") }
    for name in followers where activities.contains(name) {
      table.refuse("by", "other activities than `activities`; '\(name.prefix(64))' is in both")
    }
    if [.notFollowed, .cameraAway].contains(kind), duration == nil {
      table.require("for", "how long, such as 60s")
    }
    if isAbsence, duration == nil, window == nil, !table.isSet("during"), !table.isSet("outside") {
      table.require("for", "how long, such as 12h; or set `during` to a window that is judged when it ends")
    }
    let unusable: [(String, Bool)] = [
      ("activities", !namesActivities), ("by", kind != .notFollowed), ("leavingEnds", kind != .notFollowed),
      ("gap", kind != .activity && kind != .present), ("unwatched", !isAbsence && kind != .notFollowed),
    ]
    for (key, isUnusable) in unusable where isUnusable && table.isSet(key) {
      table.refuse(key, "left out; it has no meaning for when: \(kind.rawValue)")
    }
    let period = isAbsence ? duration ?? window.map { Double($0.minutes * 60) } : nil
    if let unwatched, let period, unwatched >= period {
      table.refuse("unwatched", "less than the \(Int(period)) s of the period")
    }
    if let window, let duration, kind != .notFollowed, duration > Double(window.minutes * 60) {
      table.refuse("for", "at most the length of the window, \(window.minutes) minutes")
    }
  }
}

extension RuleSettings {
  /// What is wrong with the activities named by rules.
  ///
  /// If the model has families, activities have the families' names; `recognition` may disable some.
  func findings(labels: [String], families: [LabelFamily], recognition: RecognitionSettings) -> [Finding] {
    let own = labels + Set(labels.map { String($0.prefix { $0 != "." }) }).subtracting(labels).sorted()
    let known = families.isEmpty ? own : families.map(\.name) + [LabelFamily.other]
    return alerts.flatMap { alert in
      [("activities", alert.activities), ("by", alert.followers)].flatMap { key, names in
        names.compactMap { name in
          reason(name, known, families, recognition).map {
            Finding(text: "rules.alerts.\(alert.name).\(key): '\(name.prefix(100))' \($0)")
          }
        }
      }
    }
  }

  /// Why an activity of this name never occurs; `nil` if it may.
  private func reason(
    _ name: String, _ known: [String], _ families: [LabelFamily], _ recognition: RecognitionSettings
  ) -> String? {
    if let family = families.first(where: { $0.labels.contains(name) && $0.name != name })?.name {
      return "is part of a family; use \(family)"
    }
    guard known.contains(name) else {
      let near = near(name, among: known)
      return "is not an activity of the model" + (families.isEmpty ? "" : ", which has families")
        + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?")
    }
    if recognition.activities[name]?.isEnabled == false {
      return "is never recognised; remove recognition.activities.\(name).enabled"
    }
    switch ReservedLabel(label: name) {
    case nil: return nil
    case .other: return recognition.opensOther ? nil : "is never recognised; set recognition.other"
    default: return "is never recognised: it means that no activity is going on"
    }
  }
}
