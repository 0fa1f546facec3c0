import Networks
import Settings
import Testing

private func parse(_ rules: String) throws(SettingsError) -> DaemonSettings {
  try DaemonSettings.parse(
    "model: {path: m}\ncameras:\n  - {name: room, source: synthetic:1}\n  - {name: attic, source: a, enabled: false}\n"
      + "rules: \(rules)\n", path: "adld.yaml", hostName: "h")
}

private func parse(alert: String) throws(SettingsError) -> RuleSettings.Alert? {
  try parse("{alerts: {a: {\(alert)}}}").rules.alerts.first
}

@Suite struct `Rules in settings` {
  @Test func `rules in settings are read with their defaults`() throws {
    let alert = try #require(try parse(alert: "when: activity, activities: Lie"))
    #expect(alert.name == "a" && alert.kind == .activity && alert.activities == ["Lie"])
    #expect(alert.duration == nil && alert.gap == 15 && alert.unwatched == nil && alert.message == nil)
    #expect(alert.cameras.isEmpty && alert.weekdays.isEmpty && alert.window == nil && !alert.leavingEnds)
    #expect(try parse("{timeZone: Etc/UTC}").rules.timeZone == "Etc/UTC")
    #expect(try parse("{timeZone: Europe/Berlin}").rules == parse("{timeZone: Europe/Berlin, alerts: {}}").rules)
  }

  @Test(arguments: [("90", 90.0), ("90s", 90), ("1.5m", 90), ("12h", 43_200), ("2d", 172_800)])
  func `rules in settings take durations with and without a unit`(text: String, seconds: Double) throws {
    #expect(try parse(alert: "when: cameraAway, for: \(text)")?.duration == seconds)
  }

  @Test(arguments: ["when: absent, for: 5m, unwatched: 5m", "when: absent, during: 07:00-07:05, unwatched: 1h"])
  func `rules in settings refuse to tolerate that nobody watched at all`(alert: String) {
    let error = #expect(throws: SettingsError.self) { try parse(alert: alert) }
    #expect(error?.findings.first?.text.hasSuffix("is refused; it must be less than the 300 s of the period") == true)
  }

  @Test(arguments: [
    ("during: 07:00-13:00", 420, 780), ("during: 22:00-06:00", 1320, 360), ("outside: 22:00-06:00", 360, 1320),
    ("during: 18:00-24:00", 1080, 0), ("outside: 7:30-8:00", 480, 450),
  ])
  func `rules in settings take windows of the day up to nearly the whole day`(text: String, begin: Int, end: Int) throws
  {
    let window = try parse(alert: "when: present, \(text)")?.window
    #expect(window?.begin == begin && window?.end == end)
  }

  @Test(arguments: [
    ("cameras: []", "cameras is refused; it must be left out for all, or a list with at least one"),
    ("for: 10x", "for: '10x' is refused; it must be a duration such as 90, 60s, 10m or 12h, from 1 s to 7 days"),
    ("for: -5", "for: '-5' is refused; it must be a duration such as 90, 60s, 10m or 12h, from 1 s to 7 days"),
    ("for: nan", "for: 'nan' is refused; it must be a duration such as 90, 60s, 10m or 12h, from 1 s to 7 days"),
    ("for: 8d", "for: '8d' is refused; it must be a duration such as 90, 60s, 10m or 12h, from 1 s to 7 days"),
    (
      "during: 7-13",
      "during: '7-13' is refused; it must be two different times of day such as 07:00-13:00, or 22:00-06:00 across midnight"
    ),
    (
      "during: 07:00-25:00",
      "during: '07:00-25:00' is refused; it must be two different times of day such as 07:00-13:00, or 22:00-06:00 across "
        + "midnight"
    ),
    (
      "outside: 00:00-24:00",
      "outside: '00:00-24:00' is refused; it must be two different times of day such as 07:00-13:00, or 22:00-06:00 "
        + "across midnight"
    ),
    (
      "during: 07:00-08:00, outside: 09:00-10:00",
      "outside: '09:00-10:00' is refused; it must be left out if `during` is set"
    ),
    ("weekdays: [monday]", "weekdays is refused; it must be a list of mon, tue, wed, thu, fri, sat, sun"),
    (
      "cameras: [rom]",
      "cameras is refused; it must be a list of configured and enabled cameras; 'rom' is not one; did you mean room?"
    ),
    (
      "cameras: [attic]",
      "cameras is refused; it must be a list of configured and enabled cameras; 'attic' is not one"
    ),
    ("cameras: [room, room]", "cameras is refused; it must be a list that names each camera once"),
    ("activities: [Lie]", "activities is refused; it must be left out; it has no meaning for when: present"),
    ("unwatched: 5m", "unwatched: '5m' is refused; it must be left out; it has no meaning for when: present"),
    ("during: 07:00-08:00, for: 2h", "for: '2h' is refused; it must be at most the length of the window, 60 minutes"),
    ("repeat: 5m", "repeat is not a setting"),
  ])
  func `invalid rules in settings are refused with name, reason and what is allowed`(more: String, expected: String) {
    let error = #expect(throws: SettingsError.self) { try parse(alert: "when: present, \(more)") }
    #expect(error?.findings.map(\.text) == ["rules.alerts.a.\(expected)"])
  }

