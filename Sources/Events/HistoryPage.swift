import Foundation

/// One page of a history.
package struct HistoryPage: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var topic: String
    /// The message's JSON text.
    package var json: String

    package init(topic: String, json: String) {
      self.topic = topic
      self.json = json
    }
  }

  package var messages: [Entry]
  /// Where the next page begins; `nil` when this is the last.
  package var next: HistoryPosition?

  package init(messages: [Entry] = [], next: HistoryPosition? = nil) {
    self.messages = messages
    self.next = next
  }

  /// Takes a message, unless the page is full: then says where the next one begins.
  ///
  /// - Parameters:
  ///   - entry: the next message in the order that was asked for.
  ///   - position: its own.
  ///   - filling: how far the page is filled.
  ///   - request: what was asked for.
  /// - Returns: false when the page is full.
  package mutating func take(
    _ entry: Entry, at position: HistoryPosition, _ filling: inout Filling, _ request: HistoryRequest
  ) -> Bool {
    guard messages.count < request.limit, filling.bytes < HistoryRequest.pageBytes else {
      next = filling.last
      return false
    }
    messages.append(entry)
    filling.bytes += entry.json.utf8.count + entry.topic.utf8.count
    filling.last = position
    return true
  }

  /// How far a page is filled.
  package struct Filling {
    var bytes = 0
    var last: HistoryPosition?

    package init() {}
  }

  /// The answer to a query; messages are put in as they are stored.
  func json(epoch: String, node: String) -> [UInt8] {
    let messages = messages.map { #"{"message":\#($0.json),"topic":"\#($0.topic)"}"# }.joined(separator: ",")
    let next = next.map { #","next":"\#($0)""# } ?? ""
    return Array(#"{"epoch":"\#(epoch)","messages":[\#(messages)]\#(next),"node":"\#(node)"}"#.utf8)
  }

  /// Reads an answer.
  ///
  /// - Throws: `HistoryFailure` with the daemon's own reason, or when it is no answer.
  init(answer: Data) throws(HistoryFailure) {
    let answer = JSONSlice(Array(answer)[...]).members
    if let error = answer["error"] { throw HistoryFailure(Self.string(error)) }
    guard let messages = answer["messages"] else { throw HistoryFailure("this is no answer of adld") }
    self.messages = messages.elements.compactMap { entry in
      let entry = entry.members
      guard let topic = entry["topic"], let message = entry["message"] else { return nil }
      return Entry(topic: Self.string(topic), json: message.text)
    }
    next = answer["next"].flatMap { HistoryPosition(Self.string($0)) }
  }

  /// A JSON string without its quotes; as it is written where it is none.
  private static func string(_ slice: JSONSlice) -> String {
    do {
      return try JSONDecoder().decode(String.self, from: Data(slice.bytes))
    } catch {
      return slice.text
    }
  }
}

extension EventQuery {
  /// Asks a daemon for one page of its history.
  ///
  /// - Parameters:
  ///   - request: which messages.
  ///   - endpoint: where the daemon answers.
  ///   - timeout: how long to wait.
  /// - Returns: the page.
  /// - Throws: `EventError.unanswered` when the time is over, `.refused` when the daemon says why not.
  package static func history(
    _ request: HistoryRequest, at endpoint: String, timeout: Duration
  ) throws(EventError) -> HistoryPage {
    let answer = try ask(request.text, at: endpoint, timeout: timeout)
    do throws(HistoryFailure) {
      return try HistoryPage(answer: answer)
    } catch {
      throw .refused(endpoint: endpoint, reason: error.reason)
    }
  }
}
