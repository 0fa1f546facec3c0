import ArgumentParser
import Events
import Foundation
import History

/// The command `adl history`: what was recognised, from the daemon's history.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show what was recognised in the last 24 hours, or in any other period.",
    discussion: """
      Asks the daemon; with --database it reads the daemon's file, even while the daemon is down. Each row is an activity, \
      the visit of a person who has left, or a message about a camera's health. What still goes on has no end.

      A time is an age (90m, 2h, 3d), a day (today, yesterday, 2026-10-01), a local time of today (07:30) or of a day \
      ("2026-10-01 07:30"), or RFC 3339.
      """)

  @Option(
    help: ArgumentHelp("Show messages after this time (default: 24h, with --summary 7d).", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Show messages up to this time.", valueName: "time"))
  var until: String?

  @Option(help: "Show one day: today, yesterday or a date such as 2026-10-01.")
  var day: String?

  @Option(help: "Show only this camera.")
  var camera: String?

  @Option(help: "Show only this activity.")
  var label: String?

  @Flag(help: "Count activities and their minutes per day.")
  var summary = false

  @Flag(help: "One JSON object per line: {\"topic\": …, \"message\": …}.")
  var json = false

  @Option(help: "Where the daemon answers queries: its events.query. Default: \(Self.defaultQuery).")
  var query: String?

  private static let defaultQuery = "ipc:///run/adl/query.sock"

  @Option(help: ArgumentHelp("Read this file, the daemon's history.path, instead of asking.", valueName: "file"))
  var database: String?

  func validate() throws {
    if summary, json { throw ValidationError("--summary is for people; omit --json") }
    if query != nil, database != nil { throw ValidationError("--database reads a file; omit --query") }
    if day != nil, since != nil || until != nil { throw ValidationError("--day replaces --since and --until") }
    let range = try range(HistoryTime())
    guard range.until.map({ $0 > range.since }) ?? true else {
      throw ValidationError(
        "--until is not after --since\(since == nil ? ", which is \(summary ? "7d" : "24h") by default" : "")")
    }
  }

  func run() throws {
    try reporting {
      do {
        try show(HistoryTime())
      } catch let error as EventError {
        throw stopped("\(error); --database FILE reads the file of a stopped daemon", ExitStatus.unavailable)
      } catch let error as HistoryError {
        throw stopped("\(error)", ExitStatus.data)
      }
    }
  }

  /// The requested period.
  private func range(_ time: HistoryTime) throws -> (since: Date, until: Date?) {
    if let day {
      guard let span = time.day(day) else { throw unreadable("--day", day) }
      return span
    }
    func read(_ name: String, _ text: String) throws -> Date {
      guard let date = time.date(text) else { throw unreadable(name, text) }
      return date
    }
    return (try read("--since", since ?? (summary ? "7d" : "24h")), try until.map { try read("--until", $0) })
  }

  private func unreadable(_ option: String, _ text: String) -> ValidationError {
    ValidationError("\(option) is '\(text)'; use a time such as 2h, yesterday, 07:30 or 2026-10-01")
  }

  private func show(_ time: HistoryTime) throws {
    let range = try range(time)
    var request = HistoryRequest()
    (request.since, request.until, request.camera, request.label) = (range.since, range.until, camera, label)
    if json {
      try pages(request) { put(#"{"topic":"\#($0.topic)","message":\#($0.json)}"#) }
      return
    }
    if summary { request.type = "activity" }
    var table = HistoryTable()
    try pages(request) { table.take($0.json) }
    if summary {
      put(table.summary(from: range.since, to: range.until ?? time.now))
    } else {
      put(table.text(goesOn: range.until.map { $0 >= time.now } ?? true))
    }
  }

  /// Every requested message, one page at a time, oldest first.
  private func pages(_ request: HistoryRequest, _ each: (HistoryPage.Entry) throws -> Void) throws {
    var request = request
    let reader = try database.map { try HistoryReader(path: $0) }
    while true {
      let page =
        try reader?.page(request)
        ?? EventQuery.history(request, at: query ?? Self.defaultQuery, timeout: .seconds(10))
      for entry in page.messages { try each(entry) }
      guard let next = page.next else { return }
      request.next = next
    }
  }
}
