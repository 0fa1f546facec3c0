import Foundation

/// The most recent messages of every kind but predictions, in memory.
struct RecentMessages {
  private(set) var messages: [PublishedMessage] = []
  /// Number of messages dropped before the first of `messages`.
  private var forgotten = 0

  mutating func append(_ message: PublishedMessage, keeping most: Int) {
    messages.append(message)
    guard messages.count > most else { return }
    forgotten += messages.count - most
    messages.removeFirst(messages.count - most)
  }

  /// Events and health messages, like those from a store on disk.
  func page(_ request: HistoryRequest) -> HistoryPage {
    var page = HistoryPage()
    var filling = HistoryPage.Filling()
    for index in request.newestFirst ? Array(messages.indices.reversed()) : Array(messages.indices) {
      let position = HistoryPosition(time: 0, number: Int64(forgotten + index))
      if let next = request.next {
        guard request.newestFirst ? position.number < next.number : position.number > next.number else { continue }
      }
      let message = messages[index]
      guard request.matches(message) else { continue }
      let entry = HistoryPage.Entry(
        topic: message.topic.description, json: String(decoding: message.json, as: UTF8.self))
      guard page.take(entry, at: position, &filling, request) else { break }
    }
    return page
  }
}

extension HistoryRequest {
  fileprivate func matches(_ message: PublishedMessage) -> Bool {
    guard message.topic.kind == .event || message.topic.kind == .health,
      camera == nil || camera == message.topic.camera
    else { return false }
    if since != nil || until != nil {
      guard let said = EventClock.date(message.time), since.map({ said > $0 }) ?? true,
        until.map({ said <= $0 }) ?? true
      else { return false }
    }
    guard type != nil || label != nil else { return true }
    do {
      let facts = try JSONDecoder().decode(MessageFacts.self, from: Data(message.json))
      return (type == nil || facts.type == type || facts.type.hasPrefix("\(type ?? "")."))
        && (label == nil || facts.activity?.label == label)
    } catch {
      preconditionFailure("our own messages can always be decoded: \(error)")
    }
  }
}
