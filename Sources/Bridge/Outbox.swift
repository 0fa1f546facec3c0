/// Publications on their way to the broker, within bounds.
///
/// Retained ones are few and replace each other. Events wait while the broker is away; where there are too many the
/// oldest are dropped and counted. An event that was sent is kept until the broker has it, and sent again to the next
/// connection where it never said so: events arrive at least once.
package struct Outbox: Sendable {
  /// Messages that the broker may have before it has acknowledged one of them.
  private static let mostInFlight = 16
  private static let mostPassing = 16

  private let most: Int
  private var retained: [String: Publication] = [:]
  private var order: [String] = []
  private var events: [Publication] = []
  private var passing: [Publication] = []
  private var inFlight: [(number: Int32, publication: Publication)] = []
  private var isConnected = false
  /// Events that were dropped and not reported yet.
  private var dropped = 0

  /// - Parameter most: events that may wait.
  package init(most: Int) { self.most = most }

  package var waitingEvents: Int { events.count }
  package var isEmpty: Bool { order.isEmpty && events.isEmpty && passing.isEmpty && inFlight.isEmpty }

  package mutating func put(_ publications: [Publication]) {
    for publication in publications {
      switch publication.kind {
      // A connection begins with everything that is retained.
      case .retained: if isConnected { putRetained(publication) }
      case .event: events.append(publication)
      case .passing:
        guard isConnected else { continue }
        passing.append(publication)
        if passing.count > Self.mostPassing { passing.removeFirst() }
      }
    }
    dropOldest()
  }

  private mutating func putRetained(_ publication: Publication) {
    if retained.updateValue(publication, forKey: publication.topic) == nil { order.append(publication.topic) }
  }

  private mutating func dropOldest() {
    let excess = events.count - most
    guard excess > 0 else { return }
    events.removeFirst(excess)
    dropped += excess
  }

  /// The broker is there; it begins with what it is to keep.
  package mutating func connect(_ announcement: [Publication]) {
    isConnected = true
    put(announcement)
  }

  /// The broker is gone; what it did not acknowledge waits again.
  package mutating func disconnect() {
    isConnected = false
    events.insert(contentsOf: inFlight.map(\.publication).filter { $0.kind == .event }, at: 0)
    (retained, order, passing, inFlight) = ([:], [], [], [])
    dropOldest()
  }

  /// What is to be sent next; `nil` when there is nothing, or too much is on its way.
  package mutating func next() -> Publication? {
    guard isConnected, inFlight.count < Self.mostInFlight else { return nil }
    if let topic = order.first {
      order.removeFirst()
      return retained.removeValue(forKey: topic)
    }
    if !events.isEmpty { return events.removeFirst() }
    return passing.isEmpty ? nil : passing.removeFirst()
  }

  /// It was handed to the connection under this number.
  package mutating func sent(_ publication: Publication, as number: Int32) { inFlight.append((number, publication)) }

  /// The broker has it.
  package mutating func confirm(_ number: Int32) { inFlight.removeAll { $0.number == number } }

  /// How many events were dropped since the last call.
  package mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }
}
