package import Foundation
package import Rules
package import Settings

extension Rule {
  /// A rule from the settings.
  ///
  /// - Parameters:
  ///   - settings: already validated.
  ///   - cameras: all enabled cameras, for rules that name none.
  ///   - zone: the time zone of times of day and weekdays.
  package init(_ settings: RuleSettings.Alert, cameras: [String], zone: TimeZone) {
    self.init(
      name: settings.name, kind: Kind(settings.kind), cameras: settings.cameras.isEmpty ? cameras : settings.cameras)
    activities = settings.activities
    followers = settings.followers
    schedule = Schedule(settings, zone)
    duration = settings.duration.map { .seconds($0) }
    gap = .seconds(settings.gap)
    unwatched = settings.unwatched.map { .seconds($0) }
    leavingEnds = settings.leavingEnds
    message = settings.message
    repeatEvery = settings.repeatEvery.map { .seconds($0) }
    clearAfter = settings.clearAfter.map { .seconds($0) }
  }
}

extension Rule.Kind {
  init(_ kind: RuleSettings.Kind) {
    self =
      switch kind {
      case .activity: .activity
      case .notFollowed: .notFollowed
      case .noActivity: .noActivity
      case .present: .present
      case .absent: .absent
      case .cameraAway: .cameraAway
      }
  }
}

extension Schedule {
  /// `nil` if the rule always applies.
  init?(_ settings: RuleSettings.Alert, _ zone: TimeZone) {
    let days = Set(settings.weekdays.map(Weekday.init))
    guard settings.window != nil || !(days.isEmpty || days.count == Weekday.allCases.count) else { return nil }
    self.init(
      begin: settings.window?.begin ?? 0, end: settings.window?.end ?? 0,
      weekdays: days.isEmpty ? Set(Weekday.allCases) : days, zone: zone)
  }
}

extension Schedule.Weekday {
  init(_ day: RuleSettings.Weekday) {
    self =
      switch day {
      case .mon: .mon
      case .tue: .tue
      case .wed: .wed
      case .thu: .thu
      case .fri: .fri
      case .sat: .sat
      case .sun: .sun
      }
  }
}

extension RuleSettings {
  /// The time zone for times of day: the one in the settings, or the machine's.
  package var zone: TimeZone { timeZone.flatMap { TimeZone(identifier: $0) } ?? .current }
}
