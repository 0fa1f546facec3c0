import Foundation

/// Answers queries: from memory at once, from the store when it replies.
extension PublisherLoop {
  /// How many questions may be waiting for the store.
  private static let mostAsked = 8

  /// Where a question came from.
  struct Route: Sendable {
    var door: PublisherSockets.Door
    /// The message's parts before the request.
    var parts: [[UInt8]]
  }

  /// The store's answer to a question.
  struct Reply: Sendable {
    var route: Route
    var result: Result<HistoryPage, HistoryFailure>
  }

  private var uptime: Double { ((ContinuousClock.now - began) / .seconds(1)).rounded() }

  func answerQueries(at door: PublisherSockets.Door, _ status: () -> [String: CameraHealth.Counters]) {
    for _ in 0..<Self.turn {
      guard let message = sockets.receiveQuery(at: door) else { break }
      // Identity, then an empty delimiter from REQ sockets, then the request.
      guard message.count >= 2, let request = message.last else { continue }
      let route = Route(door: door, parts: Array(message.dropLast()))
      if let answer = answer(request, from: route, status) { send(answer, to: route) }
    }
  }

  /// The answer; `nil` if the store will give it later.
  private func answer(
    _ request: [UInt8], from route: Route, _ status: () -> [String: CameraHealth.Counters]
  ) -> [UInt8]? {
    let answer: [String: Any]
    do {
      let request = try JSONDecoder().decode(QueryText.self, from: Data(request))
      switch request.query {
      case "snapshot":
        answer = ["messages": lastStates.values.sorted { $0.topic.description < $1.topic.description }.map(object)]
      case "history" where request.isPlain: answer = history(since: request.since)
      case "history": return pages(request, route)
      case "status":
        let counters = try JSONEncoder().encode(status())
        answer = [
          "cameras": try JSONSerialization.jsonObject(with: counters), "uptime_s": uptime,
          "refused_connections": ConnectionLimit.refused, "logins": guests?.status ?? [:],
        ]
      case "version": answer = ["schema": Envelope.schema]
      default:
        answer = ["error": "there is no query '\(request.query.prefix(64))'; ask snapshot, history, status or version"]
      }
    } catch {
      answer = ["error": "a query is one JSON object such as {\"query\":\"snapshot\"}"]
    }
    return write(answer)
  }

  private func write(_ answer: [String: Any]) -> [UInt8] {
    do {
      let reply = answer.merging(["epoch": epoch, "node": options.node]) { $1 }
      return Array(try JSONSerialization.data(withJSONObject: reply, options: [.sortedKeys, .withoutEscapingSlashes]))
    } catch {
      preconditionFailure("our own answers can always be encoded: \(error)")
    }
  }

  /// Asks the store, or searches memory if there is none.
  private func pages(_ text: QueryText, _ route: Route) -> [UInt8]? {
    let request: HistoryRequest
    do {
      request = try HistoryRequest(text)
    } catch {
      return write(["error": error.reason])
    }
    guard let store = options.store else {
      return history.page(request).json(epoch: epoch, node: options.node)
    }
    guard asked < Self.mostAsked else {
      return write(["error": "\(asked) other queries are waiting for the history; try again in a second"])
    }
    asked += 1
    store.answer(request) { [reply] in reply(Reply(route: route, result: $0)) }
    return nil
  }

  /// A message as `{"topic": …, "message": …}`.
  private func object(_ message: PublishedMessage) -> [String: Any] {
    do {
      let body = try JSONSerialization.jsonObject(with: Data(message.json))
      return ["topic": message.topic.description, "message": body]
    } catch {
      preconditionFailure("our own messages can always be decoded: \(error)")
    }
  }

  /// The answer to a `history` query with nothing but `since`: recent messages of every kind.
  private func history(since text: String?) -> [String: Any] {
    guard let text else { return ["messages": history.messages.map(object)] }
    do throws(HistoryFailure) {
      let since = try HistoryRequest.date(text, "since")
      return [
        "messages": history.messages.filter { (EventClock.date($0.time) ?? .distantFuture) > since }.map(object)
      ]
    } catch {
      return ["error": error.reason]
    }
  }

  func send(_ reply: Reply) {
    asked -= 1
    let answer = reply.result.map { $0.json(epoch: epoch, node: options.node) }
    switch answer {
    case .success(let json): send(json, to: reply.route)
    case .failure(let failure): send(write(["error": failure.reason]), to: reply.route)
    }
  }

  private func send(_ answer: [UInt8], to route: Route) { sockets.send(route.parts + [answer], at: route.door) }
}
