import Alerts
import ArgumentParser
import Basics
import Events
import Foundation
import Rules
import Settings

/// The command `adl rules`: what alerts rules would have raised on recorded messages.
struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules",
    abstract: "Try rules on recorded events.",
    discussion: """
      Runs the rules of an adld.yaml over events that `adl watch --json` printed, as the daemon would have at the time: shows \
      what it would have raised and cleared, and where too little was watched to decide. Alerts that the daemon itself \
      published are ignored. So you can try a changed rule on yesterday's events before the daemon uses it.

      Times are in rules.timeZone. With --json each line is an alert as the daemon publishes it, without the fields that \
      the publisher adds, or {"undecided": …}.

      Examples:
        adl watch --json >>events.jsonl
        adl rules events.jsonl --config /etc/adl/adld.yaml
      """)

  @Argument(help: ArgumentHelp("Output of `adl watch --json`.", valueName: "events.jsonl"))
  var events: String

  @Option(help: ArgumentHelp("The settings file with the rules.", valueName: "file"))
  var config = "/etc/adl/adld.yaml"

  @Flag(help: "One JSON object per line.")
  var json = false

  func run() throws {
    try reporting { try replay() }
  }

  private func replay() throws {
    let settings = try DaemonSettings.load(path: config, hostName: ProcessInfo.processInfo.hostName)
    guard !settings.rules.alerts.isEmpty else {
      throw stopped("\(config) has no rules; set rules.alerts", ExitStatus.data)
    }
    let recording = try wholeFile(events)
    var rules = RecordedRules(settings)
    let printer = AlertPrinter(json: json, zone: settings.rules.zone)
    for line in recording.split(separator: UInt8(ascii: "\n")) {
      printer.show(rules.read(String(decoding: line, as: UTF8.self)))
    }
    guard let period = rules.period else {
      throw stopped("\(events) contains no messages as printed by `adl watch --json`", ExitStatus.data)
    }
    if !json { printer.end(rules.count, period, rules.raised) }
    for doubt in rules.doubts { warn("\(events): \(doubt)") }
  }
}

/// Prints the alerts of a recording, with their own times.
private struct AlertPrinter {
  let json: Bool
  let zone: TimeZone

  func show(_ outcome: RuleWatch.Outcome) {
    for window in outcome.undecided {
      put(json ? text(Undecided(undecided: window)) : "\(time(window.at))  no alert  \(window.rule)  \(window.reason)")
    }
    for said in outcome.alerts { put(json ? text(said.alert) : "\(time(said.at))  \(line(said.alert))") }
  }

  func end(_ count: Int, _ period: ClosedRange<Date>, _ raised: [AlertEvent]) {
    let names = raised.map(\.rule).joined(separator: ", ")
    put(
      "\(count) messages from \(time(period.lowerBound)) to \(time(period.upperBound))"
        + (names.isEmpty ? "" : "; raised at the end: \(names)"))
  }

  private func line(_ alert: AlertEvent) -> String {
    let whose = alert.person.map { " person \($0.id)" } ?? ""
    let name = "\(alert.rule)  \(alert.cameras.joined(separator: ", "))\(whose)"
    let why = (alert.message.map { "\($0): " } ?? "") + alert.reason
    return switch alert.type {
    case .raised: "raised    \(name)  \(why)"
    case .reminder: "reminder  \(name)  raised \(time(alert.raised))"
    case .cleared: "cleared   \(name)  \(alert.clearReason ?? "") after \(Duration.seconds(alert.duration ?? 0).words)"
    }
  }

  private struct Undecided: Encodable {
    var undecided: RuleWatch.Undecided
  }

  private func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("our own messages can always be encoded: \(error)")
    }
  }

  private func time(_ instant: Instant) -> String { EventClock.date(instant.time).map(time) ?? instant.time }

  private func time(_ date: Date) -> String {
    date.formatted(
      .verbatim(
        "\(year: .padded(4))-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
        timeZone: zone, calendar: Calendar(identifier: .gregorian)))
  }
}