  @Test(arguments: [
    (
      "for: 1m",
      "when is missing: what raises the alert, one of activity, notFollowed, noActivity, present, absent, cameraAway"
    ),
    ("when: activity", "activities is missing: labels or families, such as [Drink]"),
    ("when: notFollowed, activities: [Fall], for: 1m", "by is missing: the activities that should follow"),
    (
      "when: notFollowed, activities: [Fall], by: [Fall], for: 1m",
      "by is refused; it must be other activities than `activities`; 'Fall' is in both"
    ),
    ("when: cameraAway", "for is missing: how long, such as 60s"),
    ("when: absent", "for is missing: how long, such as 12h; or set `during` to a window that is judged when it ends"),
    (
      "when: lost",
      "when: 'lost' is refused; it must be one of activity, notFollowed, noActivity, present, absent, cameraAway"
    ),
  ])
  func `rules in settings say what is missing`(alert: String, expected: String) {
    let error = #expect(throws: SettingsError.self) { try parse(alert: alert) }
    #expect(error?.findings.first?.text == "rules.alerts.a.\(expected)")
  }

  @Test func `rules in settings refuse names unfit for topics, unknown zones, and reserved camera names`() {
    func texts(_ rules: String) -> [String] {
      do {
        _ = try parse(rules)
        return []
      } catch {
        return error.findings.map(\.text)
      }
    }
    #expect(
      texts("{alerts: {No Meal: {when: present}}}") == [
        "rules.alerts.No Meal is refused; it must be named with 1 to 64 of a-z, 0-9, _ and -"
      ])
    #expect(
      texts("{timeZone: Europe/Berln}") == [
        "rules.timeZone: 'Europe/Berln' is refused; it must be the name of a time zone, such as Europe/Berlin; "
          + "did you mean Europe/Berlin?"
      ])
    let error = #expect(throws: SettingsError.self) {
      try DaemonSettings.parse(
        "model: {path: m}\ncameras:\n  - {name: _rules, source: a}\n", path: "f", hostName: "h")
    }
    #expect(
      error?.findings.map(\.text) == [
        "cameras is refused; it must be a list of cameras with other names; '_rules' is reserved for the daemon"
      ])
  }

  @Test func `rules in settings are checked against the model's labels and families`() throws {
    let settings = try parse(
      "{alerts: {a: {when: notFollowed, activities: [Drnk], by: [Sit, Drink.Fromcup], for: 1m}}}\n"
        + "recognition: {activities: {Sit: {enabled: false}}}")
    let labels = ["Drink.Fromcup", "Drink.Fromcan", "Sit"]
    var error = #expect(throws: SettingsError.self) { try settings.check(againstLabels: labels, path: "f") }
    #expect(
      error?.findings.map(\.text) == [
        "rules.alerts.a.activities: 'Drnk' is not an activity of the model; did you mean Drink?",
        "rules.alerts.a.by: 'Sit' is never recognised; remove recognition.activities.Sit.enabled",
      ])

    let families = [LabelFamily(name: "Drinking", labels: ["Drink.Fromcup"])]
    let other = try parse("{alerts: {a: {when: activity, activities: [Drink.Fromcup, Drinkin, other]}}}")
    error = #expect(throws: SettingsError.self) {
      try other.check(againstLabels: labels, families: families, path: "f")
    }
    #expect(
      error?.findings.map(\.text) == [
        "rules.alerts.a.activities: 'Drink.Fromcup' is part of a family; use Drinking",
        "rules.alerts.a.activities: 'Drinkin' is not an activity of the model, which has families; did you mean Drinking?",
        "rules.alerts.a.activities: 'other' is never recognised; set recognition.other",
      ])
    let good = try parse("{alerts: {a: {when: activity, activities: [Drink, Sit]}}}")
    try good.check(againstLabels: labels, path: "f")

    let idle = try parse("{alerts: {a: {when: noActivity, activities: [idle, Other], for: 1m}}}")
    error = #expect(throws: SettingsError.self) {
      try idle.check(againstLabels: ["Sit", "idle", "Other"], path: "f")
    }
    #expect(
      error?.findings.map(\.text) == [
        "rules.alerts.a.activities: 'idle' is never recognised: it means that no activity is going on",
        "rules.alerts.a.activities: 'Other' is never recognised; set recognition.other",
      ])
  }
}
