// Explains alerts to people.

extension Rule {
  /// Why an alert is raised; `activity` is the observed activity, if any.
  func reason(activity: String? = nil, unwatched: Duration) -> String {
    let time = duration.flatMap { $0 > .zero ? " for \($0.words)" : nil } ?? ""
    let text =
      switch kind {
      case .activity: (activity ?? "") + time + when
      case .notFollowed: "\(activity ?? ""), and no \(followers.alternatives)\(time)"
      case .noActivity: "no \(activities.alternatives)" + time + when
      case .present: (time.isEmpty ? "somebody is there" : "somebody has been there\(time)") + when
      case .absent: "nobody was seen" + time + when
      case .cameraAway: "the camera has been away\(time)"
      }
    return unwatched >= .seconds(1) ? "\(text); not watched for \(unwatched.words) of it" : text
  }

  /// Why a window cannot be judged.
  func undecided(unwatched: Duration) -> String {
    let what = kind == .absent ? "nobody was seen" : "no \(activities.alternatives) was seen"
    return "\(what)\(when), but it was not watched for \(unwatched.words) of it"
  }

  private var when: String {
    guard let schedule, !schedule.isWholeDay else { return "" }
    return " between \(clock(schedule.begin)) and \(clock(schedule.end))"
  }

  private func clock(_ minutes: Int) -> String { twoDigits(minutes / 60) + ":" + twoDigits(minutes % 60) }
  private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension [String] {
  fileprivate var alternatives: String {
    guard count > 1, let last else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " or " + last
  }
}

extension Duration {
  /// For example `12 h`, `1 h 30 min`, `60 s`; rounded to seconds.
  package var words: String {
    let seconds = Int((self / .seconds(1)).rounded())
    guard seconds >= 120 else { return "\(seconds) s" }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
    return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }
}
