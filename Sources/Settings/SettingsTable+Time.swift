extension SettingsTable {
  /// Seconds, written as `90`, `60s`, `10m`, `12h` or `2d`.
  func duration(_ key: String, _ range: ClosedRange<Double>) -> Double? {
    guard let text = text(key) else { return nil }
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let unit = text.last.flatMap { units[$0] }
    let number = unit == nil ? Substring(text) : text.dropLast()
    guard number.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: ".") }),
      let value = Double(number).map({ $0 * (unit ?? 1) }), range.contains(value)
    else {
      let (least, most) = (Int(range.lowerBound), Int(range.upperBound / 86_400))
      refuse(key, "a duration such as 90, 60s, 10m or 12h, from \(least) s to \(most) days")
      return nil
    }
    return value
  }

  /// A time window of the day, written as `07:00-13:00`.
  func window(_ key: String) -> RuleSettings.Window? {
    guard let text = text(key) else { return nil }
    let times = text.split(separator: "-", omittingEmptySubsequences: false).map(minutes)
    guard times.count == 2, let begin = times[0], let end = times[1], begin < 1440, begin != end % 1440 else {
      refuse(key, "two different times of day such as 07:00-13:00, or 22:00-06:00 across midnight")
      return nil
    }
    return RuleSettings.Window(begin: begin, end: end % 1440)
  }

  /// Minutes after midnight, up to 24:00.
  private func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
      parts.joined().utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1440
    else { return nil }
    return hour * 60 + minute
  }
}
