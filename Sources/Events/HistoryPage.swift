import Foundation

/// One page of history.
package struct HistoryPage: Equatable, Sendable {
  /// A message with its topic.
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
  /// Where the next page starts; `nil` if this is the last one.
  package var next: HistoryPosition?

  package init(messages: [Entry] = [], next: HistoryPosition? = nil) {
    self.messages = messages
    self.next = next
  }

  /// Adds a message; if the page is full, records where the next one starts instead.
  ///
  /// - Parameters:
  ///   - entry: the next message in the requested order.
  ///   - position: the message's position.
  ///   - filling: how full the page is.
  ///   - request: what was requested.
  /// - Returns: false if the page is full.
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

  /// How full a page is.
  package struct Filling {
    var bytes = 0
    var last: HistoryPosition?

    package init() {}
  }

  /// The answer to a query; messages are inserted as stored.
  func json(epoch: String, node: String) -> [UInt8] {
    let messages = messages.map { #"{"message":\#($0.json),"topic":"\#($0.topic)"}"# }.joined(separator: ",")
    let next = next.map { #","next":"\#($0)""# } ?? ""
    return Array(#"{"epoch":"\#(epoch)","messages":[\#(messages)]\#(next),"node":"\#(node)"}"#.utf8)
  }

  /// Parses an answer.
  ///
  /// - Throws: `HistoryFailure` with the daemon's reason, or if the text is not an answer.
  init(answer: Data) throws(HistoryFailure) {
    let answer = JSONSlice(Array(answer)[...]).members
    if let error = answer["error"] { throw HistoryFailure(Self.string(error)) }
    guard let messages = answer["messages"] else { throw HistoryFailure("this is not an answer from adld") }
    self.messages = messages.elements.compactMap { entry in
      let entry = entry.members
      guard let topic = entry["topic"], let message = entry["message"] else { return nil }
      return Entry(topic: Self.string(topic), json: message.text)
    }
    next = answer["next"].flatMap { HistoryPosition(Self.string($0)) }
  }

  /// The contents of a JSON string; other values as they are written.
  private static func string(_ slice: JSONSlice) -> String {
    do {
      return try JSONDecoder().decode(String.self, from: Data(slice.bytes))
    } catch {
      return slice.text
    }
  }
}

extension EventQuery {
  /// Queries a daemon for one page of its history.
  ///
  /// - Parameters:
  ///   - request: which messages to return.
  ///   - endpoint: the daemon's address for queries.
  ///   - timeout: how long to wait.
  /// - Returns: the page.
  /// - Throws: `EventError.unanswered` if no answer came in time, `.refused` with the daemon's reason.
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
