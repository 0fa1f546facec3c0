extension [RecognizedActivity] {
  /// SubRip subtitles: one cue per activity, so cues of several people overlap.
  ///
  /// Cues are numbered from 1 in order of their starts and last at least one millisecond.
  package func subtitles() -> String {
    enumerated().map { index, activity in
      let start = milliseconds(activity.start)
      let end = Swift.max(milliseconds(activity.end), start + 1)
      return "\(index + 1)\n\(clock(start)) --> \(clock(end))\n\(words(activity))\n\n"
    }.joined()
  }

  private func words(_ activity: RecognizedActivity) -> String {
    let share = Int((activity.confidence * 100).rounded())
    let label = activity.label.split(whereSeparator: \.isNewline).joined(separator: " ").replacing("-->", with: "→")
    return (activity.person.map { "Person \($0): " } ?? "") + "\(label) (\(share) %)"
  }

  /// HH:MM:SS,mmm.
  private func clock(_ milliseconds: Int) -> String {
    func padded(_ value: Int, _ digits: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
    }
    let seconds = milliseconds / 1000
    return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)),"
      + padded(milliseconds % 1000, 3)
  }
}
