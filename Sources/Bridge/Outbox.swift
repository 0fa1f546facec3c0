/// A bounded queue of publications for the broker.
///
/// Retained publications are few and replace each other. Events wait while the broker is away; when there are too many,
/// the oldest are dropped and counted. An event is kept until the broker acknowledges it, and re-sent on the next
/// connection if it never did: delivery is at least once.
package struct Outbox: Sendable {
  /// Messages that may be in flight unacknowledged.
  private static let mostInFlight = 16
  private static let mostPassing = 16

  private let most: Int
  private var retained: [String: Publication] = [:]
  private var order: [String] = []
  private var events: [Publication] = []
  private var passing: [Publication] = []
  private var inFlight: [(number: Int32, publication: Publication)] = []
  private var isConnected = false
  /// Events dropped since the last report.
  private var dropped = 0

  /// - Parameter most: how many events may wait.
  package init(most: Int) { self.most = most }

  package var waitingEvents: Int { events.count }
  package var isEmpty: Bool { order.isEmpty && events.isEmpty && passing.isEmpty && inFlight.isEmpty }

  /// Adds publications; if too many events wait, drops the oldest.
  package mutating func put(_ publications: [Publication]) {
    for publication in publications {
      switch publication.kind {
      // Every connection starts with everything retained.
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

  /// Call when the broker is reached; the retained publications go first.
  package mutating func connect(_ announcement: [Publication]) {
    isConnected = true
    put(announcement)
  }

  /// Call when the broker is lost; unacknowledged events go back into the queue.
  package mutating func disconnect() {
    isConnected = false
    events.insert(contentsOf: inFlight.map(\.publication).filter { $0.kind == .event }, at: 0)
    (retained, order, passing, inFlight) = ([:], [], [], [])
    dropOldest()
  }

  /// The next publication to send; `nil` if there is none or too many are in flight.
  package mutating func next() -> Publication? {
    guard isConnected, inFlight.count < Self.mostInFlight else { return nil }
    if let topic = order.first {
      order.removeFirst()
      return retained.removeValue(forKey: topic)
    }
    if !events.isEmpty { return events.removeFirst() }
    return passing.isEmpty ? nil : passing.removeFirst()
  }

  /// Call when a publication was handed to the connection under this message number.
  package mutating func sent(_ publication: Publication, as number: Int32) { inFlight.append((number, publication)) }

  /// Call when the broker has acknowledged the message.
  package mutating func confirm(_ number: Int32) { inFlight.removeAll { $0.number == number } }

  /// The number of events dropped since the last call.
  package mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }
}
