package import Foundation

/// Why history cannot be returned, worded for whoever asked.
package struct HistoryFailure: Error, Equatable, Sendable {
  package var reason: String

  package init(_ reason: String) { self.reason = reason }
}

/// A position between two messages of the history, where the next page starts.
package struct HistoryPosition: Equatable, Sendable, CustomStringConvertible {
  /// When the last message on the page was sent, in milliseconds since 1970.
  package var time: Int64
  /// Distinguishes messages within a millisecond.
  package var number: Int64

  package init(time: Int64, number: Int64) {
    self.time = time
    self.number = number
  }

  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
    guard parts.count == 2, let time = parts[0], let number = parts[1] else { return nil }
    self.init(time: time, number: number)
  }

  package var description: String { "\(time)-\(number)" }
}

/// Which messages of the kinds `event` and `health` to return, one page at a time.
package struct HistoryRequest: Equatable, Sendable {
  package static let mostMessages = 10_000
  /// A page ends with the message that brings it to this many bytes, whatever its limit.
  package static let pageBytes = 900_000

  /// Only messages sent later.
  package var since: Date?
  /// Only messages sent up to this time.
  package var until: Date?
  package var camera: String?
  /// A type such as `activity.end`, or the part before the dot, such as `activity`.
  package var type: String?
  package var label: String?
  /// Messages per page, 1 to `mostMessages`.
  package var limit = 1000
  package var newestFirst = false
  /// Where to continue: `next` from the previous page.
  package var next: HistoryPosition?

  package init() {}

  init(_ text: QueryText) throws(HistoryFailure) {
    since = try text.since.map { text throws(HistoryFailure) in try Self.date(text, "since") }
    until = try text.until.map { text throws(HistoryFailure) in try Self.date(text, "until") }
    (camera, type, label) = (text.camera, text.type, text.label)
    limit = text.limit ?? limit
    guard (1...Self.mostMessages).contains(limit) else {
      throw HistoryFailure("limit is \(limit); use a whole number from 1 to \(Self.mostMessages)")
    }
    switch text.order {
    case nil, "oldest": newestFirst = false
    case "newest": newestFirst = true
    case .some(let order): throw HistoryFailure("order is '\(order.prefix(64))'; use oldest or newest")
    }
    if let text = text.next {
      guard let position = HistoryPosition(text) else {
        throw HistoryFailure("next is '\(text.prefix(64))'; use next from the previous answer")
      }
      next = position
    }
  }

  static func date(_ text: String, _ name: String) throws(HistoryFailure) -> Date {
    guard let date = EventClock.date(text) else {
      throw HistoryFailure(
        "\(name) is '\(text.prefix(64))'; use a time such as 2026-10-01T07:31:04Z or 2026-10-01T09:31:04.120+02:00")
    }
    return date
  }

  /// The request as JSON text, for `EventQuery`.
  package var text: String {
    let text = QueryText(
      query: "history", since: since.map { EventClock.text($0) }, until: until.map { EventClock.text($0) },
      camera: camera, type: type, label: label, limit: limit, order: newestFirst ? "newest" : "oldest",
      next: next?.description)
    do {
      return String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    } catch {
      preconditionFailure("our own requests can always be encoded: \(error)")
    }
  }
}

/// A query as received; all fields but `query` belong to `history`.
struct QueryText: Codable {
  var query: String
  var since: String?
  var until: String?
  var camera: String?
  var type: String?
  var label: String?
  var limit: Int?
  var order: String?
  var next: String?

  /// True for the form that the first version of the daemon understood: nothing but `since`.
  var isPlain: Bool { [until, camera, type, label, order, next].allSatisfy { $0 == nil } && limit == nil }
}
